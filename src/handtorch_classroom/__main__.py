"""The commands behind the Makefile: ``python -m handtorch_classroom COMMAND``."""

import sys

from handtorch_classroom.commands import main

sys.exit(main())
