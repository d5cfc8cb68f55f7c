"""The images that a Dockerfile names in `FROM`, `COPY --from`, `RUN --mount` and its directive `syntax`.

Names of stages, which ignore case, are no images, and neither are numbers of stages after `COPY --from` and
`RUN --mount`. BuildKit expands only the global arguments, and only in `FROM`.
"""

from collections.abc import Iterator

from dunnage.files.source import File
from dunnage.scripts.dockerfile_arguments import GlobalArguments
from dunnage.scripts.dockerfile_syntax import Instruction, read
from dunnage.scripts.image_use import ImageUse, literal_use
from dunnage.shell.bounds import Budget


def images(file: File) -> Iterator[ImageUse]:
    """Yield the images that a Dockerfile names. Raises SourceError if it is not UTF-8."""
    dockerfile = read(file)
    if dockerfile.syntax is not None:
        value = file.data[slice(*dockerfile.syntax)].decode()
        yield ImageUse((value.split()[0],), dockerfile.syntax, dockerfile.syntax, "syntax")
    arguments = GlobalArguments(dockerfile.escape, Budget())
    stages = {name for each in dockerfile.instructions if (name := _stage_name(each))}
    earlier: set[str] = set()
    for instruction in dockerfile.instructions:
        if instruction.onbuild:
            continue
        if instruction.keyword == "ARG" and instruction.stage < 0:
            for argument in instruction.arguments:
                arguments.declare(argument.text)
        elif instruction.keyword == "FROM" and instruction.arguments:
            found = _base(file, instruction, arguments)
            if not any(value.lower() in earlier for value in found.values or ()):
                yield found
            earlier.add(_stage_name(instruction))
        elif instruction.keyword in ("COPY", "RUN"):
            yield from (use for use in _sources(instruction) if not _is_stage(use, stages))


def _stage_name(instruction: Instruction) -> str:
    """The name that `FROM … AS NAME` gives to its stage, in lower case; empty if there is none."""
    words = [argument.text.lower() for argument in instruction.arguments]
    return words[2] if instruction.keyword == "FROM" and len(words) == 3 and words[1] == "as" else ""


def _is_stage(use: ImageUse, stages: set[str]) -> bool:
    return any(value.lower() in stages or value.isdecimal() for value in use.values or ())


def _base(file: File, instruction: Instruction, arguments: GlobalArguments) -> ImageUse:
    argument = instruction.arguments[0]
    values = arguments.expand(argument.text)
    is_written = values == (argument.text,) and file.data[slice(*argument.span)] == argument.text.encode()
    return ImageUse(values, argument.span, argument.span if is_written else None)


def _sources(instruction: Instruction) -> Iterator[ImageUse]:
    """Yield what `COPY --from=NAME` and `RUN --mount=from=NAME,…` copy from. BuildKit rejects names with variables."""
    option, key = "--" if instruction.keyword == "COPY" else "--mount=", "from="
    for flag in instruction.flags:
        at = len(option)
        for part in flag.text[at:].split(",") if flag.text.startswith(option) else ():
            end = at + len(part)
            if part.startswith(key) and part != key and "$" not in part:
                yield literal_use(flag.text[:end], at + len(key), flag.span, flag.offsets)
            at = end + 1
