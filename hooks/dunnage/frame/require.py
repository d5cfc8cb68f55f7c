"""The option `--require`, for which two hooks know different names."""

from collections.abc import Mapping, Sequence

from dunnage.frame.options import Option, repeated

SECTIONS = ("advisories", "licenses", "bans", "sources", "graph", "output")
"""For check-deny-toml: the sections of deny.toml."""
KINDS = ("docker", "github-actions", "rust-toolchain", "pre-commit")
"""For check-update-bot: the kinds of files that a bot must update, besides locks."""

_NO_SECTION = f"is not a section of deny.toml; write one of {', '.join(SECTIONS)}"
_NO_KIND = f"is not a kind of files that check-update-bot knows; write one of {', '.join(KINDS)}"
_FOR_SECTIONS = "require these sections, separated by commas (repeatable; default: advisories,licenses,bans,sources)"
_FOR_KINDS = f"also report these kinds of files if no bot updates them, separated by commas: {', '.join(KINDS)}"


def _require(
    help: str, known: Sequence[str], complaint: str, variants: Mapping[str, Option[Sequence[tuple[str, ...]]]]
) -> Option[Sequence[tuple[str, ...]]]:
    def read(text: str) -> tuple[str, ...]:
        names = tuple(part.strip() for part in text.split(","))
        for name in names:
            if name not in known:
                raise ValueError(f"{name!r} {complaint}")
        return names

    return repeated("--require", help, "NAMES", read, variants)


REQUIRE = _require(
    f"for check-deny-toml: {_FOR_SECTIONS}; for check-update-bot: {_FOR_KINDS}",
    (*SECTIONS, *KINDS),
    f"{_NO_SECTION}; for check-update-bot, write one of {', '.join(KINDS)}",
    {
        "check-deny-toml": _require(_FOR_SECTIONS, SECTIONS, _NO_SECTION, {}),
        "check-update-bot": _require(_FOR_KINDS, KINDS, _NO_KIND, {}),
    },
)


def required(given: Sequence[tuple[str, ...]], known: Sequence[str]) -> tuple[str, ...]:
    """The names of a hook among those given to the option, each once."""
    return tuple(dict.fromkeys(name for names in given for name in names if name in known))
