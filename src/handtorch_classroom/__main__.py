"""``python -m handtorch_classroom COMMAND``: what the Makefile calls."""

import sys
from pathlib import Path

# jsonschema, which reads every notebook's schema, would import a grammar of internationalized
# addresses, which no notebook has; it does without, and a command starts in half the time.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

from handtorch_classroom import early  # noqa: E402

if __name__ == "__main__":
    if sys.argv[1:2] == ["grade"]:
        early.begin(sys.argv[2:], Path.cwd())
    from handtorch_classroom.commands import main

    sys.exit(main())
