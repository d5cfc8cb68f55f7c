"""`python -m dunnage`: the command `dunnage`, which imports no module of the working directory."""

import os
import sys
from contextlib import suppress

with suppress(OSError):
    if sys.path[0] == os.getcwd():
        del sys.path[0]

from dunnage.frame.cli import main

raise SystemExit(main())
