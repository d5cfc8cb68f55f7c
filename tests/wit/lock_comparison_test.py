from __future__ import annotations

import pytest

from dunnage.wit.lock_comparison import binary_mentions


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\x03\0\x16wasi:http/types@0.2.10\x05\0", id="type"),
        pytest.param(b"\x0a\x21\x01\0\x1cwasi:http/handlers-a@0.2.10\x05\0", id="section"),
        # These lengths are the bytes of `0`, `-` and `a`.
        *(
            pytest.param(
                b"\x0a\x34\x01\0%cwasi:http/%b@0.2.10\x05\0" % (length, b"i" * (length - 17)), id=f"section-{length}"
            )
            for length in (0x30, 0x2D, 0x61)
        ),
        pytest.param(b"\x03\0\x8f\x01wasi:http/%b@0.2.10\x05\0" % (b"i" * 126), id="two-bytes-of-length"),
        pytest.param(b"\x01\0\xac\x02wasi:http/%b@0.2.10\x05\0" % (b"i" * 283), id="two-other-bytes-of-length"),
    ],
)
def test_names_in_components(data: bytes) -> None:
    assert binary_mentions(data) == {("wasi:http", "=0.2.10")}
