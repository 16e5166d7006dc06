"""nbgrader's gradebook and configuration, opened from this process and without its noise."""

import contextlib
import logging
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError, SAWarning
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from handtorch_classroom.lean import is_known
from handtorch_classroom.notebooks import NotebookError

DRIVERS = {"psycopg": "psycopg[binary]", "psycopg2": "psycopg2-binary"}  # modules and packages


def load_config(root: Path) -> Config:
    """The course's nbgrader_config.py.

    Raises:
        NotebookError: if there is none under `root`.
    """
    if not (root / "nbgrader_config.py").is_file():
        raise NotebookError(f"{root}: has no nbgrader_config.py")
    with warnings.catch_warnings():  # it sets filters for nbgrader's own commands
        config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    return Config(config)


def open_gradebook(config: Config) -> Any:
    """nbgrader's gradebook; made if it is not there, without calling a program for it.

    Raises:
        NotebookError: if its db_url names a driver or a server that cannot be reached.
    """
    db_url = config.CourseDirectory.db_url
    try:
        if not is_known(db_url):
            _stamp(db_url)
        return Gradebook(db_url, config.CourseDirectory.course_id)
    except ModuleNotFoundError as error:
        package = DRIVERS.get(str(error.name), error.name)
        raise NotebookError(
            f"The gradebook {_shown(db_url)} needs the Python package {error.name}, which is not "
            f'installed: .venv/bin/python -m pip install "{package}"'
        ) from error
    except (ArgumentError, NoSuchModuleError, OperationalError) as error:
        said = str(error).partition("\n")[0]
        raise NotebookError(
            f"The gradebook {_shown(db_url)} cannot be opened, so check db_url in "
            f"nbgrader_config.py: {said}"
        ) from error


def _shown(db_url: str) -> str:
    """A db_url without its password."""
    try:
        return make_url(db_url).render_as_string(hide_password=True)
    except ArgumentError:
        return repr(db_url.partition("@")[2] or db_url)


class _Said(logging.Handler):
    """Keeps the errors that nbgrader logs: they belong into the exception, not on the screen."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())

    def text(self) -> str:
        """What was raised, if a traceback was logged, else the first error."""
        ends = [line.strip().splitlines()[-1] for line in self.lines if "Traceback (" in line]
        return re.sub(r"^[\w.]+(Error|Exception): ", "", (ends or [*self.lines, ""])[0])


@contextlib.contextmanager
def quiet() -> Iterator[_Said]:
    """Keep nbgrader's log and SQLAlchemy's warnings from the screen."""
    said = _Said()
    loggers = [logging.getLogger(name) for name in ("traitlets", "tornado.application")]
    before = [(logger.handlers, logger.propagate) for logger in loggers]
    try:
        for logger in loggers:
            logger.handlers, logger.propagate = [said], False
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            yield said
    finally:
        for logger, (handlers, propagate) in zip(loggers, before):
            logger.handlers, logger.propagate = handlers, propagate


def _stamp(db_url: str) -> None:
    """Make the tables of a new gradebook; nbgrader would run alembic as a program for this."""
    from sqlalchemy import create_engine, inspect, text

    engine = create_engine(db_url)
    try:
        if inspect(engine).get_table_names():
            return
        from alembic.config import Config as AlembicConfig
        from alembic.script import ScriptDirectory
        from nbgrader.api import Base
        from nbgrader.dbutil import ALEMBIC_DIR

        settings = AlembicConfig()
        settings.set_main_option("script_location", ALEMBIC_DIR)
        head = ScriptDirectory.from_config(settings).get_current_head()
        Base.metadata.create_all(bind=engine)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
            connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": head})
    finally:
        engine.dispose()
