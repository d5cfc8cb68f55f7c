"""The names of shells in CI files and build files."""

from dunnage.shell.model import POSIX_SHELLS, Values
from dunnage.shell.offsets import Segment

# Wrappers around a POSIX shell that well-known actions install.
_WRAPPERS = frozenset(("alpine.sh", "msys2", "wsl-bash"))


def is_posix_shell(shell: str) -> bool:
    """Whether `shell`, a name or a command with `{0}`, is a POSIX shell or starts one: `nix develop -c bash`."""
    for word in shell.replace("'", " ").replace('"', " ").split():
        program = program_name(word)
        if program in POSIX_SHELLS or program in _WRAPPERS:
            return True
    return False


def shell_of(shells: Values, on_windows: str = "") -> str:
    """The shell that reads a program: `sh` if it may be a POSIX shell; `pwsh`, `powershell`, `cmd`; or none of these.

    An empty name among `shells` means the default: `on_windows`, or `sh` if that is empty too.
    """
    if shells is None or any(map(is_posix_shell, shells)):
        return "sh"
    if "" in shells:
        return on_windows or "sh"
    names = {program_name(shell.strip().partition(" ")[0].strip("'\"")) for shell in shells}
    return name if len(names) == 1 and (name := names.pop()) in ("cmd", "powershell", "pwsh") else ""


def read_by(shell: str, text: str, offsets: tuple[Segment, ...]) -> tuple[str, tuple[Segment, ...]]:
    """A program for a shell that `shell_of` names, as a POSIX shell reads it; empty if it reads nothing of it."""
    if shell in ("", "sh"):
        return (text, offsets) if shell else ("", ())
    from dunnage.scripts.windows_shells import as_posix

    return as_posix(shell, text, offsets)


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
