"""The names of shells in CI files and build files."""

from dunnage.shell.model import POSIX_SHELLS

# Wrappers around a POSIX shell that well-known actions install.
_WRAPPERS = frozenset(("alpine.sh", "msys2", "wsl-bash"))


def is_posix_shell(shell: str) -> bool:
    """Whether `shell`, a name or a command with `{0}`, is a POSIX shell or starts one: `nix develop -c bash`."""
    for word in shell.replace("'", " ").replace('"', " ").split():
        program = program_name(word)
        if program in POSIX_SHELLS or program in _WRAPPERS:
            return True
    return False


def program_name(path: str) -> str:
    """The name of the program at a path, in lower case and without `.exe`."""
    return path.replace("\\", "/").rpartition("/")[2].lower().removesuffix(".exe")


def interpreter(text: str) -> str:
    """The name of the program that a `#!` line at the start of a text runs; empty if there is none."""
    if not text.startswith("#!"):
        return ""
    names = [program_name(word) for word in text[2:].partition("\n")[0].split()]
    if names[:1] == ["env"]:
        # `env -S bash -e`, `env VAR=value bash`
        names = [name for name in names[1:] if not name.startswith("-") and "=" not in name]
    return names[0] if names else ""
