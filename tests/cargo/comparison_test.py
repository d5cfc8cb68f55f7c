"""A lock against its manifests: what cargo refuses is found where it stands, once for each cause; the rest passes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from cargo.files import CRATES_IO, GIT, LOCKED, WORKSPACE, Changes, changed, found, lock, matches, package, write
from steps import assert_linear

pytestmark = pytest.mark.usefixtures("folder")


EXTRA = """edition = "2021"

[features]
extra = ["dep:beta"]

[dependencies]
beta = { version = "1", optional = true }
"""
OFF = """edition = "2021"

[dependencies]
gamma = { version = "1", optional = true }
far = { path = "nowhere", optional = true }
"""
UNUSED = f'''name = "helper"
version = "0.3.0"

[[patch.unused]]
name = "beta"
version = "9.0.0"
source = "{GIT}"
'''

STALE = [
    pytest.param(
        {"app/Cargo.toml": ('alpha = "1.0"', 'alpha = "1.1"')},
        ["app/Cargo.toml:8:1 stale: `app` requires `alpha ^1.1` from crates.io, but Cargo.lock has 1.0.3"],
        id="requirement-above-what-is-locked",
    ),
    pytest.param(
        {"app/Cargo.toml": ('alpha = "1.0"', 'alpha = "<1.0.3"')},
        ["app/Cargo.toml:8:1 stale: `app` requires `alpha <1.0.3` from crates.io, but Cargo.lock has 1.0.3"],
        id="requirement-below-what-is-locked",
    ),
    pytest.param(
        {"app/Cargo.toml": ('alpha = "1.0"', 'alpha = "=1.0.3-beta"')},
        ["app/Cargo.toml:8:1 stale: `app` requires `alpha =1.0.3-beta` from crates.io, but Cargo.lock has 1.0.3"],
        id="pre-release-asked-for",
    ),
    pytest.param(
        {"app/Cargo.toml": ('dup = "1"', 'dup = "1"\ngamma = { version = "0.3", features = ["x"] }')},
        ["app/Cargo.toml:10:1 stale: `app` requires `gamma ^0.3` from crates.io, but Cargo.lock has no `gamma`"],
        id="new-dependency",
    ),
    pytest.param(
        {"app/Cargo.toml": ('dup = "1"', 'dup = "1"\nbeta = "1"')},
        ["app/Cargo.toml:10:1 stale: `app` requires `beta ^1` from … (1.2.0) only for other packages"],
        id="new-dependency-that-others-have",
    ),
    pytest.param(
        {"app/Cargo.toml": ('dup = "1"\n', 'dup = "1"\n\n[dev-dependencies]\ngamma = "1"\n')},
        ["app/Cargo.toml:12:1 stale: `app` requires `gamma ^1` from crates.io, but Cargo.lock has no `gamma`"],
        id="new-dev-dependency",
    ),
    pytest.param(
        {"lib/Cargo.toml": ("[dependencies]", '[build-dependencies.gamma]\nversion = "1"\n\n[dependencies]')},
        ["lib/Cargo.toml:6:21 stale: `lib` requires `gamma ^1` from crates.io, but Cargo.lock has no `gamma`"],
        id="new-build-dependency",
    ),
    pytest.param(
        {"app/Cargo.toml": ('dup = "1"\n', 'dup = "1"\n\n[target."cfg(windows)".dependencies]\nwinapi = "0.3"\n')},
        ["app/Cargo.toml:12:1 stale: `app` requires `winapi ^0.3` from crates.io, but Cargo.lock has no `winapi`"],
        id="new-target-dependency",
    ),
    pytest.param(
        {"app/Cargo.toml": ('dup = "1"', 'dup = "1"\ngamma = { version = "1", optional = true }')},
        ["app/Cargo.toml:10:1 stale: `app` requires `gamma ^1` from crates.io, but Cargo.lock has no `gamma`"],
        id="new-optional-dependency",
    ),
    pytest.param(
        {"app/Cargo.toml": ('dup = "1"', 'dup = "1"\ng = { package = "gamma", version = "1" }')},
        ["app/Cargo.toml:10:1 stale: `app` requires `gamma ^1` from crates.io, but Cargo.lock has no `gamma`"],
        id="renamed-dependency",
    ),
    pytest.param(
        {"app/Cargo.toml": ('alpha = "1.0"', 'al_pha = "1.0"')},
        [
            "Cargo.lock:17:2 stale: Cargo.lock lists … as a dependency of `app`, … app/Cargo.toml does not require it",
            "app/Cargo.toml:8:1 stale: `app` requires `al_pha ^1.0` from crates.io, but Cargo.lock has no `al_pha`",
        ],
        id="underscore-for-hyphen",
    ),
    pytest.param(
        {"app/Cargo.toml": ('alpha = "1.0"\n', "")},
        ["Cargo.lock:17:2 stale: Cargo.lock lists … as a dependency of `app`, … app/Cargo.toml does not require it"],
        id="removed-dependency",
    ),
    pytest.param(
        {"app/Cargo.toml": ('alpha = "1.0"', 'gamma = "1.0"')},
        [
            "Cargo.lock:17:2 stale: Cargo.lock lists … as a dependency of `app`, … app/Cargo.toml does not require it",
            "app/Cargo.toml:8:1 stale: `app` requires `gamma ^1.0` from crates.io, but Cargo.lock has no `gamma`",
        ],
        id="replaced-dependency",
    ),
    pytest.param(
        {
            "Cargo.toml": ('"lib"]', '"lib", "new"]'),
            "new/Cargo.toml": '[package]\nname = "new"\nversion = "0.1.0"\n\n[dependencies]\ngamma = "1"\nbeta = "1"\n',
            "new/src/lib.rs": "",
        },
        ["new/Cargo.toml:2:1 stale: the package `new` is not in Cargo.lock"],
        id="new-member",
    ),
    pytest.param(
        {"Cargo.toml": ('"app", ', "")},
        ["Cargo.lock:13:3 stale: no manifest here defines `app 0.1.0`, but it is in Cargo.lock"],
        id="removed-member",
    ),
    pytest.param(
        {"app/Cargo.toml": ('name = "app"', 'name = "apple"')},
        [
            "Cargo.lock:13:3 stale: no manifest here defines `app 0.1.0`, but it is in Cargo.lock",
            "app/Cargo.toml:2:1 stale: the package `apple` is not in Cargo.lock",
        ],
        id="renamed-member",
    ),
    pytest.param(
        {"app/Cargo.toml": ('dup = "1"', 'dup = "1"\nhelper = { path = "../helper" }')},
        ["app/Cargo.toml:10:1 stale: `app` depends on `helper`, but Cargo.lock does not list this dependency"],
        id="new-path-dependency",
    ),
    pytest.param(
        {"lib/Cargo.toml": ('version = "0.2.0"', 'version = "0.2.1"')},
        ["lib/Cargo.toml:3:1 stale: `lib` is at version 0.2.1, but Cargo.lock has it at 0.2.0"],
        id="member-version",
    ),
    pytest.param(
        {"helper/Cargo.toml": ('version = "0.3.0"', 'version = "0.3.1"')},
        ["helper/Cargo.toml:3:1 stale: `helper` is at version 0.3.1, but Cargo.lock has it at 0.3.0"],
        id="path-package-version",
    ),
    pytest.param(
        {"app/Cargo.toml": ('version = "0.1.0"\n', "")},
        ["app/Cargo.toml:1:2 stale: `app` is at version 0.0.0, but Cargo.lock has it at 0.1.0"],
        id="version-left-out",
    ),
    pytest.param(
        {"helper/Cargo.toml": ('edition = "2021"\n', 'edition = "2021"\n\n[dependencies]\ngamma = "1"\n')},
        ["helper/Cargo.toml:7:1 stale: `helper` requires `gamma ^1` from crates.io, but Cargo.lock has no `gamma`"],
        id="dependency-of-a-path-package",
    ),
    pytest.param(
        {
            "helper/Cargo.toml": (
                'edition = "2021"\n',
                EXTRA,
            ),
            "lib/Cargo.toml": ('path = "../helper" }', 'path = "../helper", features = ["extra"] }'),
        },
        ["helper/Cargo.toml:10:1 stale: `helper` requires `beta ^1` … (1.2.0) only for other packages"],
        id="feature-turned-on-of-a-path-package",
    ),
    pytest.param(
        {"lock": ("helper 0.3.0\n", "helper 0.3.0\norphan 1.0.0 crates.io -> orphan2\norphan2 1.0.0 crates.io\n")},
        ["Cargo.lock:44:3 stale: nothing depends on `orphan 1.0.0`, but it is in Cargo.lock"],
        id="orphan",
    ),
    pytest.param(
        {
            "lock": (
                "helper 0.3.0\n",
                "helper 0.3.0\norphan 1.0.0 crates.io -> orphan2\norphan2 1.0.0 crates.io -> orphan\n",
            )
        },
        ["Cargo.lock:44:3 stale: nothing depends on `orphan 1.0.0`, but it is in Cargo.lock"],
        id="orphans-in-a-circle",
    ),
    pytest.param(
        {"lock": ("-> alpha, dup 1.0.1, lib", "-> alpha, beta, dup 1.0.1, lib")},
        ["Cargo.lock:18:2 stale: Cargo.lock lists … as a dependency of `app`, … app/Cargo.toml does not require it"],
        id="edge-nobody-asks-for",
    ),
    pytest.param(
        {"lock": ("-> alpha, dup 1.0.1, lib", "-> alpha, dup 1.0.1")},
        ["app/Cargo.toml:7:1 stale: `app` depends on `lib`, but Cargo.lock does not list this dependency"],
        id="edge-missing-in-the-lock",
    ),
    pytest.param(
        {"lock": ("-> alpha, dup 1.0.1, lib", "-> alpha, dup 2.0.1, lib")},
        ["app/Cargo.toml:9:1 stale: `app` requires `dup ^1` from crates.io, but Cargo.lock has 2.0.1"],
        id="other-version-than-asked-for",
    ),
    pytest.param(
        {"lock": ("helper 0.3.0\n", "")},
        ["helper/Cargo.toml:2:1 stale: the package `helper` is not in Cargo.lock"],
        id="package-missing-in-the-lock",
    ),
    pytest.param(
        {"lock": ("helper 0.3.0\n", "helper 0.3.0\nlib 0.1.0\n")},
        ["Cargo.lock:19:2 stale: `app 0.1.0` is locked with … may be any of several locked packages"],
        id="second-entry-of-a-member",
    ),
    pytest.param(
        {
            "lock": ("beta 1.2.0 crates.io\n", "beta 1.2.0 crates.io\nbeta 1.3.0 crates.io\n"),
            "lib/Cargo.toml": ('dup = "2"', 'dup = "2"\nbeta = "1.3"'),
        },
        [
            "Cargo.lock:9:2 stale: `alpha 1.0.3` is locked with … may be any of several locked packages",
            "lib/Cargo.toml:8:1 stale: `lib` requires `beta ^1.3` from … 1.3.0) only for other packages",
        ],
        id="two-compatible-versions",
    ),
    pytest.param(
        {"lock": ("beta 1.2.0 crates.io\n", "")},
        ["Cargo.lock:9:2 stale: `alpha 1.0.3` is locked with the dependency `beta`, which is not locked"],
        id="edge-to-a-package-that-is-not-locked",
    ),
    pytest.param(
        {"lock": ("-> alpha, dup 1.0.1, lib", "-> alpha, dup 9.9.9, lib")},
        ["Cargo.lock:18:2 stale: `app 0.1.0` is locked with the dependency `dup 9.9.9`, which is not locked"],
        id="edge-of-a-member-to-a-version-that-is-not-locked",
    ),
    pytest.param(
        {"lock": ("-> beta, dup 2.0.1", "-> beta, dup")},
        ["Cargo.lock:10:2 stale: `alpha 1.0.3` is locked with … `dup`, which may be any of several locked packages"],
        id="ambiguous-edge",
    ),
    pytest.param(
        {
            "lock": (
                "-> beta, dup 2.0.1\napp 0.1.0 -> alpha, dup 1.0.1, lib",
                "-> beta, dup\napp 0.1.0 -> alpha, dup, lib",
            )
        },
        ["Cargo.lock:18:2 stale: `app 0.1.0` and 1 more are locked with … `dup`, which may be any of several …"],
        id="ambiguous-edges",
    ),
    pytest.param(
        {"Cargo.lock": ""},
        ["Cargo.lock:1:1 stale: none of the 3 packages of this … to another workspace, or was emptied"],
        id="empty-lock",
    ),
    pytest.param(
        {"Cargo.lock": 'version = 4\n\n[[package]]\nname = "other"\nversion = "0.1.0"\n'},
        ["Cargo.lock:1:1 stale: none of the 3 packages of this … to another workspace, or was emptied"],
        id="lock-of-another-workspace",
    ),
    pytest.param(
        {
            "Cargo.toml": (
                'exclude = ["helper"]',
                'exclude = ["helper", "fork"]\n\n[patch.crates-io]\nbeta = { path = "fork" }',
            ),
            "fork/Cargo.toml": '[package]\nname = "beta"\nversion = "1.2.0"\n',
            "fork/src/lib.rs": "",
        },
        ["Cargo.toml:7:1 stale: `[patch]` provides `beta 1.2.0` from the … still has it from crates.io"],
        id="patch-of-a-locked-version",
    ),
    pytest.param(
        {
            "Cargo.toml": (
                'exclude = ["helper"]',
                'exclude = ["helper", "fork"]\n\n[patch.crates-io]\nbeta = { path = "fork" }',
            ),
            "fork/Cargo.toml": '[package]\nname = "beta"\nversion = "9.0.0"\n',
            "fork/src/lib.rs": "",
        },
        ["Cargo.toml:7:1 stale: nothing uses `beta 9.0.0`, which … not list it under `[[patch.unused]]`"],
        id="patch-that-nothing-uses",
    ),
    pytest.param(
        {
            "Cargo.toml": (
                'exclude = ["helper"]',
                'exclude = ["helper"]\n\n[patch.crates-io]\nbeta = { git = "https://git.example/beta" }',
            )
        },
        ["Cargo.toml:7:1 stale: `[patch]` provides `beta` from git … but Cargo.lock does not contain it"],
        id="git-patch-not-locked",
    ),
    pytest.param(
        {
            "Cargo.lock": (
                'name = "helper"\nversion = "0.3.0"\n',
                UNUSED,
            )
        },
        ["Cargo.lock:44:9 stale: Cargo.lock lists `beta 9.0.0` as an … but `[patch]` has no unused entry for it"],
        id="patch-gone",
    ),
    pytest.param(
        {
            "Cargo.toml": (
                'exclude = ["helper"]',
                'exclude = ["helper", "fork"]\n\n[replace]\n"beta:1.2.0" = { path = "fork" }',
            ),
            "fork/Cargo.toml": '[package]\nname = "beta"\nversion = "1.2.0"\n',
            "fork/src/lib.rs": "",
        },
        ["Cargo.lock:22:3 stale: `[replace]` replaces `beta 1.2.0`, but Cargo.lock does not"],
        id="replace-not-locked",
    ),
    pytest.param(
        {
            "Cargo.toml": ('exclude = ["helper"]', 'exclude = ["helper"]\n\n[workspace.dependencies]\ndup = "3"'),
            "app/Cargo.toml": ('dup = "1"', "dup.workspace = true"),
            "lib/Cargo.toml": ('dup = "2"', "dup.workspace = true"),
        },
        [
            "Cargo.toml:7:1 stale: `app` requires `dup ^3` from crates.io, but Cargo.lock has 1.0.1",
            "Cargo.toml:7:1 stale: `lib` requires `dup ^3` from crates.io, but Cargo.lock has 2.0.1",
        ],
        id="inherited-requirement",
    ),
    pytest.param(
        {
            "Cargo.toml": ('exclude = ["helper"]', 'exclude = ["helper"]\n\n[workspace.package]\nversion = "0.5.0"'),
            "app/Cargo.toml": ('version = "0.1.0"', "version.workspace = true"),
            "lib/Cargo.toml": ('version = "0.2.0"', "version.workspace = true"),
        },
        ["Cargo.toml:7:1 stale: `app` is at version 0.5.0, but … 0.1.0; 1 more inherits this version"],
        id="inherited-version",
    ),
]

REV = "8d3b4f1c8d3b4f1c8d3b4f1c8d3b4f1c8d3b4f1c"
OTHER_TOOLS = f"git+https://git.example/tools?rev={REV.upper()}#{REV[::-1]}"
PATCHED = {
    "Cargo.toml": (
        'exclude = ["helper"]',
        f'exclude = ["helper"]\n\n[patch.crates-io]\nbeta = {{ git = "https://git.example/beta", rev = "{REV}" }}',
    )
}

FORKED = (
    'exclude = ["helper"]',
    'exclude = ["helper", "fork"]\n\n[patch.crates-io]\nbeta = { path = "fork" }',
)
FROM_GIT = "git+https://git.example/tools?rev=OLD#8d3b4f1c8d3b4f1c8d3b4f1c8d3b4f1c8d3b4f1c"
MANY_PATCHES = """exclude = ["helper"]

