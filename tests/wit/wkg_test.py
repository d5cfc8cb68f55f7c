from __future__ import annotations

import pytest

from dunnage.files import toml
from dunnage.files.document import Document
from dunnage.files.source import File
from dunnage.wit.wkg import Member, Override, WkgConfig, read_config


def config(text: str) -> WkgConfig:
    file = File("wkg.toml", text.encode())
    return read_config(Document(file, toml.parse(file)))


def test_overrides() -> None:
    text = """\
[overrides]
"a:b" = { path = "../b", version = "1" }
"c:d".version = "=1.0.0"
"e:f" = {}

[metadata]
author = "x"
license = "MIT"
repository = "https://x.example"
"""
    assert config(text) == WkgConfig(
        {
            "a:b": Override("a:b", "../b", "1", ("overrides", "a:b")),
            "c:d": Override("c:d", None, "=1.0.0", ("overrides", "c:d")),
            "e:f": Override("e:f", None, None, ("overrides", "e:f")),
        },
        None,
        (),
    )


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("", None),
        ("[workspace]\n", None),
        ('[workspace]\nroot = "../wkg.toml"\n', None),
        ("[workspace]\nfoo = 3\n", None),
        # What is wrong with the members makes a root one of them, without a word.
        ("[workspace]\nmembers = 3\n", None),
        ('[workspace]\nmembers = ["wit"]\n[workspace.metadata]\nfoo = "1"\n', None),
        ("[workspace]\nmembers = []\n", []),
        ('[workspace]\nmembers = ["a", "b/*/wit"]\n[workspace.metadata]\nlicenses = "MIT"\n', ["a", "b/*/wit"]),
    ],
)
def test_members(text: str, members: list[str] | None) -> None:
    expected = [Member(it, ("workspace", "members", at)) for at, it in enumerate(members or ())]
    assert config(text) == WkgConfig({}, None if members is None else tuple(expected), ())


# Each of these was shown to wkg 0.16.1, which refuses it.
@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("[foo]", ("foo",)),
        ('workspace = "x"', ("workspace",)),
        ("[workspace]\nroot = 3", ("workspace",)),
        ('[workspace]\nmembers = ["wit"]\n[overrides]', ("overrides",)),
        ('[workspace]\nmembers = ["wit"]\n[metadata]', ("metadata",)),
        ('[overrides]\n"bad" = { path = "x" }', ("overrides", "bad")),
        ('[overrides]\n"A:b" = { path = "x" }', ("overrides", "A:b")),
        ('[overrides]\n"a:b" = "x"', ("overrides", "a:b")),
        ('[overrides]\n"a:b" = { path = "x", z = 1 }', ("overrides", "a:b", "z")),
        ('[overrides]\n"a:b" = { path = 1 }', ("overrides", "a:b", "path")),
        ('[metadata]\nauthor = "a"\nauthors = "b"', ("metadata", "author")),
        ('[metadata]\nauthors = ["b"]', ("metadata", "authors")),
        ('[metadata]\nhomepages = "b"', ("metadata", "homepages")),
    ],
)
def test_refused(text: str, keys: tuple[str, ...]) -> None:
    (problem,) = config(text).problems
    assert problem.keys == keys
    assert problem.message.startswith("wkg ")
    assert problem.help
