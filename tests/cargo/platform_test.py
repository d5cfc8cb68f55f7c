"""Keys of `[target]`, as cargo 1.95 takes or refuses them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.cargo.platform import is_platform

ACCEPTED = """
x86_64-unknown-linux-gnu
windows
cfg(windows)
cfg(not(a))
cfg(all())
cfg(any(a,))
cfg(a = "b")
cfg(a="b")
cfg(true)
cfg(false)
cfg(r#true)
cfg( all( unix , not( a ) ) )
cfg(all(a, not(b), any(c, d = "e")))
""".strip().splitlines()
REFUSED = """
cfg(unix, windows)
cfg(not(a, b))
cfg(not())
cfg(a = b)
cfg()
cfg(
cfg(a
my target
x86_64-*-linux
cfg (windows)
cfg(a) b
cfg(-x)
cfg(a-b)
cfg(a b)
cfg(a = "b)
cfg(all(,))
cfg(all)
cfg(a))
x/y.json
foo(bar)
""".strip().splitlines()


@pytest.mark.parametrize("key", [*ACCEPTED, ""])
def test_accepted(key: str) -> None:
    assert is_platform(key)


@pytest.mark.parametrize("key", [*REFUSED, " cfg(windows)", "cfg(windows) "])
def test_refused(key: str) -> None:
    assert not is_platform(key)


@given(st.text(alphabet='()=,"# abcfgnotallany_1r', max_size=20))
def test_any_text(text: str) -> None:
    is_platform(text)
    is_platform(f"cfg({text})")


@pytest.mark.untraced
def test_deep() -> None:
    assert is_platform("cfg(" + "not(" * 100_000 + "a" + ")" * 100_001)
    assert not is_platform("cfg(" + "not(" * 100_000 + ")")
