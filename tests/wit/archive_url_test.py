"""What the URL of an archive names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.wit import archive_url
from dunnage.wit.archive_url import (
    BRANCH,
    COMMIT,
    HEAD,
    LATEST_RELEASE,
    OTHER,
    RELEASE_ASSET,
    SHORT_COMMIT,
    TAG,
    ArchiveUrl,
    classify,
)

C = "0123456789abcdef0123456789abcdef01234567"
R = "https://github.com/WebAssembly/wasi-io"


@pytest.mark.parametrize(
    ("url", "kind", "ref"),
    [
        # GitHub
        (f"{R}/archive/{C}.tar.gz", COMMIT, C),
        (f"{R}/archive/{C.upper()}.zip", COMMIT, C.upper()),
        (f"{R}/archive/{C}{C[:24]}.tar.gz", COMMIT, f"{C}{C[:24]}"),
        (f"{R}/archive/{C}", COMMIT, C),
        (f"{R}/archive/{C[:7]}.tar.gz", SHORT_COMMIT, C[:7]),
        (f"{R}/archive/deadbeef.tar.gz", BRANCH, "deadbeef"),
        (f"{R}/archive/main.tar.gz", BRANCH, "main"),
        (f"{R}/archive/refs/heads/main.tar.gz", BRANCH, "main"),
        (f"{R}/archive/refs/heads/v1.2.3.tar.gz", BRANCH, "v1.2.3"),
        (f"{R}/archive/refs/heads/{C}.tar.gz", BRANCH, C),
        (f"{R}/archive/refs/tags/main.tar.gz", TAG, "main"),
        (f"{R}/archive/refs/tags/v0.2.0.tar.gz", TAG, "v0.2.0"),
        (f"{R}/archive/v0.2.0.tar.gz", TAG, "v0.2.0"),
        (f"{R}/archive/v0.2.0-rc-2023-11-10.tar.gz", TAG, "v0.2.0-rc-2023-11-10"),
        (f"{R}/archive/wit/v0.2.0.tar.gz", TAG, "wit/v0.2.0"),
        (f"{R}/archive/wit-0.2.tar.gz", TAG, "wit-0.2"),
        (f"{R}/archive/v2.tar.gz", BRANCH, "v2"),
        (f"{R}/archive/feature/new.tar.gz", BRANCH, "feature/new"),
        (f"{R}/archive/HEAD.tar.gz", HEAD, "HEAD"),
        (f"{R}/tarball/main", BRANCH, "main"),
        (f"{R}/tarball", HEAD, ""),
        (f"{R}/raw/{C}/wit.tar.gz", COMMIT, C),
        (f"{R}/raw/refs/heads/main/wit.tar.gz", BRANCH, "main"),
        (f"{R}/releases/download/v0.2.0/wit.tar.gz", RELEASE_ASSET, "v0.2.0"),
        (f"{R}/releases/latest/download/wit.tar.gz", LATEST_RELEASE, ""),
        (f"{R}/blob/main/wit.tar.gz", OTHER, ""),
        (f"https://codeload.github.com/o/r/tar.gz/{C}", COMMIT, C),
        ("https://codeload.github.com/o/r/legacy.zip/refs/tags/x", TAG, "x"),
        (f"https://raw.githubusercontent.com/o/r/{C}/a/b.tar.gz", COMMIT, C),
        ("https://raw.githubusercontent.com/o/r/refs/heads/main/b.tar.gz", BRANCH, "main"),
        ("https://raw.githubusercontent.com/o/r/main/archive/b.tar.gz", BRANCH, "main"),
        ("https://raw.githubusercontent.com/o/r/main", OTHER, ""),
        ("https://api.github.com/repos/o/r/tarball", HEAD, ""),
        (f"https://api.github.com/repos/o/r/tarball/{C}", COMMIT, C),
        ("https://ghe.example/api/v3/repos/o/r/zipball/main", BRANCH, "main"),
        # GitLab
        (f"https://gitlab.com/g/s/p/-/archive/{C}/p-{C}.tar.gz", COMMIT, C),
        ("https://gitlab.com/g/p/-/archive/main/p-main.tar.gz", BRANCH, "main"),
        ("https://gitlab.com/g/p/-/archive/feature/new/p-feature-new.tar.gz", BRANCH, "feature/new"),
        ("https://gitlab.com/g/p/-/archive/v1.0.0.tar.gz", TAG, "v1.0.0"),
        ("https://gitlab.com/g/p/-/raw/main/wit.tar.gz", BRANCH, "main"),
        ("https://gitlab.com/g/p/-/releases/v1.0/downloads/wit.tar.gz", RELEASE_ASSET, "v1.0"),
        ("https://gitlab.com/g/p/-/releases/permalink/latest/downloads/wit.tar.gz", LATEST_RELEASE, ""),
        ("https://gitlab.com/g/p/-/jobs/1/artifacts/download", OTHER, ""),
        (f"https://gitlab.com/api/v4/projects/g%2Fp/repository/archive.tar.gz?path=wit&sha={C}", COMMIT, C),
        ("https://gitlab.com/api/v4/projects/1/repository/archive.tar.gz", HEAD, ""),
        ("https://gitlab.com/api/v4/projects/1/packages/generic/wit/1.0/wit.tar.gz", OTHER, ""),
        # Gitea and Forgejo
        (f"https://codeberg.org/o/r/archive/{C}.tar.gz", COMMIT, C),
        ("https://codeberg.org/o/r/raw/branch/main/wit.tar.gz", BRANCH, "main"),
        ("https://codeberg.org/o/r/raw/tag/nightly/wit.tar.gz", TAG, "nightly"),
        (f"https://codeberg.org/o/r/raw/commit/{C}/wit.tar.gz", COMMIT, C),
        ("https://codeberg.org/api/v1/repos/o/r/archive/main.tar.gz", BRANCH, "main"),
        # Bitbucket, SourceHut
        ("https://bitbucket.org/o/r/get/main.tar.gz", BRANCH, "main"),
        ("https://git.sr.ht/~o/r/archive/v1.0.0.tar.gz", TAG, "v1.0.0"),
        # How a URL may be written
        (f"HTTPS://user@GitHub.com:443//o/r/archive/{C}.tar.gz?x=1#y", COMMIT, C),
        ("https://github.com/o/r/archive/refs%2Fheads%2Fmain.tar.gz", BRANCH, "main"),
        ("https://raw.githubusercontent.com:443/o/r/main/b.tar.gz", BRANCH, "main"),
        # What nothing is known about
        ("https://example.com/wit.tar.gz", OTHER, ""),
        ("https://example.com", OTHER, ""),
        ("ftp://github.com/o/r/archive/main.tar.gz", OTHER, ""),
        ("../wit", OTHER, ""),
        ("", OTHER, ""),
    ],
)
def test_classify(url: str, kind: str, ref: str) -> None:
    assert classify(url) == ArchiveUrl(kind, ref)


_PARTS = st.sampled_from(
    ["https://", "o", "/", "-", "archive", "raw", "refs", "heads", "api", "v4", "repos", "%2F", "?", "sha=", "."]
)
_KINDS = {value for name, value in vars(archive_url).items() if name.isupper() and name[0] != "_"}


@given(
    st.one_of(
        st.text(), st.lists(_PARTS).map("".join), st.lists(_PARTS).map(lambda parts: "https://h/" + "/".join(parts))
    )
)
def test_any_text_is_classified(url: str) -> None:
    assert classify(url).kind in _KINDS
