"""The option of all hooks that read a list of pins."""

import os

from dunnage.frame.options import single

PINS = single(
    "--pins", "a TOML file with lists of pins, which take precedence over Cargo.toml", "FILE", os.path.abspath, None
)
