"""Let nbgrader do once what it does for every notebook, while a class is graded.

nbgrader opens its gradebook several times a notebook, each time with a new engine, whose SQL is
compiled anew, and looks each time whether all tables are there; and it checks the schema of its
metadata for each cell. Neither changes while a class is graded.
"""

import contextlib
import json
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import jsonschema  # type: ignore[import-untyped, unused-ignore]
from nbgrader import api
from nbgrader.nbgraderformat import common
from sqlalchemy import create_engine
from sqlalchemy.orm import scoped_session, sessionmaker

_engines: dict[str, Any] = {}


@contextlib.contextmanager
def lean() -> Iterator[None]:
    """Keep an engine for each gradebook, and a validator for each schema, until the end."""
    engines = _engines
    first, close = api.Gradebook.__init__, api.Gradebook.close

    def open_again(self: Any, db_url: str, course_id: str = "default_course", *more: Any) -> None:
        if db_url not in engines:
            first(self, db_url, course_id, *more)
            self.close()
            engines[db_url] = create_engine(db_url)
        self.engine = engines[db_url]
        self.db = scoped_session(sessionmaker(autoflush=True, bind=self.engine))
        self.check_course(course_id=course_id)
        self.course_id, self.authenticator = course_id, (more or (None,))[0]

    def leave(self: Any) -> None:
        self.db.remove()
        if self.engine not in engines.values():
            self.engine.dispose()

    validators = SimpleNamespace(validate=_validate_with({}))
    api.Gradebook.__init__, api.Gradebook.close = open_again, leave
    common.jsonschema = validators
    try:
        yield
    finally:
        api.Gradebook.__init__, api.Gradebook.close = first, close
        common.jsonschema = jsonschema
        for engine in engines.values():
            engine.dispose()
        engines.clear()


def is_known(db_url: str) -> bool:
    """Whether a gradebook has been opened since `lean` began, so that its tables are there."""
    return db_url in _engines


def _validate_with(known: dict[str, Any]) -> Callable[[Any, Any], None]:
    """jsonschema.validate, which keeps what it makes of a schema in `known`."""

    def validate(instance: Any, schema: Any) -> None:
        key = json.dumps(schema, sort_keys=True)
        if key not in known:
            kind = jsonschema.validators.validator_for(schema)
            kind.check_schema(schema)
            known[key] = kind(schema)
        error = jsonschema.exceptions.best_match(known[key].iter_errors(instance))
        if error is not None:
            raise error

    return validate
