"""Building what a release consists of."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from demo.run import CHECKOUT


def build(folder: Path, source: Path = CHECKOUT) -> Path:
    """Build the sdist and the wheel of a source tree as `make dist` does, and return their folder."""
    env = os.environ | {"SOURCE_DATE_EPOCH": "1700000000"}
    command = [sys.executable, str(CHECKOUT / "dist.py"), str(folder)]
    subprocess.run(command, cwd=source, env=env, check=True, capture_output=True)
    return folder
