"""The commands and instructions that download files: curl, wget, aria2c, GitHub's `gh`, PowerShell, and `ADD`."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from dunnage.downloads.model import POWERSHELL_OPTIONS, Download, Program, is_empty_argument
from dunnage.downloads.text import HOLE, base_name, in_double_quotes, parse_url, texts, with_wildcards
from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.shell.model import Command, Word, programs
from dunnage.shell.wrapper_options import names_options, written

if TYPE_CHECKING:
    from dunnage.scripts.dockerfile_syntax import Instruction

_UNKNOWN = (f"{HOLE}name of the server{HOLE}",)
_OUTPUT = ("-", "/dev/stdout")
_NOWHERE = "/dev/null"


class _Options(NamedTuple):
    """The options of a program that have a value in the next word."""

    short: str
    long: frozenset[str]
    output: tuple[str, ...]
    """Those that name the file to write."""
    remote: tuple[str, ...] = ()
    """Those without a value that give the file to write the name in the URL."""


_CURL = _Options(
    "AbcCdDeEFHKmoPQrtTuUwxXyYz",
    frozenset((
        "alt-svc", "aws-sigv4", "cacert", "capath", "cert", "cert-type", "ciphers", "config", "connect-timeout",
        "connect-to", "continue-at", "cookie", "cookie-jar", "create-file-mode", "crlfile", "curves", "data",
        "data-ascii", "data-binary", "data-raw", "data-urlencode", "dns-servers", "doh-url", "dump-header",
        "etag-compare", "etag-save", "expect100-timeout", "form", "form-string", "header", "hsts", "interface", "json",
        "keepalive-time", "key", "key-type", "limit-rate", "local-port", "max-filesize", "max-redirs", "max-time",
        "netrc-file", "noproxy", "oauth2-bearer", "output", "output-dir", "parallel-max", "pass", "pinnedpubkey",
        "preproxy", "proto", "proto-default", "proto-redir", "proxy", "proxy-cacert", "proxy-cert", "proxy-header",
        "proxy-key", "proxy-user", "proxy1.0", "range", "rate", "referer", "request", "request-target", "resolve",
        "retry", "retry-delay", "retry-max-time", "socks4", "socks4a", "socks5", "socks5-hostname", "speed-limit",
        "speed-time", "stderr", "time-cond", "tls-max", "tls13-ciphers", "trace", "trace-ascii", "unix-socket",
        "upload-file", "url-query", "user", "user-agent", "variable", "write-out",
    )),
    ("-o", "--output"),
    ("O", "--remote-name"),
)  # fmt: skip
"""Source: curl(1) of 8.10, without what is only for other protocols, or for details of proxies and sockets.