[patch.crates-io]
alpha = { git = "https://git.example/tools.git", rev = "NEW" }
beta = { git = "https://git.example/tools", rev = "NEW" }
"""
REPLACED = lock(f"{LOCKED.replace('-> beta', f'-> beta 1.3.0 ({CRATES_IO})')}beta 1.3.0").replace(
    f'"1.2.0"\nsource = "{CRATES_IO}"', f'"1.3.0"\nsource = "{CRATES_IO}"\nreplace = "beta 1.3.0"'
)

STALE += [
    *(
        pytest.param(
            {
                "Cargo.toml": FORKED,
                "fork/Cargo.toml": package("beta", bumped),
                "lock": ("beta 1.2.0 crates.io", "beta 1.2.0"),
            },
            [f"fork/Cargo.toml:3:1 stale: `beta` is at version {bumped}, but Cargo.lock has it at 1.2.0"],
            id=f"bumped-patch-{name}",
        )
        for name, bumped in (("compatible", "1.2.1"), ("incompatible", "2.5.0"))
    ),
    pytest.param(
        {
            "Cargo.toml": FORKED,
            "fork/Cargo.toml": package("beta", "2.5.0"),
            "app/Cargo.toml": ('dup = "1"', 'dup = "1"\nbeta = "2"'),
            "lock": (
                "app 0.1.0 -> alpha, dup 1.0.1, lib\nbeta 1.2.0 crates.io",
                "app 0.1.0 -> alpha, beta, dup 1.0.1, lib\nbeta 1.2.0",
            ),
        },
        ["fork/Cargo.toml:3:1 stale: `beta` is at version 2.5.0, but Cargo.lock has it at 1.2.0"],
        id="bumped-patch-and-requirement",
    ),
    pytest.param(
        {"lock": ("beta 1.2.0 crates.io", "beta 1.2.0")},
        ["Cargo.lock:9:2 stale: `alpha 1.0.3` is locked with … is in no folder that a manifest or `[patch]` names"],
        id="removed-path-patch",
    ),
    pytest.param(
        {
            "Cargo.toml": ('"lib"]', '"lib", "beta"]'),
            "beta/Cargo.toml": package("beta", "1.2.0"),
            "lock": ("beta 1.2.0 crates.io", "beta 1.2.0"),
        },
        ["Cargo.lock:23:1 stale: `alpha 1.0.3`, a crate of …, but … has `beta 1.2.0` from a folder of this workspace"],
        id="removed-path-patch-to-a-member",
    ),
    pytest.param(
        {"app/Cargo.toml": ('{ path = "../lib" }', '"0.2"')},
        ["Cargo.lock:…:1 stale: `app` requires `lib ^0.2` from crates.io, but … from a folder of this workspace"],
        id="path-dependency-moved-to-a-registry",
    ),
    pytest.param(
        {
            "Cargo.toml": ('exclude = ["helper"]\n', MANY_PATCHES.replace("alpha", "a-b").replace("beta", "b-c")),
            "Cargo.lock": WORKSPACE["Cargo.lock"]
            + "".join(
                f'\n[[patch.unused]]\nname = "{name}"\nversion = "1.0.0"\nsource = "{FROM_GIT}"\n'
                for name in ("a-b", "b-c")
            ),
        },
        ["Cargo.toml:7:1 stale: `[patch]` provides `a-b` from … (rev NEW), … from the rev OLD; … of 1 more package"],
        id="other-reference-of-unused-patches",
    ),
    pytest.param(
        {
            "app/Cargo.toml": ('alpha = "1.0"', 'alpha = { git = "https://git.example/tools", tag = "v2" }'),
            "lock": ("alpha 1.0.3 crates.io", f"alpha 1.0.3 {FROM_GIT}"),
        },
        ["app/Cargo.toml:8:1 stale: `app` requires `alpha` from … (tag v2), but … `alpha 1.0.3` from the rev OLD"],
        id="other-reference",
    ),
    pytest.param(
        {
            "app/Cargo.toml": ('alpha = "1.0"', 'alpha = { git = "https://git.example/tools", version = "2" }'),
            "lock": ("alpha 1.0.3 crates.io", f"alpha 1.0.3 {FROM_GIT.replace('?rev=OLD', '?branch=main')}"),
        },
        ["app/Cargo.toml:8:1 stale: `app` requires `alpha ^2` from …, but … `alpha 1.0.3` from the branch main"],
        id="other-reference-and-version",
    ),
    pytest.param(
        {
            "app/Cargo.toml": (
                'alpha = "1.0"\ndup = "1"',
                "".join(
                    f'{name} = {{ git = "https://git.example/tools", rev = "NEW" }}\n' for name in ("alpha", "dup")
                ),
            ),
            "lib/Cargo.toml": ('dup = "2"', 'dup = "2"\nbeta = { git = "https://git.example/tools", rev = "NEW" }'),
            "Cargo.lock": lock(
                f"""
