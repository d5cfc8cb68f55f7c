"""`python -m dunnage`: the command `dunnage`."""

from dunnage.frame.cli import main

raise SystemExit(main())