The value of `--url` counts as an operand, which it is.
"""
_WGET = _Options(
    "aABDeiIlOoPQRtTUwX",
    frozenset((
        "accept", "accept-regex", "append-output", "base", "bind-address", "body-data", "body-file", "ca-certificate",
        "ca-directory", "certificate", "certificate-type", "ciphers", "compression", "config", "connect-timeout",
        "crl-file", "cut-dirs", "default-page", "directory-prefix", "dns-timeout", "domains", "exclude-directories",
        "exclude-domains", "execute", "header", "http-password", "http-user", "include-directories", "input-file",
        "level", "limit-rate", "load-cookies", "max-redirect", "method", "output-document", "output-file", "password",
        "pinnedpubkey", "post-data", "post-file", "prefer-family", "private-key", "private-key-type", "progress",
        "proxy-password", "proxy-user", "quota", "read-timeout", "referer", "reject", "reject-regex",
        "retry-on-http-error", "save-cookies", "secure-protocol", "start-pos", "timeout", "tries", "use-askpass",
        "user", "user-agent", "wait", "waitretry",
    )),
    ("-O", "--output-document"),
)  # fmt: skip
"""Source: wget(1) of 1.24, without what is only for other protocols and archives."""
_ARIA2C = _Options(
    "aCdiIjklmoOsStTux",
    frozenset((
        "checksum", "connect-timeout", "dir", "header", "input-file", "max-connection-per-server",
        "max-concurrent-downloads", "max-tries", "min-split-size", "out", "retry-wait", "split", "timeout",
        "user-agent",
    )),
    ("-o", "--out"),
)  # fmt: skip
"""Source: aria2c(1) of 1.37."""
_GH = _Options(
    "ADOpR",
    frozenset(("archive", "dir", "output", "pattern", "repo")),
    ("-O", "--output"),
)
"""Source: gh-release-download(1) of 2.60."""


def downloads(program: Program, command: Command, at: int) -> Iterator[Download]:
    """Yield what a command downloads from public servers."""
    called = [program.forwards.get(each, each.lower()) for each in programs(command.words[0]) or ()]
    name = next((each for each in called if each in _READERS), "")
    if name:
        # `curl` and `wget` are also PowerShell's names for Invoke-WebRequest.
        is_powershell = any(word.text.lower() in ("-outfile", "-uri") for word in command.words)
        yield from (_powershell if is_powershell else _READERS[name])(program, command, at)


class _Arguments(NamedTuple):
    operands: list[Word]
    outputs: list[Word | None]
    """The files to write, in order; None for one with the name in the URL."""
    flags: list[str]
    """The other options, as they are written."""
    values: dict[str, Word]
    """The values of the other options."""


def _arguments(words: Sequence[Word], options: _Options) -> _Arguments:
    found = _Arguments([], [], [], {})
    at = 1
    while at < len(words):
        word = words[at]
        text = written(word)
        at += 1
        if text == "--":
            found.operands.extend(words[at:])
            break
        if not text.startswith("-") or text == "-":
            if not (word.splits and names_options(text.lower())):
                found.operands.append(word)
            continue
        name, value = text, None
        if text.startswith("--"):
            name, equals, rest = text.partition("=")
            if equals:
                value = _cut(word, len(name) + 1, rest)
            elif name[2:] in options.long and at < len(words):
                value = words[at]
                at += 1
        else:
            letter = next((index for index, each in enumerate(text[1:], 1) if each in options.short), 0)
            found.outputs.extend(None for each in text[1 : letter or None] if each in options.remote)
            if letter:
                found.flags.append(text[:letter])
                name = f"-{text[letter]}"
                if text[letter + 1 :]:
                    value = _cut(word, letter + 1, text[letter + 1 :])
                elif at < len(words):
                    value = words[at]
                    at += 1
        if value is None:
            found.flags.append(name)
            found.outputs.extend([None] * (name in options.remote))
        elif name in options.output:
            found.outputs.append(value)
        else:
            found.values[name] = value
    return found


def _cut(word: Word, size: int, rest: str) -> Word:
    """What follows the first characters of a word."""
    if word.values is not None:
        return word._replace(values=tuple(value[size:] for value in word.values))
    return word._replace(text=rest)


def _curl(program: Program, command: Command, at: int) -> Iterator[Download]:
    arguments = _arguments(command.words, _CURL)
    if not arguments.values.keys().isdisjoint(("-T", "--upload-file", "-F", "--form")):
        return
    is_remote_name = "--remote-name-all" in arguments.flags
    is_server_named = any(
        flag == "--remote-header-name" or (flag[1:2] != "-" and "J" in flag) for flag in arguments.flags
    )
    for number, url in enumerate(arguments.operands):
        output = arguments.outputs[number] if number < len(arguments.outputs) else None
        is_file = is_remote_name or number < len(arguments.outputs)
        names = _UNKNOWN if is_server_named and output is None else ()
        folder = arguments.values.get("--output-dir")
        yield from _download(program, command, at, url, output, is_file=is_file, names=names, folder=folder)


def _to_one_file(options: _Options, program: Program, command: Command, at: int) -> Iterator[Download]:
    """What wget and aria2c download, all to the same file if an option names one."""
    arguments = _arguments(command.words, options)
    is_verified = options is _ARIA2C and "--checksum" in arguments.values
    output = arguments.outputs[-1] if arguments.outputs else None
    folders = [arguments.values.get(name) for name in ("-P", "--directory-prefix", "-d", "--dir")]
    # wget ignores the folder if it is told the file.
    folder = next(filter(None, folders), None) if output is None or options is _ARIA2C else None
    for url in arguments.operands:
        yield from _download(program, command, at, url, output, is_file=True, is_verified=is_verified, folder=folder)


def _gh(program: Program, command: Command, at: int) -> Iterator[Download]:
    """`gh release download`, as if it were a download of the URL of the file."""
    words = command.words
    if [written(word) for word in words[1:3]] != ["release", "download"]:
        return
    arguments = _arguments(words[2:], _GH)
    given = arguments.values
    repository, pattern = given.get("-R", given.get("--repo")), given.get("-p", given.get("--pattern"))
    if repository is None or pattern is None:
        return
    owner = texts(repository, program.lookup)[0].removeprefix("https://").removeprefix("github.com/")
    if owner.count("/") != 1:
        return  # another server than github.com, or no repository
    tag = texts(arguments.operands[0], program.lookup)[0] if arguments.operands else ""
    release = f"download/{tag}" if tag else "latest/download"
    file = with_wildcards(texts(pattern, program.lookup)[0])
    address = parse_url(f"https://github.com/{owner}/releases/{release}/{file}")
    if address is None:
        return
    output = arguments.outputs[-1] if arguments.outputs else None
    paths = texts(output, program.lookup) if output is not None else ()
    if not paths or paths[0] not in _OUTPUT:
        named = tuple(map(base_name, paths)) or (file,)
        written_name = _written_name(output) if output is not None else file if HOLE not in file else ""
        yield Download(address, program, at, command, pattern, "", named, written_name, _span(command))


def _powershell(program: Program, command: Command, at: int) -> Iterator[Download]:
    """`Invoke-WebRequest -Uri URL -OutFile FILE`. Source: Microsoft's reference of PowerShell 7."""
    words = command.words[1:]
    output = next((words[n + 1] for n, word in enumerate(words[:-1]) if word.text.lower() in POWERSHELL_OPTIONS), None)
    if output is None:
        return
    for word in words:
        if word is not output and any("://" in text for text in texts(word, program.lookup)):
            yield from _download(program, command, at, word, output, is_file=True)


