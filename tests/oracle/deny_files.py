"""Small deny.toml files: each key with each type of value, and each kind of string with good ones and bad ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dunnage.deny.policy import CrateType, Either, TableType, Type

# One of each type.
ANY = ("true", "1", "0.5", '"x"', "[]", '["x"]', "{}", "1979-05-27")
NUMBERS = ("-1", str(2**31), str(2**32))
SPECS = (
    "foo",
    "foo@1.2.3",
    "foo@",
    "foo:>=1, <2",
    "foo@ä",
    "foo:*",
    "a:b:c",
    "@1",
    "",
    "A-x",
    "-x",
    "RUSTSEC-2024-0001",
)
STRINGS: dict[str, Sequence[str]] = {
    "database-url": (
        "https://github.com/a/b",
        "ssh://git@a/b",
        "git@a:b",
        "https://1.2.3.4/",
        "https://[::1]/",
        "file:///x",
        "x",
    ),
    "duration": (
        *(
            "P90D",
            "P",
            "PT",
            "P1Y2M3D",
            "P1D2M",
            "PT1H",
            "P1H",
            "P1W",
            "P1WT1H",
            "PT1W",
            "P.5D",
            "P1.D",
            "P.D",
            "P1,5D",
        ),
        *("90D", "P1DT", "P1D1W", "P1W1D", "PT1H1M1S1W", "P-1D", "p1D", "P1"),
    ),
    "expanded-path": ("~/x", "$HOME/x", "${HOME", "$", "$/x", "${}", "${UNSET:-d}/y", "${a-b}", "", "${HOME:-$X}"),
    "expression": (
        *(
            "MIT",
            "MIT OR Apache-2.0",
            "MIT/ISC",
            "(MIT)",
            "((MIT)",
            "MIT AND",
            "",
            "GPL-3.0",
            "GPL-3.0-only",
            "GPL-3.0-only+",
        ),
        *(
            "Apache-2.0+",
            "Apache-2.0 +",
            "Apache-2.0 WITH LLVM-exception",
            "MIT WITH MIT",
            "LicenseRef-x",
            "mit",
            "MIT or ISC",
        ),
        *(
            "MIT ISC",
            "MIT (ISC)",
            "()",
            "DocumentRef-a:LicenseRef-b",
            "MIT WITH AdditionRef-x",
            "Unicode-3.0",
            "Net-SNMP",
        ),
        *("(MIT) WITH LLVM-exception", "LicenseRef-x+", "MIT++", "é", "GPL-CC-1.0+"),
    ),
    "extension": ("sh", ".sh", "", "é", "a b", "7z"),
    "glob": (
        "*.sh",
        "[",
        "[a]",
        "[z-a]",
        "{a",
        "{a,b}",
        "a}",
        "{a,{b,c}}",
        "a\\\\",
        "[]a]",
        "[!]",
        "[a-]",
        "[b-a-]",
        "[a-c]x",
        "a\\\\\\\\*",
        "**/x",
    ),
    "licensee": (
        *(
            "MIT",
            "Apache-2.0 WITH LLVM-exception",
            "GPL-3.0",
            "GPL-3.0-only",
            "GPL-3.0+",
            "mit",
            "MIT OR ISC",
            "",
            "WITH",
        ),
        *(
            "LicenseRef-x",
            "unlicensed",
            "Unicode-3.0",
            "GFDL-1.3-no-invariants",
            "GFDL-1.3-invariants",
            "LLVM-exception",
        ),
        *(
            "GPL-2.0-only WITH Classpath-exception-2.0",
            "GPL-2.0 WITH Classpath-exception-2.0",
            "MIT WITH",
            "(MIT)",
            " MIT ",
        ),
        *("MIT WITH LLVM-exception X", "MIT WITH AdditionRef-x", "GPL-CC-1.0", "Apache-2.0 with LLVM-exception", "BSD"),
    ),
    "relative-path": ("x", "/x", "../x", ""),
    "rust-version": ("1.85", "1.85.0", "1", "", "1.85.0.0", "1.85.0.0.0", "+1.85", "1.x", "1.x.x", ".1"),
    "sha256": ("a" * 64, "A" * 64, "g" * 64, "a" * 63, ""),
    "source-url": (
        *(
            "https://github.com/rust-lang/crates.io-index",
            "sparse+https://index.crates.io/",
            "x",
            "a+b://c",
            "https://",
            "+://x",
        ),
        *(
            "git@github.com:a/b",
            "file:///x",
            "https://exa mple.com",
            "https://a:99999/",
            "https://[::1",
            "https://a%20b/",
        ),
        *(
            "https://256.1.1.1/",
            "https://0x1g/",
            "https://0x/",
            "https://a.1/",
            "https://1_0.1/",
            "https://1..1/",
            "https://xn--99999999/",
            "https://xn--bcher-kva.example/",
            f"https://xn--{'b' * 990}-je5h.example/",
            f"https://xn--{'b' * 2000}-je5h.example/",
            "https://user@/x",
            "ssh:///x",
            "ssh://",
            "foo:bar",
            "//x",
            "https://xn--/",
        ),
    ),
    "url": ("https://x/y", "x", "sparse+https://index.crates.io/", "git@github.com:a/b", "https://[x]/"),
}
WHOLE = (
    *(
        "",
        "x = 1",
        "[x]",
        "[[x]]",
        "[bans]\n[bans]",
        "bans = { wildcards = 'deny' }",
        "bans.wildcards = 'deny'\n[bans]",
    ),
    *(
        "[[bans.skip]]\nname = 'x'",
        "[[bans.build.bypass]]\nname = 'x'",
        "[bans.build]\n[bans]",
        "\ufeff[bans]\r\n",
        "[bans",
    ),
    *(
        '[bans]\nhighlight = "\\x61ll"',
        "[bans]\nskip = [{ name = 'a', }]",
        "[bans]\nskip = [{ name = 'a'\n}]",
        "# \x01",
    ),
    *("[output]\nfeature-depth = 0o17", "[output]\nfeature-depth = 01", "[licenses]\nconfidence-threshold = inf"),
    *("[licenses]\nallow = ['MIT']\ndeny = ['ISC']", "targets = []\n[graph]\ntargets = []", "[deny]\nname = 'x'"),
    *("[bans]\ndeny = [{ name = 'a', wrappers = ['b'], deny-multiple-versions = true }]",),
    *("[bans]\nfeatures = [{ name = 'a', allow = ['x'], deny = ['x'] }]",),
    *("[licenses]\nclarify = [{ name = 'a', expression = 'MIT', license-files = [{ path = 'a', hash = 1 }] }]",),
)
ADVISORY_TABLES = (
    *(
        "{ id = 'x' }",
        "{ id = 'x', reason = 'y' }",
        "{ id = 'x', reason = 1 }",
        "{ id = 1 }",
        "{ id = 'x', crate = 'y' }",
    ),
    *(
        "{ crate = 'x', y = 1 }",
        "{ crate = 'x', reason = 'z', y = 1 }",
        "{ name = 'x', version = '1' }",
        "{ reason = 'x' }",
    ),
)


def files(root: TableType) -> list[str]:
    """Files for every key of a schema."""
    texts = dict.fromkeys(WHOLE)
    for key, type_ in root.keys.items():
        texts |= dict.fromkeys(f"{key} = {value}\n" for value in _values(type_))
    for first in ("deny", "allow"):
        for mine in ('"a"', '"a@1"', '{ name = "a", version = "1" }'):
            for theirs in ('"a"', '"a:=1"', '{ name = "a", version = "^1" }'):
                texts[f"[bans]\n{first} = [{mine}]\nskip = [{theirs}]\n"] = None
    return list(texts)


def _values(type_: Type) -> Iterator[str]:
    yield from ANY
    match type_:
        case [element]:
            yield from (f"[{value}]" for value in _values(element))
        case Either(_, table):
            yield from _values(table)
        case TableType(keys, required):
            yield from _tables(keys, required, [])
            yield from (f"{{ {key} = {value} }}" for key in (*type_.removed, *type_.renamed) for value in ANY[:4])
        case CrateType(keys, required):
            yield from _packages(keys, required)
        case "i32" | "u32" | "usize":
            yield from NUMBERS
        case "ignored":
            yield from (f'"{spec}"' for spec in SPECS)
            yield from ADVISORY_TABLES
        case str():
            yield from (f'"{text}"' for text in STRINGS.get(type_, ()))
        case tuple():
            yield from (f'"{choice}"' for choice in (*type_, str(type_[0]).upper()))


def _packages(keys: dict[str, Type], required: tuple[str, ...]) -> Iterator[str]:
    rest = [f"{key} = {_good(keys[key])}" for key in required]
    for spec in SPECS[:8]:
        yield f'"{spec}"'
        yield _table(f'crate = "{spec}"', *rest)
        yield _table('name = "x"', f'version = "{spec}"', *rest)
    names = (
        "crate = 'x', name = 'x'",
        "crate = 'x', version = '1'",
        "crate = 1",
        "name = 1",
        "version = '1'",
        "name = 'x'",
    )
    yield from (_table(name, *rest) for name in (*names, "crate = 'x', y = 1", "name = 'x', y = 1"))
    yield from _tables(keys, required, ["name = 'x'"])


def _tables(keys: dict[str, Type], required: tuple[str, ...], first: list[str]) -> Iterator[str]:
    yield _table(*first, "y = 1")
    yield _table(*first)
    for key, type_ in keys.items():
        rest = [f"{other} = {_good(keys[other])}" for other in required if other != key]
        yield _table(*first, *rest)
        yield from (_table(*first, f"{key} = {value}", *rest) for value in _values(type_))


def _table(*pairs: str) -> str:
    return f"{{ {', '.join(pairs)} }}"


def _good(type_: Type) -> str:
    match type_:
        case [element]:
            return f"[{_good(element)}]"
        case TableType(keys, required):
            return _table(*(f"{key} = {_good(keys[key])}" for key in required))
        case CrateType():
            return '"x"'
        case tuple():
            return f'"{type_[0]}"'
        case Either():
            return '"x"'
        case "u32":
            return "1"
    return f'"{STRINGS.get(type_, ("x",))[0]}"'
