"""The names of shells in CI files and build files."""

from dunnage.shell.model import POSIX_SHELLS

# Wrappers around a POSIX shell that well-known actions install.
_WRAPPERS = frozenset(("alpine.sh", "msys2", "wsl-bash"))


def is_posix_shell(shell: str) -> bool:
    """Whether `shell`, a name or a command with `{0}`, is a POSIX shell or starts one: `nix develop -c bash`."""
    for word in shell.replace("'", " ").replace('"', " ").split():
        program = word.replace("\\", "/").rpartition("/")[2].lower().removesuffix(".exe")
        if program in POSIX_SHELLS or program in _WRAPPERS:
            return True
    return False
