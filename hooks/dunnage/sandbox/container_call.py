"""`docker run` and its kin, with their options."""

import posixpath
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dunnage.shell.model import Values, Word, programs
from dunnage.shell.wrapper_options import (
    COMPOSE,
    COMPOSE_RUN,
    DOCKER_EXEC,
    DOCKER_RUN,
    WrapperOptions,
    names_options,
    written,
)
from dunnage.shell.wrappers import CONTAINER_PROGRAMS, docker_verb

_COMPOSE_PROGRAMS = frozenset(("docker-compose", "podman-compose"))

_LONG_NAMES = {
    "--net": "--network",
    "-e": "--env",
    "-h": "--hostname",
    "-i": "--interactive",
    "-t": "--tty",
    "-u": "--user",
    "-v": "--volume",
    "-w": "--workdir",
}


class ContainerOption(NamedTuple):
    """An option of a container."""

    name: str
    """Its long name."""
    values: Values
    """Its possible values; `("",)` for an option without one, None if they are unknown."""
    text: str
    """Its value as it is written."""
    word: Word
    """The word with its value, or with its name if it has none."""


class ContainerCall(NamedTuple):
    """A call of docker, or of a program like it, that starts a container."""

    program: str
    """`docker`, `podman` or `nerdctl`."""
    verb: Word
    """`run` or `exec`."""
    is_compose: bool
    options: tuple[ContainerOption, ...]
    has_unknown_options: bool
    """Whether it may have more options, from variables."""
    image: Word
    """The image; the service of `compose`, the container of `exec`."""
    words: tuple[Word, ...]
    """From the program up to the image."""
    project: tuple[ContainerOption, ...] = ()
    """The options of `compose` before the verb, which say where its file is."""

    def values(self, name: str) -> list[str]:
        """Return the known values of an option, each once."""
        found = [value for option in self.options if option.name == name for value in option.values or ()]
        return list(dict.fromkeys(found))

    def has(self, name: str) -> bool:
        """Whether a flag is set."""
        return any(option.name == name and option.values != ("false",) for option in self.options)


def container_call(words: Sequence[Word]) -> ContainerCall | None:
    """Return the innermost container in which a command with these wrappers runs; None if it runs in none."""
    found: ContainerCall | None = None
    for start, word in enumerate(words):
        names = set(programs(word) or ())
        program = next(iter(sorted(names & (CONTAINER_PROGRAMS | _COMPOSE_PROGRAMS))), "")
        found = (_call(words, start, program) if program else None) or found
    return found


def _call(words: Sequence[Word], start: int, program: str) -> ContainerCall | None:
    verb, at = ("compose", start) if program in _COMPOSE_PROGRAMS else docker_verb(words, start + 1)
    is_compose = verb == "compose"
    project: tuple[ContainerOption, ...] = ()
    may_have_more = False
    if is_compose:
        project, at, may_have_more = _options(words, at + 1, COMPOSE)
        verb = written(words[at]) if at < len(words) else ""
    if verb not in ("run", "exec"):
        return None
    syntax = DOCKER_EXEC._replace(operands=0) if verb == "exec" else COMPOSE_RUN if is_compose else DOCKER_RUN
    options, image, has_unknown = _options(words, at + 1, syntax)
    if image >= len(words):
        return None
    name = program.partition("-")[0]
    has_unknown = has_unknown or may_have_more or _may_be_options(words[image])
    own = tuple(words[start:image])
    return ContainerCall(name, words[at], is_compose, options, has_unknown, words[image], own, project)


def _may_be_options(image: Word) -> bool:
    """Whether the word in place of the image is an unknown variable that may hold options, and not only an image."""
    text = image.text.lower()
    return image.splits and not any(name in text for name in ("image", "img", "tag"))


def _options(words: Sequence[Word], at: int, syntax: WrapperOptions) -> tuple[tuple[ContainerOption, ...], int, bool]:
    """Return the options from the word `at` on, the index of the image, and whether variables may hold more."""
    found: list[ContainerOption] = []
    has_unknown = False
    while at < len(words):
        word = words[at]
        if word.splits and at + 1 < len(words) and names_options(word.text.lower()):
            has_unknown = True
            at += 1
            continue
        text = written(word)
        if not text.startswith("-") or text == "-":
            break
        at += 1
        if text == "--":
            break
        name, equals, value = text.partition("=")
        if not text.startswith("--"):
            letters = text[1:]
            index = next((index for index, letter in enumerate(letters) if syntax.takes_value(letter)), None)
            found += [_option(f"-{letter}", ("",), "", word) for letter in letters[:index]]
            if index is None:
                continue
            name, value = f"-{letters[index]}", letters[index + 1 :].removeprefix("=")
            equals = "=" if value else ""
        elif not syntax.takes_value(name):
            found.append(_option(name, (value,), value, word))
            continue
        if equals:
            values = tuple(each.partition(text[: -len(value)] if value else text)[2] for each in word.values or ())
            found.append(_option(name, values if word.values else None, value, word))
        elif at < len(words):
            found.append(_option(name, words[at].values, words[at].text.strip("\"'"), words[at]))
            at += 1
    return tuple(found), at, has_unknown


def _option(name: str, values: Values, text: str, word: Word) -> ContainerOption:
    return ContainerOption(_LONG_NAMES.get(name, name), values, text, word)


def first_directory(call: ContainerCall) -> Values:
    """Return the directory in which the commands of a container start; None if it is unknown.

    If no option names it, it is taken for that of the first mount.
    """
    first = next(iter(call.values("--workdir")), "") or next((target for _, target in mounts(call)), "")
    return (first,) if first.startswith("/") else None


def mounts(call: ContainerCall) -> Iterator[tuple[str, str]]:
    """Yield the source of each mount, as it is written, and its place in the container."""
    for option in call.options:
        if option.name == "--volume":
            source, _, rest = source_and_target(option.text)
            target = rest.partition(":")[0]
        elif option.name == "--mount":
            parts = dict(part.partition("=")[::2] for part in option.text.split(","))
            source = parts.get("source") or parts.get("src") or ""
            target = next((parts[key] for key in ("target", "dst", "destination") if key in parts), "")
        else:
            continue
        if target.strip("\"'").startswith("/"):
            yield source, posixpath.normpath(target.strip("\"'"))


def source_and_target(text: str) -> tuple[str, str, str]:
    """Split `SOURCE:TARGET[:OPTIONS]` at the first colon outside of `${…}` and `$(…)`."""
    depth = 0
    for at, character in enumerate(text):
        depth += (character in "{(") - (character in "})")
        if character == ":" and depth <= 0:
            return text[:at], ":", text[at + 1 :]
    return "", "", text
