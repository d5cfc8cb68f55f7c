"""What earlier runs have reported: a small JSON file, so that a run reports only what is new."""

import json
import os
from collections.abc import Iterable
from contextlib import suppress

from dunnage.upstream.observation import Observation

_VERSION = 1
_LONGEST = 16 * 1024 * 1024


class StateError(Exception):
    """A state file that cannot be read or written. The message is one line."""


def read(path: str) -> frozenset[str]:
    """The keys of the observations that were reported; none if there is no file yet. Raises StateError."""
    try:
        with open(path, "rb") as stream:
            data = stream.read(_LONGEST)
    except FileNotFoundError:
        return frozenset()
    except OSError as error:
        raise StateError(f"{path} cannot be read: {error.strerror}") from None
    try:
        found = json.loads(data)
        keys = found["reported"] if found["version"] == _VERSION else None
    except (ValueError, RecursionError, KeyError, TypeError):
        keys = None
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise StateError(f"{path} is not a state file of this version; delete it to report everything again")
    return frozenset(keys)


def write(path: str, keys: Iterable[str]) -> None:
    """Replace the file. Raises StateError."""
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "x", encoding="utf-8") as stream:
            json.dump({"version": _VERSION, "reported": sorted(keys)}, stream, indent=1)
            stream.write("\n")
        os.replace(temporary, path)
    except OSError as error:
        with suppress(OSError):
            os.unlink(temporary)
        raise StateError(f"{path} cannot be written: {error.strerror}") from None


def after(earlier: Iterable[str], observed: Iterable[Observation], *, is_complete: bool) -> frozenset[str]:
    """The keys to write. What a complete run did not observe is forgotten, so that it is reported if it comes back."""
    keys = frozenset(observation.key for observation in observed)
    return keys if is_complete else keys | frozenset(earlier)