alpha 1.0.3 {FROM_GIT} -> beta
app 0.1.0 -> alpha, dup 1.0.1, lib
beta 1.2.0 {FROM_GIT}
dup 1.0.1 {FROM_GIT}
dup 2.0.1 crates.io
helper 0.3.0
lib 0.2.0 -> beta, dup 2.0.1, helper
"""
            ),
        },
        ["app/Cargo.toml:8:1 stale: `app` requires `alpha` from … (rev NEW), …; the same is true of 2 more packages"],
        id="other-reference-of-many",
    ),
    pytest.param(
        {
            "Cargo.toml": ('exclude = ["helper"]\n', MANY_PATCHES),
            "Cargo.lock": lock(
                f"""
alpha 1.0.3 {FROM_GIT} -> beta, dup 2.0.1
app 0.1.0 -> alpha, dup 1.0.1, lib
beta 1.2.0 {FROM_GIT}
dup 1.0.1 crates.io -> beta
dup 2.0.1 crates.io
helper 0.3.0
lib 0.2.0 -> dup 2.0.1, helper
"""
            ),
        },
        ["Cargo.toml:7:1 stale: `[patch]` provides `alpha` from … (rev NEW), … the rev OLD; … true of 1 more package"],
        id="other-reference-of-patches",
    ),
    pytest.param(
        {
            "Cargo.toml": (
                'exclude = ["helper"]',
                'exclude = ["helper", "fork"]\n\n[replace]\n"beta:1.2.0" = { path = "fork" }',
            ),
            "fork/Cargo.toml": package("beta", "1.2.0"),
            "Cargo.lock": REPLACED,
        },
        ["fork/Cargo.toml:3:1 stale: `beta` is at version 1.2.0, but Cargo.lock has it at 1.3.0"],
        id="bumped-replacement",
    ),
    pytest.param(
        {
            "Cargo.toml": (
                'exclude = ["helper"]',
                'exclude = ["helper", "fork"]\n\n[replace]\n"beta:1.3.0" = { path = "fork" }',
            ),
            "fork/Cargo.toml": package("beta", "1.4.0"),
            "Cargo.lock": REPLACED,
        },
        ["Cargo.toml:7:1 bad-manifest: `[replace]` requires version 1.3.0 of `beta`, but … is at version 1.4.0"],
        id="replacement-of-another-version",
    ),
]

FOREIGN_SOURCE = [
    pytest.param(
        {
            "Cargo.toml": (
                'exclude = ["helper"]',
                f'exclude = ["helper"]\n\n[patch."{url}"]\nbeta = {{ git = "https://git.example/b", rev = "{REV}" }}',
            ),
            "lock": ("beta 1.2.0 crates.io", f"beta 1.2.0 git+https://git.example/b?rev={REV}#{REV}"),
        },
        ["Cargo.lock:25:1 foreign-source: `alpha 1.0.3`, a crate of … repository https://git.example/b (rev …)"],
        id=f"patch-of-{name}",
    )
    for name, url in (("git", "https://git.example/other"), ("another-registry", "https://other.example/index"))
] + [
    *(
        pytest.param(
            {**PATCHED, "lock": ("beta 1.2.0 crates.io", f"beta 1.2.0 git+https://git.example/beta?rev={REV}{commit}")},
            ["Cargo.lock:25:1 no-commit: `beta 1.2.0` from git … is locked without a full commit"],
            id=f"git-with-{name}",
        )
        for name, commit in (("no-commit", ""), ("a-short-commit", "#8d3b4f1"), ("no-hexadecimal", f"#{'x' * 40}"))
    ),
    pytest.param(
        {**PATCHED, "lock": ("beta 1.2.0 crates.io", f"beta 1.2.0 git+https://git.example/beta?rev={REV}#{REV[::-1]}")},
        [f"Cargo.lock:25:1 foreign-source: `beta 1.2.0` from … (rev {REV}) is locked at another commit, {REV[::-1]}"],
        id="patch-at-another-commit-than-its-rev",
    ),
    pytest.param(
        {
            "app/Cargo.toml": (
                'dup = "1"\n',
                f'dup = "1"\ntools = {{ git = "https://git.example/tools", rev = "{REV.upper()}" }}\n',
            ),
            "lock": (
                "-> alpha, dup 1.0.1, lib",
                f"-> alpha, dup 1.0.1, lib, tools\ninner 0.1.0 {OTHER_TOOLS}\ntools 1.2.0 {OTHER_TOOLS} -> inner",
            ),
        },
        [f"Cargo.lock:26:1 foreign-source: `inner 0.1.0` and 1 more … are locked at another commit, {REV[::-1]}"],
        id="packages-of-a-repository-at-another-commit-than-their-rev",
    ),
    pytest.param(
        {
            "app/Cargo.toml": (
                'dup = "1"\n',
                f'dup = "1"\ntools = {{ git = "https://git.example/tools", rev = "{REV}" }}\n',
            ),
            "lock": (
                "-> alpha, dup 1.0.1, lib",
                f"-> alpha, dup 1.0.1, lib, tools\ntools 1.2.0 git+https://git.example/tools?rev={REV}#{REV[:8]}",
            ),
        },
        ["Cargo.lock:26:1 no-commit: `tools 1.2.0` from … is locked without a full commit"],
        id="direct-dependency-with-a-short-commit",
    ),
    pytest.param(
        {"lock": ("alpha 1.0.3 crates.io", f"alpha 1.0.3 git+https://git.example/evil?rev={REV}")},
        ["Cargo.lock:6:1 foreign-source: `app` requires `alpha ^1.0` … repository https://git.example/evil…"],
        id="foreign-source-without-a-commit",
    ),
    pytest.param(
        {
            "lock": (
                "alpha 1.0.3 crates.io",
                "alpha 1.0.3 git+https://git.example/evil#8d3b4f1c8d3b4f1c8d3b4f1c8d3b4f1c8d3b4f1c",
            )
        },
        ["Cargo.lock:6:1 foreign-source: `app` requires `alpha ^1.0` … repository https://git.example/evil"],
        id="direct-dependency-from-git",
    ),
    pytest.param(
        {
            "lock": (
                "beta 1.2.0 crates.io",
                "beta 1.2.0 git+https://git.example/evil#8d3b4f1c8d3b4f1c8d3b4f1c8d3b4f1c8d3b4f1c",
            )
        },
        ["Cargo.lock:25:1 foreign-source: `alpha 1.0.3`, a crate of … repository https://git.example/evil"],
        id="transitive-dependency-from-git",
    ),
    pytest.param(
        {"lock": ("beta 1.2.0 crates.io", "beta 1.2.0 other")},
        ["Cargo.lock:25:1 foreign-source: `alpha 1.0.3`, a crate of … registry https://other.example/index"],
        id="transitive-dependency-from-another-registry",
    ),
    pytest.param(
        {"lock": ("beta 1.2.0 crates.io", "beta 1.2.0")},
        ["Cargo.lock:9:2 stale: `alpha 1.0.3` is locked with … is in no folder that a manifest or `[patch]` names"],
        id="crate-without-a-source",
    ),
    pytest.param(
        {"lock": ("alpha 1.0.3 crates.io", "alpha 1.0.3")},
        ["Cargo.lock:15:2 stale: `app 0.1.0` is locked with … is in no folder that a manifest or `[patch]` names"],
        id="direct-dependency-without-a-source",
    ),
    pytest.param(
        {"lock": ("helper 0.3.0\n", "helper 0.3.0 crates.io\n")},
        ["Cargo.lock:43:1 foreign-source: `helper` is in the folder … has `helper 0.3.0` from crates.io"],
        id="member-from-crates.io",
    ),
    pytest.param(
        {"app/Cargo.toml": ('alpha = "1.0"', 'alpha = { git = "https://git.example/alpha" }')},
        ["Cargo.lock:6:1 foreign-source: `app` requires `alpha` from … has `alpha 1.0.3` from crates.io"],
        id="dependency-moved-to-git",
    ),
    pytest.param(
        {"lock": ("beta 1.2.0 crates.io", "beta 1.2.0 sparse+https://index.crates.io/")},
        ["Cargo.lock:25:1 foreign-source: `alpha 1.0.3`, a crate of … sparse+https://index.crates.io/"],
        id="sparse-crates.io",
    ),
]

CURRENT = [
    pytest.param(
        {**PATCHED, "lock": ("beta 1.2.0 crates.io", f"beta 1.2.0 git+https://git.example/beta?rev={REV}#{REV}")},
        id="patch-at-the-commit-of-its-rev",
    ),
    pytest.param(
        {
            **PATCHED,
            "lock": ("beta 1.2.0 crates.io", f"beta 1.2.0 git+https://git.example/beta?rev={REV}#{REV.upper()}"),
        },
        id="commit-in-upper-case",
    ),
    pytest.param({}, id="untouched"),
    pytest.param({"app/Cargo.toml": ('alpha = "1.0"', 'alpha = ">=0.9, <2"')}, id="looser-requirement"),
    pytest.param({"app/Cargo.toml": ('alpha = "1.0"', 'alpha = "1.0.3+build"')}, id="build-metadata-in-a-requirement"),
    pytest.param({"app/Cargo.toml": ('alpha = "1.0"', 'al = { package = "alpha", version = "1.0" }')}, id="rename"),
    pytest.param(
        {"app/Cargo.toml": ('alpha = "1.0"\ndup = "1"\n', 'dup = "1"\n\n[dev-dependencies]\nalpha = "1.0"\n')},
        id="move-to-dev",
    ),
    pytest.param(
        {"app/Cargo.toml": ('alpha = "1.0"', 'alpha = { version = "1.0", optional = true }')}, id="made-optional"
    ),
    pytest.param(
        {"app/Cargo.toml": ('alpha = "1.0"', 'alpha = { version = "1.0", registry = "crates-io" }')},
        id="registry-crates-io",
    ),
    pytest.param(
        {
            "app/Cargo.toml": (
                'alpha = "1.0"',
                'alpha = { version = "1.0", registry-index = "https://github.com/rust-lang/crates.io-index" }',
            )
        },
        id="registry-index",
    ),
    pytest.param(
        {
            "app/Cargo.toml": (
                'alpha = "1.0"\ndup = "1"\n',
                'dup = "1"\n\n[target."cfg(any())".dependencies]\nalpha = "1.0"\n',
            )
        },
        id="target",
    ),
    pytest.param(
        {
            "helper/Cargo.toml": (
                'edition = "2021"\n',
                'edition = "2021"\n\n[dev-dependencies]\ngamma = "1"\nfar = { path = "nowhere" }\n',
            )
        },
        id="dev-dependency-of-a-non-member",
    ),
    pytest.param(
        {
            "helper/Cargo.toml": (
                'edition = "2021"\n',
                OFF,
            )
        },
        id="optional-dependency-of-a-non-member",
    ),
    pytest.param({"lock": ("helper 0.3.0\n", "helper 0.3.0\norphan 1.0.0\n")}, id="orphan-without-source"),
    pytest.param({"lock": ("-> alpha, dup 1.0.1, lib", "-> alpha, dup 1.0.1, ghost, lib")}, id="edge-to-nothing"),
    pytest.param(
        {
            "lock": (
                "-> beta, dup 2.0.1",
                "-> beta 1.2.0 (registry+https://github.com/rust-lang/crates.io-index), dup 2.0.1",
            )
        },
        id="long-edges",
    ),
    pytest.param({"lock": ("-> beta, dup 2.0.1", "-> beta, dup 2.0.1, dup 2.0.1")}, id="edge-twice"),
    pytest.param({"lock": ("-> alpha, dup 1.0.1, lib", "-> lib, dup 1.0.1, alpha")}, id="unsorted"),
    pytest.param(
        {
            "Cargo.lock": (
                'version = "1.2.0"\nsource = "registry+https://github.com/rust-lang/crates.io-index"',
                'version = "1.2.0"\nsource = "registry+https://GitHub.com/Rust-Lang/crates.io-index/"',
            )
        },
        id="slash-and-case-of-the-registry",
    ),
    pytest.param({"Cargo.lock": ("version = 4\n", 'version = 4\nmetadata = { x = "y" }\nz = 1\n')}, id="unknown-keys"),
    pytest.param({"Cargo.lock": ("version = 4\n", "version = 0x4\n")}, id="hexadecimal-format"),
    pytest.param({"Cargo.lock": ("version = 4\n", "version = 3\n")}, id="format-3"),
    pytest.param({"Cargo.lock": ("version = 4\n", "")}, id="format-2"),
    pytest.param({"Cargo.lock": ("version = 4\n", "# <<<<<<< HEAD\nversion = 4\n")}, id="commented-conflict"),
    pytest.param(
        {
            "Cargo.toml": (
                'exclude = ["helper"]',
                'exclude = ["helper", "fork"]\n\n[patch.crates-io]\nbeta = { path = "fork" }',
            ),
            "fork/Cargo.toml": '[package]\nname = "beta"\nversion = "9.0.0"\n',
            "fork/src/lib.rs": "",
            "Cargo.lock": (
                'name = "helper"\nversion = "0.3.0"\n',
                'name = "helper"\nversion = "0.3.0"\n\n[[patch.unused]]\nname = "beta"\nversion = "9.0.0"\n',
            ),
        },
        id="patch-of-another-version,-listed",
    ),
    pytest.param(
        {
            "Cargo.toml": (
                'exclude = ["helper"]',
                'exclude = ["helper", "fork"]\n\n[patch.crates-io]\nbeta = { path = "fork" }',
            ),
            "fork/Cargo.toml": '[package]\nname = "beta"\nversion = "1.2.0"\n',
            "fork/src/lib.rs": "",
            "lock": ("beta 1.2.0 crates.io", "beta 1.2.0"),
        },
        id="path-patch",
    ),
    pytest.param(
        {
            "app/Cargo.toml": ('dup = "1"', 'dup = "1"\ndup2 = { package = "dup", version = "2" }'),
            "lock": ("-> alpha, dup 1.0.1, lib", "-> alpha, dup 1.0.1, dup 2.0.1, lib"),
        },
        id="two-names-for-one-crate",
    ),
    pytest.param(
        {
            "app/Cargo.toml": ('dup = "1"\n', 'dup = "1"\n\n[dev-dependencies]\napp = { path = "." }\n'),
            "lock": ("-> alpha, dup 1.0.1, lib", "-> alpha, app, dup 1.0.1, lib"),
        },
        id="dev-dependency-on-itself",
    ),
    pytest.param({"Cargo.toml": ('exclude = ["helper"]', 'exclude = ["helper", "lib"]')}, id="members-excluded"),
    pytest.param({"Cargo.toml": ('["app", "lib"]', '["a*", "[l]ib"]')}, id="glob"),
    pytest.param(
        {"app/Cargo.toml": ('alpha = "1.0"\ndup = "1"\n', 'dup = "1"\n\n[dev_dependencies]\nalpha = "1.0"\n')},
        id="legacy-spelling",
    ),
    pytest.param({"app/Cargo.toml": ("[package]", "[project]")}, id="project"),
]


@pytest.mark.parametrize(("changes", "expected"), STALE)
def test_stale(folder: Path, changes: Changes, expected: Sequence[str]) -> None:
    write(folder, changed(WORKSPACE, changes))
    assert matches(found("Cargo.toml"), expected), found("Cargo.toml")


@pytest.mark.parametrize(("changes", "expected"), FOREIGN_SOURCE)
def test_foreign_source(folder: Path, changes: Changes, expected: Sequence[str]) -> None:
    write(folder, changed(WORKSPACE, changes))
    assert matches(found("Cargo.toml"), expected), found("Cargo.toml")


@pytest.mark.parametrize("changes", CURRENT)
def test_current(folder: Path, changes: Changes) -> None:
    write(folder, changed(WORKSPACE, changes))
    assert found("Cargo.toml") == []


def test_package_outside_of_the_workspace(folder: Path) -> None:
    write(folder, changed(WORKSPACE, {"app/Cargo.toml": ('dup = "1"', 'dup = "1"\nfar = { path = "../../far" }')}))
    write(folder.parent, {"far/Cargo.toml": package("far")})
    assert found("Cargo.toml") == [
        f"{folder.parent.as_posix()}/far/Cargo.toml:2:1 stale: the package `far` is not in Cargo.lock"
    ]


def test_version_that_many_members_inherit(folder: Path) -> None:
    names = [f"member-{number}" for number in range(27)]
    manifest = '[package]\nname = "NAME"\nversion.workspace = true\n'
    write(
        folder,
        {
            "Cargo.toml": '[workspace]\nmembers = ["crates/*"]\n\n[workspace.package]\nversion = "1.3.0"\n',
            "Cargo.lock": lock("\n".join(f"{name} 1.2.0" for name in sorted(names))),
            **{f"crates/{name}/Cargo.toml": manifest.replace("NAME", name) for name in names},
        },
    )
    expected = "Cargo.toml:5:1 stale: `member-0` is at version 1.3.0, …has it at 1.2.0; 26 more inherit this version"
    assert matches(found("Cargo.toml"), [expected])


_BUMPED = {
    "Cargo.toml": '[workspace]\nmembers = ["*"]\n',
    "Cargo.lock": lock("a 0.1.0\nb 0.1.0\nc 0.1.0\nd 0.2.0\ne 0.1.0"),
    **{f"{name}/Cargo.toml": package(name, "0.3.0") for name in "abcd"},
    "e/Cargo.toml": package("e", "0.1.1"),
}


@pytest.mark.parametrize(
    ("name", "place"), [("Cargo.lock", "a"), ("c/Cargo.toml", "c"), ("d/Cargo.toml", "a"), ("b/Cargo.toml", "b")]
)
def test_version_that_many_members_changed_alike(folder: Path, name: str, place: str) -> None:
    write(folder, _BUMPED)
    more = "the same is true of 2 more packages"
    assert matches(
        found(name),
        [
            f"{place}/Cargo.toml:3:1 stale: `{place}` is at version 0.3.0, but Cargo.lock has it at 0.1.0; {more}",
            "d/Cargo.toml:3:1 stale: `d` is at version 0.3.0, but Cargo.lock has it at 0.2.0",
            "e/Cargo.toml:3:1 stale: `e` is at version 0.1.1, but Cargo.lock has it at 0.1.0",
        ],
    ), found(name)


@pytest.mark.parametrize("names", ["Cargo.lock", "a/Cargo.toml", "b/Cargo.toml", "c/Cargo.toml", " ".join(_BUMPED)])
def test_comment_at_one_place_of_many(folder: Path, names: str) -> None:
    comment = "# dunnage: ignore[cargo-lock/stale] released together"
    write(folder, _BUMPED)
    write(folder, {"b/Cargo.toml": package("b", "0.3.0").replace("edition", f"{comment}\nedition")})
    assert any("comment silences no finding" in line for line in found(*names.split()))
    write(folder, {"b/Cargo.toml": package("b", "0.3.0").replace("version", f"{comment}\nversion")})
    assert matches(found(*names.split()), ["d/Cargo.toml:3:1 stale: …", "e/Cargo.toml:3:1 stale: …"])


def test_dependency_that_many_members_add(folder: Path) -> None:
    inherited = "[dependencies]\nalpha.workspace = true\n"
    files = {
        "Cargo.toml": '[workspace]\nmembers = ["*"]\n\n[workspace.dependencies]\nalpha = "2"\n',
        "Cargo.lock": lock("a 0.1.0\nb 0.1.0\nc 0.1.0\nd 0.1.0\nutil 0.1.0"),
        **{f"{name}/Cargo.toml": package(name, rest=inherited) for name in "abc"},
        "d/Cargo.toml": package("d", rest='[dependencies]\nalpha = "3"\nutil = { path = "../util" }\n'),
        "util/Cargo.toml": package("util"),
    }
    write(folder, files)
    others = [
        "d/Cargo.toml:6:1 stale: `d` requires `alpha ^3` from crates.io, but Cargo.lock has no `alpha`",
        "d/Cargo.toml:7:1 stale: `d` depends on `util`, but Cargo.lock does not list this dependency",
    ]
    grouped = "6:1 stale: `{0}` and 2 more require `alpha ^2` from crates.io, but Cargo.lock has no `alpha`"
    assert found("a/Cargo.toml") == [f"a/Cargo.toml:{grouped.format('a')}", *others]
    assert found("b/Cargo.toml") == [f"b/Cargo.toml:{grouped.format('b')}", *others]
    write(folder, {"c/Cargo.toml": package("c", rest='[dependencies]\nutil = { path = "../util" }\n')})
    util = "`c` and 1 more depend on `util`, but Cargo.lock does not list this dependency"
    assert f"c/Cargo.toml:6:1 stale: {util}" in found("a/Cargo.toml")
    twice = '[dependencies]\nalpha = "4"\n[dev-dependencies]\nalpha = "4"\n'
    write(folder, {"c/Cargo.toml": package("c", rest=twice)})
    line = "c/Cargo.toml:6:1 stale: `c` requires `alpha ^4` from crates.io, but Cargo.lock has no `alpha`"
    assert [each for each in found("a/Cargo.toml") if "`c`" in each] == [line]


def test_requirement_that_many_members_inherit(folder: Path) -> None:
    names = [f"member-{number}" for number in range(5)]
    manifest = "[dependencies]\nalpha.workspace = true\n"
    write(
        folder,
        {
            "Cargo.toml": '[workspace]\nmembers = ["*"]\n\n[workspace.dependencies]\nalpha = "2"\n',
            "Cargo.lock": lock("alpha 1.0.0 crates.io\n" + "\n".join(f"{name} 0.1.0 -> alpha" for name in names)),
            **{f"{name}/Cargo.toml": package(name, rest=manifest) for name in names},
        },
    )
    assert matches(found("Cargo.toml"), ["Cargo.toml:5:1 stale: `member-0` and 4 more require `alpha ^2` …has 1.0.0"])


def test_patch_of_what_many_depend_on(folder: Path) -> None:
    names = [f"member-{number}" for number in range(5)]
    manifest = '[dependencies]\nalpha = "1"\n'
    write(
        folder,
        {
            "Cargo.toml": '[workspace]\nmembers = ["member-*"]\n\n[patch.crates-io]\nalpha = { path = "fork" }\n',
            "fork/Cargo.toml": package("alpha", "1.0.0"),
            "Cargo.lock": lock("alpha 1.0.0 crates.io\n" + "\n".join(f"{name} 0.1.0 -> alpha" for name in names)),
            **{f"{name}/Cargo.toml": package(name, rest=manifest) for name in names},
        },
    )
    assert matches(
        found("Cargo.toml"), ["Cargo.toml:5:1 stale: `[patch]` provides `alpha 1.0.0` from the folder fork…"]
    )


def test_many_findings_take_linear_time(folder: Path) -> None:
    def run(number: int) -> None:
        dependencies = "".join(f'crate-{index} = "{1 + index % 2}"\n' for index in range(number))
        crates = "".join(f"crate-{index} 1.0.0 crates.io\n" for index in range(number))
        edges = ", ".join(f"crate-{index}" for index in range(number))
        files = {
            "Cargo.toml": package("app", rest=f"[dependencies]\n{dependencies}"),
            "Cargo.lock": lock(f"app 0.1.0 -> {edges}\n{crates}"),
        }
        write(folder, files)
        assert len(found("Cargo.toml")) == number / 2

    assert_linear(run, 300)
