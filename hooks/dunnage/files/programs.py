"""The programs that hooks run: found on PATH, and nowhere else.

A repository can contain a program of any name. So neither the working directory counts, in which Windows looks first,
nor an entry of PATH that is empty or relative, which means a folder below the working directory.
"""

import os


def search_path() -> str:
    """PATH with its absolute entries only."""
    entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(entry for entry in entries if os.path.isabs(entry))


def find(name: str) -> str | None:
    """The absolute path of a program on PATH; None if there is none."""
    file = f"{name}.exe" if os.name == "nt" else name
    for folder in search_path().split(os.pathsep):
        path = os.path.join(folder, file)
        if folder and os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None
