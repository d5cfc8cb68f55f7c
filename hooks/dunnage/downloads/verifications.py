"""The commands that verify files: against a digest, or by a signature."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from dunnage.downloads.model import Program, has_letter, pipe
from dunnage.downloads.text import HOLE, base_name, is_known, texts
from dunnage.files.source import File
from dunnage.shell.model import Command, Word, programs
from dunnage.shell.wrapper_options import written

if TYPE_CHECKING:
    from dunnage.scripts.github import Action

_SUMS = frozenset((
    "b2sum", "b3sum", "cksum", "digest", "gmd5sum", "gsha256sum", "gsha512sum", "hashdeep", "md5", "md5sum", "rhash",
    "sha1", "sha1sum", "sha224sum", "sha256", "sha256sum", "sha384sum", "sha512", "sha512sum", "shasum", "sum",
))  # fmt: skip
_SIGNATURES = frozenset((
    "codesign", "cosign", "debsig-verify", "dpkg-sig", "gpg", "gpg2", "gpgv", "gpgv2", "jarsigner", "minisign",
    "rsign", "signify", "slsa-verifier", "spctl", "sq", "sqv", "ssh-keygen",
))  # fmt: skip
_OPENSSL = frozenset(("dgst", "md5", "sha1", "sha256", "sha384", "sha512"))
_SIGNING = frozenset(("-S", "--sign", "sign", "sign-blob", "--detach-sign", "--import", "--dearmor", "--clearsign",
                      "--recv-keys", "--recv-key", "--export", "--gen-key", "--armor", "-R"))  # fmt: skip
_PRINTERS = frozenset(("cat", "echo", "printf"))
_COMPARING = frozenset((
    "awk", "cmp", "comm", "diff", "egrep", "fgrep", "grep", "perl", "python", "python3", "rg", "xargs",
))  # fmt: skip
_INTERPRETERS = frozenset((
    ".", "bash", "cargo", "deno", "just", "make", "node", "perl", "python", "python3", "sh", "source", "task", "uv",
))  # fmt: skip
_OWN = (
    r"(?i)verif|attest|integrity|checksum|digest|hashlib|sha_?(?:1|2|256|512|sum)|(?:^|[_/-])hash|hash(?:[_-]|$)"
    r"|check_?-?(?:sha|hash|sig)|(?:sha|hash|sum|sig\w{0,9})_?-?check|(?:check|assert|validate)_?-?(?:download|file|archive)"
)
"""How a function or a script is named that verifies files."""
_HEX = frozenset("0123456789abcdefABCDEF")
_SHORTEST_DIGEST = 32
_SUFFIXES = (
    ".asc", ".b3", ".checksum", ".checksums", ".digest", ".md5", ".md5sum", ".minisig", ".sha1", ".sha256",
    ".sha256sum", ".sha512", ".sha512sum", ".sha256.txt", ".sig", ".sum", ".txt",
)  # fmt: skip


class Verification(NamedTuple):
    """A command that verifies files."""

    command: Command
    """What fails if the file is another: `grep` in `sha256sum FILE | grep -q DIGEST`."""
    program: Program
    files: tuple[tuple[str, ...], ...]
    """The possible names of each file that it verifies, with holes."""
    is_open: bool
    """Whether it may verify other files too: those in a list that is not known."""
    sources: tuple[tuple[str, ...], ...] = ()
    """The possible names of the files from which it may read digests."""
    is_signature: bool = False
    """It verifies signatures."""
    variable: str = ""
    """The variable that receives the digest, if it only computes one."""


def verification(file: File, program: Program, command: Command, readers: Sequence[Command]) -> Verification | None:
    """The verification that a command is; None if it verifies nothing. `readers` are those that read its output."""
    words = command.words
    for name in programs(words[0]) or ():
        low = name.lower()
        options = [written(word) for word in words[1:]]
        if low == "busybox" and len(words) > 2:
            return verification(file, program, command._replace(words=words[1:]), readers)
        if low in _SUMS:
            return _sum(file, program, command, readers, options)
        if low == "openssl" and options and options[0].lstrip("-") in _OPENSSL:
            signature = not {"-verify", "-signature"}.isdisjoint(options)
            if signature:
                return _of_words(program, command, is_signature=True)
            return _computed(file, program, command, readers)
        if low in ("certutil", "get-filehash") or (low == "git" and options[:1] == ["hash-object"]):
            return _computed(file, program, command, readers)
        if low in _SIGNATURES:
            is_verifying = _SIGNING.isdisjoint(options)
            return _of_words(program, command, is_signature=True) if is_verifying else None
        if low == "gh" and options[:2] == ["attestation", "verify"]:
            return _of_words(program, command, is_signature=True)
        if low in ("rpm", "rpmkeys") and not {"-K", "--checksig"}.isdisjoint(options):
            return _of_words(program, command, is_signature=True)
        if low in ("cmp", "diff") and not command.piped_from:
            return _of_words(program, command)
        if low.startswith("python") and program.script is not None and "hashlib" in program.script.text:
            return _of_words(program, command, is_open=True)
        if _is_own(low, words):
            return _of_words(program, command, is_open=True)
    if command.words[0].values is None and _is_own(command.words[0].text, words):
        return _of_words(program, command, is_open=True)
    return None


def verifying_actions(file: File) -> Iterator[Verification]:
    """Yield the verifications by actions of a workflow: `owner/verify-checksum@v1`, which its inputs tell the file."""
    from dunnage.scripts import github

    for action in github.uses(file):
        if re.search(_OWN, action.name):
            program = Program(action.place.names[:-1], -1, None, (), lambda _: None)
            command = Command((Word(action.span, (action.name,), action.name), *_inputs(action)), action.place)
            found = _of_words(program, command, is_open=True)
            yield found._replace(sources=found.files)


def _inputs(action: "Action") -> Iterator[Word]:
    """Yield the words of the inputs of an action; those of an unknown input are one."""
    for given in action.inputs.values():
        for value in given.values or (None,):
            for text in (given.text,) if value is None else value.split():
                yield Word(given.span, None if value is None else (text,), text)


def _is_own(name: str, words: Sequence[Word]) -> bool:
    """Whether the name of a function or a script says that it verifies something."""
    if name == "hash":
        return False  # the shell's own command, which forgets where programs are
    interpreted = name.rpartition("/")[2] in _INTERPRETERS
    candidates = [name, *(word.text for word in words[1:4])] if interpreted else [name]
    return any(re.search(_OWN, text[:300]) for text in candidates)


def _sum(
    file: File, program: Program, command: Command, readers: Sequence[Command], options: Sequence[str]
) -> Verification | None:
    if "--check" not in options and not has_letter(options, "c"):
        return _computed(file, program, command, readers)
    operands = _operands(command.words)
    lists = program.names(word for word in operands if written(word) != "-") + program.inputs(command)
    texts_read = [each.word for each in command.redirections if each.operator == "<<<"]
    if not lists and texts_read:
        files = _listed([text for word in texts_read for text in texts(word, program.lookup)])
        return Verification(command, program, files, not files)
    if not lists and command.piped_from:
        return _piped(program, command)
    stems = tuple(tuple(_stem(name) for name in each) for each in lists)
    return Verification(command, program, stems, True, tuple(lists))


def _piped(program: Program, command: Command) -> Verification:
    """`… | sha256sum -c -`."""
    source = command.piped_from[0]
    if (programs(source.words[0]) or ("",))[0] in _PRINTERS and not source.piped_from:
        words = [word for word in source.words[1:] if not written(word).startswith("-")]
        if programs(source.words[0]) == ("cat",):
            lists = tuple(program.names(words))
            return Verification(command, program, tuple(tuple(map(_stem, each)) for each in lists), True, lists)
        if programs(source.words[0]) == ("printf",) and words and "%" in words[0].text:
            words = words[1:]
        text = " ".join(texts(word, program.lookup)[0] if texts(word, program.lookup) else "" for word in words)
        files = _listed([text])
        return Verification(command, program, files, not files)
    mentioned = [found for step in pipe(command)[1:] for found in program.names(step.words[1:])]
    return Verification(command, program, tuple(mentioned), True, tuple(mentioned))


def _computed(file: File, program: Program, command: Command, readers: Sequence[Command]) -> Verification | None:
    """A command that prints a digest, if something may compare it."""
    found = program.names(_operands(command.words)) + program.inputs(command)
    files = (*found, *(each for step in pipe(command)[1:] for each in program.names(step.words[1:])))
    if "substitution" in command.inside:
        variable, before = receiver(file, command), _before(file, command)
        if not variable:
            line = before.rpartition("\n")[2]
            is_shown = re.match(r"(?:-\s|run:)?\s*(?:echo|printf)\b", line.lstrip()) and not re.search(
                r"\||\[|\btest\b", line
            )
            return None if is_shown else Verification(command, program, files, False)
        return Verification(command, program, files, False, variable=variable)
    written_to = [each.word for each in command.redirections if each.operator.startswith(">")]
    if written_to and program.compares(base_name(written(written_to[0]).strip("\"'"))):
        return Verification(command, program, files, False)
    comparing = [each for each in readers if not _COMPARING.isdisjoint(programs(each.words[0]) or ())]
    return Verification(comparing[-1], program, files, False) if comparing else None


def _before(file: File, command: Command) -> str:
    """The text before the pipe that a command is in."""
    first = pipe(command)[-1]
    start = (first.wrapper or first.words)[0].span.start
    return file.data[max(0, start - 200) : start].decode("utf-8", "replace")


def receiver(file: File, command: Command) -> str:
    """The variable that is assigned the output of the pipe that a command is in; empty if there is none."""
    found = re.search(r"([A-Za-z_][A-Za-z0-9_]{0,100})=[\"']?(?:\$\(|`)\s*$", _before(file, command))
    return found[1] if found is not None else ""


def _of_words(program: Program, command: Command, *, is_open: bool = False, is_signature: bool = False) -> Verification:
    """A verification of all files that a command names."""
    files = program.names(command.words[1:]) + program.inputs(command)
    files += [tuple(_stem(name) for name in each) for each in files]
    return Verification(command, program, tuple(files), is_open, is_signature=is_signature)


def _operands(words: Sequence[Word]) -> list[Word]:
    found = []
    skips = False
    for word in words[1:]:
        text = written(word)
        if skips:
            skips = False
        elif text in ("-a", "--algorithm", "-algorithm"):
            skips = True
        elif not text.startswith("-"):
            found.append(word)
    return found


def _listed(lists: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The names of the files in texts that consist of lines `DIGEST  NAME`."""
    found: list[tuple[str, ...]] = []
    for text in lists:
        fields = _fields(text)
        pairs = fields[1::2] if len(fields) % 2 == 0 else fields[1:]
        found += [(base_name(name.lstrip("*")),) for name in pairs if not _is_digest(name)]
    return tuple(found)