_READERS: dict[str, Callable[[Program, Command, int], Iterator[Download]]] = {
    "aria2c": partial(_to_one_file, _ARIA2C),
    "curl": _curl,
    "gh": _gh,
    "invoke-webrequest": _powershell,
    "iwr": _powershell,
    "scurl": _curl,  # a script of development containers that runs curl with its own arguments
    "start-bitstransfer": _powershell,
    "wget": partial(_to_one_file, _WGET),
}


def _download(
    program: Program,
    command: Command,
    at: int,
    url: Word,
    output: Word | None,
    *,
    is_file: bool,
    names: tuple[str, ...] = (),
    is_verified: bool = False,
    folder: Word | None = None,
) -> Iterator[Download]:
    """Yield the download of a URL to a file, perhaps in another folder, or to the output."""
    if any(is_empty_argument(program.script, name) for name in re.findall(r"\$\{?(\w+)", url.text[:2000])):
        url = url._replace(values=None)
    found = texts(url, program.lookup)
    address = parse_url(found[0]) if found else None
    if address is None:
        return
    if not is_file:
        redirected = [each.word for each in command.redirections if each.operator.startswith((">", "&"))]
        output = redirected[-1] if redirected else None
    paths = texts(output, program.lookup) if output is not None else ()
    if paths[:1] == (_NOWHERE,):
        return
    known = found[0] if url.values is not None and len(url.values) == 1 else ""
    # What a variable alone stands for is a URL, and no name of a file.
    file = _written_name(output) if output is not None else "/".join(_written_name(url).split("/")[1:][-1:])
    if folder is not None and file:
        prefix = _written_name(folder).rstrip("/")
        file = f"{prefix}/{file}" if prefix else ""
    if (not is_file and not paths) or any(path in _OUTPUT for path in paths):
        names, file = (), ""
    elif not names:
        names = tuple(map(base_name, paths)) or tuple(each.name for text in found if (each := parse_url(text)))
    yield Download(address, program, at, command, url, known, names, file, _span(command), is_verified)


def _written_name(word: Word) -> str:
    """How a word is written in double quotes, in which the shell does not replace `~`."""
    if word.text.startswith("~/"):
        return "" if set(word.text) & set("\"'\\") else f"$HOME{word.text[1:]}"
    if word.values is not None and len(word.values) == 1:
        return in_double_quotes(word.values[0])
    text = word.text
    return text[1:-1] if text[:1] == text[-1:] == '"' else "" if set(text) & set("\"'\\") else text


def _span(command: Command) -> Span:
    words = (*command.wrapper, *command.words)
    return Span(words[0].span.start, words[-1].span.end)


def added(file: File, programs: Sequence[Program]) -> Iterator[Download]:
    """Yield the downloads of `ADD`. `programs` are those of the file, which know the variables and what follows."""
    from dunnage.scripts.dockerfile import instructions

    found = list(instructions(file))
    starts: dict[int, int] = {}
    for instruction in found:
        starts.setdefault(instruction.stage, instruction.span.start)
    number, at = 0, 0
    for instruction in found:
        if instruction.keyword != "ADD" or instruction.onbuild or len(instruction.arguments) < 2:
            continue
        # The next program, and the place of its first command among those of the file.
        while number < len(programs) and _start(programs[number]) < instruction.span.start:
            at += len(programs[number].commands)
            number += 1
        end = starts.get(instruction.stage + 1, len(file.data))
        if number < len(programs) and _start(programs[number]) < end:
            yield from _added(instruction, programs[number], at)


def _start(program: Program) -> int:
    """Where the first command of a program begins; programs without commands come before all others."""
    return program.commands[0].words[0].span.start if program.commands else 0


def _added(instruction: "Instruction", program: Program, at: int) -> Iterator[Download]:
    *sources, target = instruction.arguments
    path = texts(Word(target.span, None, target.text), program.lookup)[0]
    is_folder = len(sources) > 1 or path.endswith("/") or path in (".", "..")
    for source in sources:
        word = Word(source.span, None, source.text)
        url = texts(word, program.lookup)[0]
        address = parse_url(url) if "://" in url else None
        if address is None:
            continue
        name = address.name if is_folder else base_name(path)
        is_verified = any(flag.text.startswith("--checksum=") for flag in instruction.flags)
        known = url if "\0" not in url else ""
        yield Download(address, program, at - 1, None, word, known, (name,), "", instruction.span, is_verified)