def _fields(text: str) -> list[str]:
    """The words of a text; a hole is no space."""
    parts = text.replace("\\n", " ").split(HOLE)
    for at in range(1, len(parts), 2):
        parts[at] = parts[at].replace(" ", "\2").replace("\n", "\2").replace("\t", "\2")
    return [field.replace("\2", " ") for field in HOLE.join(parts).split()]


def _is_digest(text: str) -> bool:
    return len(text) >= _SHORTEST_DIGEST and _HEX.issuperset(text)


def _stem(name: str) -> str:
    """The name of the file whose digest or signature a file contains, by its own name."""
    for suffix in _SUFFIXES:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return name


def is_list(name: str) -> bool:
    """Whether a name is that of a list of the digests of several files, such as `SHA256SUMS`."""
    low = name.lower()
    return is_known(name) and any(
        word in low for word in ("sums", "checksum", "digests", "shasum", "sha256sum", "hashes")
    )


def may_be_hidden(each: Verification) -> bool:
    """Whether the program may continue if a verification fails, by a look that needs no syntax tree."""
    script, inside = each.program.script, each.command.inside
    if script is None:
        return False
    text = script.text.replace("\\\n", " ").strip()
    if each.variable or not inside <= {"and-list", "branch"} or "+e" in text or "|| " in text:
        return True
    stops = script.place.kind not in ("dockerfile", "shell") and "and-list" not in inside
    return not stops and (";" in text or "\n" in text)
