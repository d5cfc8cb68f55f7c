"""check-build-sandbox: code that compiles can reach nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from dunnage.check_build_sandbox import check, main
from dunnage.ci import repository_files
from dunnage.files.source import Tree
from dunnage.frame.finding import Finding
from dunnage.frame.options import Options
from repository import write, write_tracked
from steps import steps

pytestmark = pytest.mark.usefixtures("repository")

SCRIPT = "#!/bin/sh\n"
COMPILING = (
    "docker run --network=none --read-only --tmpfs /tmp --security-opt no-new-privileges {} rust cargo build --frozen\n"
)


def findings(name: str, text: str) -> list[Finding]:
    """What is found in a file."""
    write(name, text)
    return list(check([name], Tree(), Options()))


def found(name: str, text: str) -> list[str]:
    """What is found in a file: `line:column rule`, the rule without its concern."""
    tree = Tree()
    return [
        "{}:{} {}".format(*tree.position(each.path, each.span.start), each.rule.id.removeprefix("build-sandbox/"))
        for each in findings(name, text)
    ]


def help_of(name: str, text: str) -> str:
    """The help of the only finding in a file."""
    (finding,) = findings(name, text)
    return finding.help


# Images


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("RUN cargo build", ["2:5 network"], id="build"),
        pytest.param("RUN --network=none cargo build --frozen", [], id="none"),
        pytest.param("RUN --network=default cargo build", ["2:23 network"], id="default"),
        pytest.param("RUN --network=host cargo build", ["2:20 network"], id="host"),
        pytest.param("RUN cargo fetch --locked", [], id="fetch"),
        pytest.param("RUN cargo build && cargo test", ["2:5 network"], id="once-for-a-step"),
        pytest.param("RUN cargo build\nRUN cargo test", ["2:5 network", "3:5 network"], id="two-steps"),
        pytest.param("RUN <<EOF\nset -e\ncargo build\nEOF", ["4:1 network"], id="here-document"),
        pytest.param('RUN ["cargo", "build"]', ["2:6 network"], id="exec-form"),
        pytest.param("ONBUILD RUN cargo build", ["2:13 network"], id="onbuild"),
        pytest.param("RUN unshare -rn cargo build --offline", [], id="unshare"),
        pytest.param("RUN rustc -vV", [], id="version"),
        pytest.param("RUN maturin upload dist/*", [], id="upload"),
        pytest.param("RUN cargo chef prepare", [], id="chef-prepare"),
        pytest.param("RUN cargo chef cook --no-build", [], id="chef-no-build"),
        pytest.param("RUN cargo chef cook", ["2:5 network"], id="chef-cook"),
        pytest.param("RUN cargo install ripgrep@15.0.0 --locked", [], id="install-from-registry"),
        pytest.param("RUN cargo install --path . --locked", ["2:5 network"], id="install-path"),
        pytest.param("RUN cargo xwin build", [], id="downloads-an-sdk"),
        pytest.param("RUN nix develop -c cargo build", ["2:20 network"], id="nix"),
        pytest.param("CMD cargo run", [], id="command-of-the-image"),
        pytest.param("RUN maturin build --locked", ["2:5 network"], id="maturin"),
    ],
)
def test_a_step_with_network(text: str, expected: list[str]) -> None:
    assert found("Dockerfile", f"FROM rust\n{text}\n") == expected


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param(
            "RUN cargo build --release --locked",
            ["RUN cargo fetch --locked", "RUN --network=none cargo build --release --frozen"],
            id="build",
        ),
        pytest.param(
            "RUN cargo build --release",
            ["RUN cargo fetch", "RUN --network=none cargo build --frozen --release"],
            id="not-locked",
        ),
        pytest.param(
            "RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/target "
            "cargo build --locked",
            [
                "RUN cargo fetch --locked",
                "RUN --network=none --mount=type=cache,target=/target cargo build --frozen",
                (
                    "remove the cache mount of the registry: "
                    "BuildKit may empty it while it keeps the layer of the first step"
                ),
            ],
            id="cache-mounts",
        ),
        pytest.param(
            "RUN --mount=type=bind,target=. cargo build --locked",
            [
                "RUN --mount=type=bind,target=. cargo fetch --locked",
                "RUN --network=none --mount=type=bind,target=. cargo build --frozen",
            ],
            id="bind-mount",
        ),
        pytest.param(
            "RUN cargo chef cook --recipe-path recipe.json",
            [
                "RUN cargo chef cook --recipe-path recipe.json --no-build",
                "RUN cargo fetch",
                "RUN --network=none cargo chef cook --recipe-path recipe.json --offline",
            ],
            id="chef",
        ),
        pytest.param(
            "RUN cargo component build --locked",
            ["RUN cargo component fetch --locked", "RUN --network=none cargo component build --offline --locked"],
            id="component",
        ),
        pytest.param(
            "RUN cargo +nightly build --manifest-path a/Cargo.toml --locked",
            [
                "RUN cargo +nightly fetch --locked --manifest-path a/Cargo.toml",
                "RUN --network=none cargo +nightly build --manifest-path a/Cargo.toml --frozen",
            ],
            id="toolchain-and-manifest",
        ),
        pytest.param(
            "WORKDIR /src\nRUN cd api && cargo build --locked",
            [
                "RUN cd /src/api && cargo fetch --locked",
                "RUN --network=none cd /src/api && cargo build --frozen",
            ],
            id="another-folder",
        ),
        pytest.param(
            "RUN cd /opt/a/ && cargo build --locked",
            ["RUN cd /opt/a && cargo fetch --locked", "RUN --network=none cd /opt/a && cargo build --frozen"],
            id="another-folder-of-an-unknown-one",
        ),
        pytest.param(
            "RUN echo a && RUSTFLAGS=\"--cfg b\" \\\n    C='d' cargo build --locked",
            ["RUN … && cargo fetch --locked", "RUN --network=none RUSTFLAGS=\"--cfg b\" C='d' cargo build --frozen"],
            id="variables",
        ),
        pytest.param(
            "RUN /root/.cargo/bin/cargo build --locked",
            ["RUN /root/.cargo/bin/cargo fetch --locked", "RUN --network=none /root/.cargo/bin/cargo build --frozen"],
            id="path-of-cargo",
        ),
        pytest.param(
            "RUN CARGO_HOME=/c cargo build --locked",
            ["RUN CARGO_HOME=/c cargo fetch --locked", "RUN --network=none CARGO_HOME=/c cargo build --frozen"],
            id="variable-of-cargo",
        ),
        pytest.param(
            "RUN /usr/bin/mold -run cargo build --locked",
            [
                "RUN /usr/bin/mold -run cargo fetch --locked",
                "RUN --network=none /usr/bin/mold -run cargo build --frozen",
            ],
            id="wrapper",
        ),
        pytest.param(
            "RUN A=b env B=c \\\n  timeout 9 cargo build --locked",
            [
                "RUN env B=c timeout 9 cargo fetch --locked",
                "RUN --network=none A=b env B=c timeout 9 cargo build --frozen",
            ],
            id="wrappers-and-a-variable",
        ),
        pytest.param(
            "RUN bash -c 'nice cargo build --locked'",
            ["RUN nice cargo fetch --locked", "RUN --network=none nice cargo build --frozen"],
            id="wrapper-in-a-program",
        ),
        pytest.param(
            f"RUN cargo build --locked --features {'x' * 200}",
            [
                "RUN cargo fetch --locked",
                "RUN --network=none … the same command with `--frozen` in place of `--locked`",
            ],
            id="long",
        ),
        pytest.param(
            f"RUN cargo chef cook --recipe-path {'x' * 200}",
            [
                "RUN the same command with `--no-build` at its end",
                "RUN cargo fetch",
                "RUN --network=none … the same command with `--offline` at its end",
            ],
            id="long-chef",
        ),
        pytest.param(
            f"RUN wasm-pack build {'x' * 200}",
            [
                "RUN cargo fetch",
                "RUN --network=none … the same command with `CARGO_NET_OFFLINE=true` before it",
                "wasm-pack downloads wasm-bindgen if it is not installed: install it first",
            ],
            id="long-tool",
        ),
        pytest.param(
            f"RUN cargo build --frozen --features {'x' * 200}",
            ["RUN cargo fetch --locked", "RUN --network=none … the same command"],
            id="long-and-offline",
        ),
        pytest.param(
            "RUN --mount=type=bind,rw,target=. cargo build",
            [
                "RUN --mount=type=bind,rw,target=. cargo fetch",
                "RUN --network=none --mount=type=bind,rw,target=. cargo build --offline",
            ],
            id="bind-mount-without-a-lock",
        ),
        pytest.param(
            "RUN cargo build --manifest-path=a/Cargo.toml",
            [
                "RUN cargo fetch --manifest-path=a/Cargo.toml",
                "RUN --network=none cargo build --frozen --manifest-path=a/Cargo.toml",
            ],
            id="manifest-in-one-word",
        ),
        pytest.param(
            "RUN unset B; b='cargo build'; $b --locked",
            ["RUN cargo fetch --locked", "RUN --network=none CARGO_NET_OFFLINE=true $b --locked"],
            id="words-of-a-variable",
        ),
        pytest.param(
            "RUN set -e; mkdir src && touch src/lib.rs && cargo build",
            ["RUN … && cargo fetch", "RUN --network=none cargo build --frozen"],
            id="sources-in-place-of-others",
        ),
        pytest.param(
            "RUN wasm-pack build",
            [
                "RUN cargo fetch",
                "RUN --network=none CARGO_NET_OFFLINE=true wasm-pack build",
                "wasm-pack downloads wasm-bindgen if it is not installed: install it first",
            ],
            id="wasm-pack",
        ),
        pytest.param(
            "RUN xx-cargo build --locked",
            [
                "RUN cargo fetch --locked",
                "RUN --network=none xx-cargo build --frozen",
                "xx-cargo installs the target if it is missing: run `xx-cargo --setup-target-triple` first",
            ],
            id="xx-cargo",
        ),
    ],
)
def test_the_help_splits_the_step(text: str, lines: list[str]) -> None:
    assert help_of("Dockerfile", f"FROM rust\n{text}\n").splitlines()[1:] == lines


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("cargo build --locked", ["2:20 not-offline"], id="locked"),
        pytest.param("cargo build --offline", [], id="offline"),
        pytest.param("cargo build --frozen", [], id="frozen"),
        pytest.param("cargo build $FLAGS", [], id="unknown-options"),
        pytest.param("cargo build --target $TARGET", ["2:20 not-offline"], id="unknown-value"),
        pytest.param("CARGO_NET_OFFLINE=true cargo build", [], id="variable"),
        pytest.param("CARGO_NET_OFFLINE=false cargo build", ["2:44 not-offline"], id="variable-is-false"),
        pytest.param("cargo --config net.offline=true build", [], id="configuration-in-an-option"),
        pytest.param("cargo build --config 'net.offline = true'", [], id="configuration-with-blanks"),
        pytest.param("cargo build --config net.offline=false", ["2:20 not-offline"], id="configuration-is-false"),
        pytest.param("cargo component build --frozen", ["2:20 not-offline"], id="component-frozen"),
        pytest.param("CARGO_NET_OFFLINE=true cargo component build", ["2:43 not-offline"], id="component-variable"),
        pytest.param("cargo component build --locked --offline", [], id="component-offline"),
        pytest.param("cargo chef cook", ["2:20 not-offline"], id="chef"),
        pytest.param("cargo metadata", [], id="compiles-nothing"),
    ],
)
def test_a_step_without_network(text: str, expected: list[str]) -> None:
    assert found("Dockerfile", f"FROM rust\nRUN --network=none {text}\n") == expected


def test_a_variable_of_the_image_makes_cargo_offline() -> None:
    assert found("Dockerfile", "FROM rust\nENV CARGO_NET_OFFLINE=true\nRUN --network=none cargo build\n") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("COPY ci/offline.toml $CARGO_HOME/config.toml", [], id="file"),
        pytest.param("COPY ci/online.toml $CARGO_HOME/config.toml", ["3:20 not-offline"], id="another-file"),
        pytest.param("COPY ci/broken.toml $CARGO_HOME/config.toml", ["3:20 not-offline"], id="broken-file"),
        pytest.param("COPY ci /root/.cargo/", ["3:20 not-offline"], id="folder-without-a-configuration"),
        pytest.param("COPY home /usr/local/cargo", [], id="folder"),
        pytest.param("COPY --from=a /x /usr/local/cargo/config.toml", [], id="from-another-image"),
        pytest.param("COPY *.toml /usr/local/cargo/", [], id="pattern"),
        pytest.param("COPY ci/offline.toml /src/a.toml", ["3:20 not-offline"], id="another-place"),
        pytest.param("RUN printf '[net]\\noffline = true' > ~/.cargo/config.toml", [], id="written"),
    ],
)
def test_a_configuration_in_the_image_makes_cargo_offline(text: str, expected: list[str]) -> None:
    for name in ("ci/offline.toml", "home/config.toml"):
        write(name, "[net]\noffline = true\n")
    write("ci/online.toml", "[net]\nretry = 3\n")
    write("ci/broken.toml", "[net\n")
    assert found("Dockerfile", f"FROM rust\n{text}\nRUN --network=none cargo build\n") == expected
    component = f"FROM rust\n{text}\nRUN --network=none cargo component build\n"
    assert found("Dockerfile", component) == ["3:20 not-offline"]


def test_a_broken_configuration_is_not_read() -> None:
    write(".cargo/config.toml", "[net\n")
    write("a/.cargo/config.toml", "[net]\noffline = true\n")
    assert found("Dockerfile", "FROM rust\nRUN --network=none cargo build\n") == ["2:20 not-offline"]
    assert found("a/Dockerfile", "FROM rust\nRUN --network=none cargo build\n") == []


def test_the_configuration_makes_cargo_offline() -> None:
    write(".cargo/config.toml", "[net]\noffline = true\n")
    assert found("Dockerfile", "FROM rust\nRUN --network=none cargo build\n") == []


@pytest.mark.parametrize(
    ("replaced", "expected"),
    [
        pytest.param("crates-io", [], id="crates-io"),
        pytest.param("'git+https://example.org/a'", ["3:20 not-offline"], id="another-source"),
    ],
)
def test_cargo_downloads_no_vendored_crates(replaced: str, expected: list[str]) -> None:
    vendored = "[source.vendored-sources]\ndirectory = 'vendor'\n"
    write(".cargo/config.toml", f"[source.{replaced}]\nreplace-with = 'vendored-sources'\n{vendored}")
    assert found("Dockerfile", "FROM rust\nCOPY . .\nRUN --network=none cargo build --locked\n") == expected


@pytest.mark.parametrize(
    ("flags", "what", "position"),
    [
        pytest.param("--mount=type=secret,id=npm", "the secret `npm`", 5, id="secret"),
        pytest.param("--mount=type=secret,target=/run/npmrc", "the secret `npmrc`", 5, id="secret-by-its-file"),
        pytest.param("--mount=type=secret", "a secret", 5, id="secret-without-id"),
        pytest.param("--mount=type=ssh", "the ssh agent", 5, id="ssh"),
        pytest.param("--network=none --mount=type=ssh,required", "the ssh agent", 20, id="with-other-flags"),
    ],
)
def test_a_step_with_a_secret(flags: str, what: str, position: int) -> None:
    secrets = [
        each
        for each in findings("Dockerfile", f"FROM rust\nRUN {flags} cargo build --frozen\n")
        if each.rule.id == "build-sandbox/secret-mount"
    ]
    assert [each.message for each in secrets] == [f"`cargo build` runs build scripts and macros with access to {what}"]
    assert [each.span.start for each in secrets] == [len("FROM rust\n") + position - 1]


def test_a_secret_is_for_a_download_with_network() -> None:
    text = "FROM rust\nRUN --mount=type=secret,id=a unshare -n nice cargo build --frozen\n"
    assert help_of("Dockerfile", text).splitlines()[1:] == [
        "RUN --mount=type=secret,id=a cargo fetch --locked",
        "RUN --network=none unshare -n nice cargo build --frozen",
    ]


def test_a_step_with_all_privileges() -> None:
    text = "FROM rust\nRUN --security=insecure --network=none cargo build --frozen\n"
    assert found("Dockerfile", text) == ["2:5 exposed-host"]


@pytest.mark.parametrize("flags", ["--mount=type=cache,target=/target", "--mount=target=.", "--security=sandbox"])
def test_a_mount_without_a_secret(flags: str) -> None:
    assert found("Dockerfile", f"FROM rust\nRUN --network=none {flags} cargo build --frozen\n") == []


def test_a_secret_where_nothing_compiles() -> None:
    assert found("Dockerfile", "FROM rust\nRUN --mount=type=secret,id=npm cargo fetch --locked\n") == []


# What other files compile


@pytest.mark.parametrize(
    ("files", "text", "expected"),
    [
        pytest.param({"Makefile": "all:\n\tcargo build\n"}, "RUN make", ["4:5 network"], id="make"),
        pytest.param({"Makefile": "all:\n\tcargo fetch\n"}, "RUN make", [], id="make-compiles-nothing"),
        pytest.param({"justfile": "build:\n\tcargo build\n"}, "RUN just build", ["4:5 network"], id="just"),
        pytest.param({"ci/build.sh": SCRIPT + "cargo build\n"}, "RUN ./ci/build.sh", ["4:5 network"], id="script"),
        pytest.param({"ci/build.sh": SCRIPT + "cargo build\n"}, "RUN bash ci/build.sh", ["4:5 network"], id="shell"),
        pytest.param({"ci/build.sh": SCRIPT + "cargo build\n"}, "RUN /src/ci/build.sh", ["4:5 network"], id="absolute"),
        pytest.param({"ci/build.sh": SCRIPT + "cargo build\n"}, "RUN /other/build.sh", [], id="another-script"),
        pytest.param(
            {"ci/build.sh": SCRIPT + "apt-get install x\ncargo build\n"}, "RUN ci/build.sh", [], id="script-downloads"
        ),
        pytest.param(
            {"ci/build.sh": SCRIPT + "git clone x\ncd x\ncargo build\n"}, "RUN ci/build.sh", [], id="script-clones"
        ),
        pytest.param(
            {".cargo/config.toml": '[alias]\nxtask = "run -p xtask --"\n'},
            "RUN cargo xtask",
            ["4:5 network"],
            id="alias",
        ),
        pytest.param(
            {"Makefile": "all:\n\tcargo build\n"},
            "RUN --network=none make",
            ["4:20 not-offline"],
            id="make-not-offline",
        ),
        pytest.param(
            {"Makefile": "all:\n\tcargo build\n"},
            "RUN --network=none CARGO_NET_OFFLINE=true make",
            [],
            id="make-offline",
        ),
    ],
)
def test_a_step_that_compiles_through_other_files(files: dict[str, str], text: str, expected: list[str]) -> None:
    for name, content in files.items():
        write(name, content)
    subprocess.run(["git", "add", "."], check=True)
    assert found("Dockerfile", f"FROM rust\nWORKDIR /src\nCOPY . .\n{text}\n") == expected


# Containers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("docker run rust cargo build", ["2:1 network", "2:1 writable"], id="plain"),
        pytest.param("sudo podman run rust cargo build", ["2:6 network", "2:6 writable"], id="podman"),
        pytest.param("docker container run rust cargo test", ["2:1 network", "2:1 writable"], id="container-run"),
        pytest.param("docker run -i rust sh -c 'cd x && cargo build'", ["2:1 network", "2:1 writable"], id="program"),
        pytest.param("docker run rust cargo fetch", [], id="fetch"),
        pytest.param("docker run rust rustc -vV", [], id="version"),
        pytest.param("docker run rust", [], id="command-of-the-image"),
        pytest.param("docker run $ARGS rust cargo build", [], id="unknown-options"),
        pytest.param("docker run ${EXTRA_ENV} -v a:/b rust cargo build", [], id="unknown-word-before-an-option"),
        pytest.param("docker run --network=other rust cargo test", ["2:1 writable"], id="network-with-a-name"),
        pytest.param("docker run rust sh -c 'apt-get install x; cargo build'", [], id="installs-packages"),
        pytest.param("docker run rust cargo install a", [], id="install"),
        pytest.param("docker run --network none rust cargo build", ["2:1 writable", "2:32 not-offline"], id="none"),
        pytest.param("docker run --net=none rust cargo build --offline", ["2:1 writable"], id="hidden-option"),
        pytest.param(
            "docker run --net=none -e CARGO_NET_OFFLINE=true rust cargo build", ["2:1 writable"], id="variable"
        ),
        pytest.param(
            "docker run --net=none rust sh -c 'export CARGO_NET_OFFLINE=true && cargo build'",
            ["2:1 writable"],
            id="variable-in-the-program",
        ),
        pytest.param(
            "docker run --net=none --env-file ci.env rust cargo build",
            ["2:1 writable", "2:34 exposed-host"],
            id="file-with-variables",
        ),
        pytest.param(
            "docker run -d --name a rust x\ndocker exec a cargo build", ["2:1 network", "2:1 writable"], id="exec"
        ),
        pytest.param("docker exec a cargo build", [], id="exec-elsewhere"),
        pytest.param(
            "docker run rust sh -c 'cargo fetch && cargo build'", ["2:1 network", "2:1 writable"], id="fetches"
        ),
        pytest.param("docker run $IMAGE cargo build", ["2:1 network", "2:1 writable"], id="image-in-a-variable"),
        pytest.param("docker run $SOMETHING cargo build", [], id="unknown-word"),
        pytest.param("docker run --privileged $OTHER cargo build", ["2:12 exposed-host"], id="unknown-word-last"),
        pytest.param("unshare -rn cargo build", ["2:13 not-offline"], id="unshare"),
        pytest.param("unshare --net cargo build --frozen", [], id="unshare-offline"),
        pytest.param("unshare -m cargo build", [], id="unshare-with-network"),
        pytest.param("unshare -m sudo -n cargo build", [], id="option-of-another-wrapper"),
        pytest.param("bwrap --ro-bind / / --unshare-net cargo build", ["2:35 not-offline"], id="bwrap"),
        pytest.param("bwrap --bind / / --unshare-all -- cargo build", ["2:35 not-offline"], id="bwrap-unshare-all"),
        pytest.param("bwrap --ro-bind / / --unshare-net cargo build --offline", [], id="bwrap-offline"),
        pytest.param("bwrap --ro-bind / / --unshare-pid cargo build", [], id="bwrap-with-network"),
        pytest.param("bwrap --bind / / --unshare-all --share-net cargo build", [], id="bwrap-share-net"),
        pytest.param("bwrap --bind / / --unshare-all $ARGS cargo build", [], id="bwrap-unknown-options"),
        pytest.param("bwrap --args 3 --unshare-all cargo build", [], id="bwrap-options-in-a-file"),
        pytest.param("firejail --net=none cargo build", ["2:21 not-offline"], id="firejail"),
        pytest.param("firejail --net=eth0 cargo build", [], id="firejail-with-network"),
        pytest.param("systemd-run -p PrivateNetwork=yes cargo build", ["2:35 not-offline"], id="systemd-run"),
        pytest.param("systemd-run --property=PrivateNetwork=true cargo b", ["2:44 not-offline"], id="systemd-run-long"),
        pytest.param("systemd-run -p PrivateNetwork=no cargo build", [], id="systemd-run-with-network"),
    ],
)
def test_a_container(text: str, expected: list[str]) -> None:
    assert sorted(found("build.sh", SCRIPT + text + "\n")) == sorted(expected)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        pytest.param("--privileged", "all privileges of the host", id="privileged"),
        pytest.param("--privileged=false", "", id="not-privileged"),
        pytest.param("-v /var/run/docker.sock:/var/run/docker.sock", "the socket of the container engine", id="socket"),
        pytest.param('-v "$HOME":/home', "the home folder", id="home"),
        pytest.param("-v ~:/home", "the home folder", id="tilde"),
        pytest.param("-v /:/host", "the root folder of the host", id="root"),
        pytest.param(
            '-v "$HOME/.cargo:/root/.cargo"', "all of cargo's home, with its credentials and programs", id="cargo-home"
        ),
        pytest.param('-v "$HOME/.cargo/registry:/root/.cargo/registry"', "", id="registry"),
        pytest.param("-v ~/.cargo/git:/root/.cargo/git", "", id="git-checkouts"),
        pytest.param("-v ~/.ssh:/root/.ssh:ro", "`~/.ssh`", id="ssh"),
        pytest.param("-v ${HOME}/.docker/config.json:/x", "`~/.docker/config.json`", id="docker"),
        pytest.param("--mount type=bind,source=/root/.aws,target=/x", "`~/.aws`", id="aws"),
        pytest.param("-v /home/me/.ssh:/root/.ssh", "`~/.ssh`", id="home-of-a-user"),
        pytest.param("--use-api-socket", "the socket of the container engine", id="api-socket"),
        pytest.param("-v ./a:/b --", "", id="end-of-options"),
        pytest.param("-v $SSH_AUTH_SOCK:/agent", "the ssh agent", id="ssh-agent"),
        pytest.param("-v $PWD:/src", "", id="source"),
        pytest.param("-v ./data:/home", "", id="relative"),
        pytest.param("--env-file .env", "all variables of a file", id="env-file"),
        pytest.param("--env-file <(env | grep CARGO)", "all variables of a file", id="env-file-of-a-process"),
        pytest.param("-e CARGO_REGISTRY_TOKEN", "the variable `CARGO_REGISTRY_TOKEN`", id="variable"),
        pytest.param('-e "API_KEY=$API_KEY"', "the variable `API_KEY`", id="variable-with-value"),
        pytest.param("-e POSTGRES_PASSWORD=postgres", "", id="literal"),
        pytest.param("-e TOKENIZERS=1 -e RUSTFLAGS -e TOKEN_LIMIT", "", id="other-variables"),
        pytest.param("--pid=host", "the processes of the host", id="pid"),
        pytest.param("--pid host", "the processes of the host", id="pid-in-two-words"),
    ],
)
def test_what_a_container_gets_of_the_host(options: str, what: str) -> None:
    messages = [each.message for each in findings("build.sh", SCRIPT + COMPILING.format(options))]
    assert messages == ([f"`docker run` gives `cargo build` {what}"] if what else [])


SERVICE = "services:\n  app:\n    image: rust:1\n"
ISOLATED = SERVICE + "    network_mode: none\n"
RUN = "docker compose run --rm app cargo build"


@pytest.mark.parametrize(
    ("files", "text", "expected"),
    [
        pytest.param({"compose.yaml": SERVICE}, RUN, ["2:1 network"], id="with-network"),
        pytest.param(
            {"compose.yml": SERVICE}, RUN.replace("docker c", "docker-c"), ["2:1 network"], id="docker-compose"
        ),
        pytest.param({"compose.yml": SERVICE}, RUN.replace("docker", "podman"), ["2:1 network"], id="podman"),
        pytest.param({"sub/docker-compose.yml": SERVICE}, f"cd sub && {RUN}", ["2:11 network"], id="another-folder"),
        pytest.param({"compose.yaml": SERVICE + "    network_mode: host\n"}, RUN, ["2:1 network"], id="host"),
        pytest.param({"compose.yaml": ISOLATED}, RUN, ["2:29 not-offline"], id="isolated"),
        pytest.param({"compose.yaml": ISOLATED}, f"{RUN} --frozen", [], id="isolated-and-offline"),
        pytest.param(
            {"compose.yaml": ISOLATED + "    environment:\n      CARGO_NET_OFFLINE: true\n"},
            RUN,
            [],
            id="offline-mapping",
        ),
        pytest.param(
            {"compose.yaml": ISOLATED + "    environment: [CARGO_NET_OFFLINE=true]\n"}, RUN, [], id="offline-list"
        ),
        pytest.param({"compose.yaml": ISOLATED + "    build: .\n"}, RUN, [], id="image-may-be-offline"),
        pytest.param(
            {"compose.yaml": "x-a: &a\n  network_mode: none\nservices:\n  app:\n    <<: *a\n    image: rust\n"},
            f"{RUN} --frozen",
            [],
            id="merged-key",
        ),
        pytest.param(
            {"compose.yaml": SERVICE, "compose.override.yaml": "services:\n  app:\n    network_mode: none\n"},
            f"{RUN} --frozen",
            [],
            id="override",
        ),
        pytest.param({"ci/a.yml": SERVICE}, RUN.replace(" run", " -f ci/a.yml run"), ["2:1 network"], id="named-file"),
        pytest.param(
            {"a.yml": SERVICE, "compose.yaml": ISOLATED},
            RUN.replace(" run", " --file=a.yml run"),
            ["2:1 network"],
            id="long",
        ),
        pytest.param(
            {"a.yml": SERVICE, "b.yml": ISOLATED},
            RUN.replace(" run", " -f a.yml -f b.yml run") + " --frozen",
            [],
            id="two",
        ),
        pytest.param({"a.yml": SERVICE}, RUN.replace(" run", " -f a.yml -f $X run"), [], id="file-in-a-variable"),
        pytest.param({"a.yml": SERVICE}, RUN.replace(" run", " -f ../a.yml run"), [], id="file-above"),
        pytest.param({"compose.yaml": SERVICE}, RUN.replace("app", "a~b"), [], id="no-name-of-a-service"),
        pytest.param(
            {"compose.yaml": ISOLATED, "compose.override.yaml": "services: {b: {image: b}}\n"},
            f"{RUN} --frozen",
            [],
            id="override-of-another-service",
        ),
        pytest.param({"a.yml": SERVICE}, RUN.replace(" run", " -f b.yml run"), [], id="no-such-file"),
        pytest.param({"compose.yaml": SERVICE}, f"export COMPOSE_FILE=b.yml\n{RUN}", [], id="other-file-by-variable"),
        pytest.param({"compose.yaml": SERVICE, ".env": "COMPOSE_FILE=b.yml\n"}, RUN, [], id="other-file-by-env"),
        pytest.param({}, RUN, [], id="no-file"),
        pytest.param({"compose.yaml": SERVICE.replace("app", "web")}, RUN, [], id="no-such-service"),
        pytest.param({"compose.yaml": SERVICE}, RUN.replace("app", "$APP"), [], id="service-in-a-variable"),
        pytest.param({"compose.yaml": SERVICE}, RUN.replace("--rm", "$OPTS"), [], id="unknown-options"),
        pytest.param({"compose.yaml": SERVICE + "    extends: {file: b.yml, service: b}\n"}, RUN, [], id="extends"),
        pytest.param({"compose.yaml": SERVICE + "    network_mode: $MODE\n"}, RUN, [], id="mode-in-a-variable"),
        pytest.param({"compose.yaml": SERVICE + "    network_mode: 'service:vpn'\n"}, RUN, [], id="of-another-service"),
        pytest.param({"compose.yaml": SERVICE + "    networks: [inner]\n"}, RUN, [], id="network-with-a-name"),
        pytest.param({"compose.yaml": SERVICE + "    depends_on: [db]\n"}, RUN, [], id="needs-other-services"),
        pytest.param(
            {"compose.yaml": SERVICE + "networks:\n  default:\n    internal: true\n"}, RUN, [], id="internal-network"
        ),
        pytest.param({"compose.yaml": SERVICE, "b/compose.yaml": ISOLATED}, RUN, [], id="files-disagree"),
        pytest.param({f"{at}/compose.yaml": SERVICE for at in range(20)}, RUN, ["2:1 network"], id="files-agree"),
        pytest.param({f"{at}/compose.yaml": SERVICE for at in range(21)}, RUN, [], id="too-many-files"),
        pytest.param(
            {f"{at}/a.yml": SERVICE for at in range(21)},
            RUN.replace(" run", " -f a.yml run"),
            [],
            id="too-many-of-a-name",
        ),
        pytest.param({"compose.yaml": "services: [\n"}, RUN, [], id="no-yaml"),
        pytest.param({"compose.yaml": SERVICE}, "docker compose run app cargo fetch", [], id="compiles-nothing"),
        pytest.param({"compose.yaml": SERVICE}, "docker compose exec app cargo build", [], id="exec"),
        pytest.param({"compose.yaml": SERVICE}, "docker compose run app cargo install a", [], id="install"),
        pytest.param({}, f"{RUN.replace('--rm', '-e API_KEY')}", ["2:23 exposed-host"], id="secret"),
        pytest.param({}, f"{RUN.replace('--rm', '-v ~/.ssh:/root/.ssh')}", ["2:23 exposed-host"], id="mount"),
        pytest.param({}, f"{RUN.replace('--rm', '--env-from-file .env')}", ["2:36 exposed-host"], id="variables"),
        pytest.param({}, f"{RUN.replace('--rm', '-p 80:80 -v .:/src')}", [], id="other-options"),
    ],
)
def test_a_service(files: dict[str, str], text: str, expected: list[str]) -> None:
    for name, content in files.items():
        write(name, content)
    subprocess.run(["git", "add", "."], check=True)
    assert found("build.sh", SCRIPT + text + "\n") == expected


def test_the_help_names_the_service() -> None:
    write("compose.yaml", SERVICE)
    subprocess.run(["git", "add", "."], check=True)
    assert help_of("build.sh", f"{SCRIPT}{RUN} --locked\n").splitlines()[1:] == [
        "cargo fetch --locked",
        "docker compose run -v ~/.cargo/registry:/usr/local/cargo/registry:ro … app cargo build --frozen",
        "with `network_mode: none` in the service `app` of `compose.yaml`; or use `docker run --network=none`",
    ]


def test_the_network_of_the_host_is_one_finding() -> None:
    text = SCRIPT + "docker run --network=host rust cargo build --frozen\n"
    assert found("build.sh", text) == ["2:12 exposed-host", "2:1 writable"]


@pytest.mark.parametrize(
    ("command", "missing"),
    [
        pytest.param("docker run", "--read-only --tmpfs /tmp and --security-opt no-new-privileges", id="all"),
        pytest.param("podman run", "--read-only and --security-opt no-new-privileges", id="podman"),
        pytest.param("podman run --read-only --security-opt=no-new-privileges", "", id="podman-is-right"),
        pytest.param("docker run --read-only --security-opt=no-new-privileges", "--tmpfs /tmp", id="temporary-files"),
        pytest.param("docker run --read-only -v a:/tmp --security-opt no-new-privileges:true", "", id="volume"),
        pytest.param("docker run --read-only --tmpfs /tmp:exec", "--security-opt no-new-privileges", id="privileges"),
        pytest.param(
            "docker run --read-only --tmpfs /tmp --security-opt no-new-privileges:false",
            "--security-opt no-new-privileges",
            id="new-privileges",
        ),
    ],
)
def test_what_a_container_can_change(command: str, missing: str) -> None:
    text = SCRIPT + f"{command} --network=none rust cargo build --frozen\n"
    expected = [f"`cargo build` compiles in a container without {missing}"] if missing else []
    assert [each.message for each in findings("build.sh", text)] == expected


@pytest.mark.parametrize(
    ("mounts", "message"),
    [
        pytest.param("-v $PWD:/src", "", id="target-in-the-source"),
        pytest.param("-v $PWD:/src:ro -v $PWD/target:/src/target", "", id="read-only"),
        pytest.param(
            "-v $PWD:/src -v $PWD/target:/src/target",
            "`/src` is writable, although its folder `target` has its own mount",
            id="writable",
        ),
    ],
)
def test_a_source_that_can_be_written(mounts: str, message: str) -> None:
    messages = [each.message for each in findings("build.sh", SCRIPT + COMPILING.format(mounts))]
    assert messages == ([message] if message else [])


@pytest.mark.parametrize(
    ("files", "text", "expected"),
    [
        pytest.param(
            {"Makefile": "test:\n\tcargo test\n"},
            "docker run -v $PWD:/src -w /src rust make test",
            ["2:1 network", "2:1 writable"],
            id="make",
        ),
        pytest.param(
            {"ci/a.sh": SCRIPT + "cargo test\n"},
            'docker run -v "$(pwd):/src" rust /src/ci/a.sh',
            ["2:1 network", "2:1 writable"],
            id="script",
        ),
        pytest.param(
            {"ci/a.sh": SCRIPT + "cargo test\n"},
            'docker run -v "$DIR/ci/a.sh:/a.sh" rust bash /a.sh',
            ["2:1 network", "2:1 writable"],
            id="mounted-script",
        ),
        pytest.param(
            {"ci/a.sh": SCRIPT + "cargo test\n"},
            "docker run -v /x:/src -v ~/y:/src -v no:/src -v .:/src rust sh /src/ci/a.sh",
            ["2:1 network", "2:1 writable"],
            id="one-of-several-mounts",
        ),
        pytest.param(
            {"ci/a.sh": SCRIPT + "cargo test\n"},
            "docker run -v .:/x rust sh -c 'cd /src && ci/a.sh'",
            [],
            id="a-folder-that-is-not-mounted",
        ),
        pytest.param(
            {"ci/a.sh": SCRIPT + "cargo test\n"},
            "docker run -v .:/x -w / rust sh -c 'cd x/ci && ./a.sh'",
            ["2:1 network", "2:1 writable"],
            id="a-folder-of-the-mount",
        ),
        pytest.param({"ci/a.sh": SCRIPT + "cargo test\n"}, "docker run rust /src/ci/a.sh", [], id="not-mounted"),
        pytest.param(
            {},
            'if [ -n "$IMAGE" ]; then\n  exec docker run "$IMAGE" bash -c "`pwd`/$0 $*"\nfi\ncargo build',
            ["3:8 network", "3:8 writable"],
            id="calls-itself",
        ),
    ],
)
def test_a_container_that_compiles_through_other_files(files: dict[str, str], text: str, expected: list[str]) -> None:
    for name, content in files.items():
        write(name, content)
    subprocess.run(["git", "add", "."], check=True)
    assert found("build.sh", SCRIPT + text + "\n") == expected


def test_a_matrix_repeats_a_command() -> None:
    text = """\
on: push
jobs:
  a:
    runs-on: x
    strategy: {matrix: {target: [a, b]}}
    steps:
      - run: docker run rust cargo build --target ${{ matrix.target }}
"""
    assert found(".github/workflows/a.yml", text) == ["7:14 network", "7:14 writable"]


# Fixes

FETCH = "FROM rust\nCOPY . .\nRUN cargo fetch --locked\n"


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        pytest.param(
            "Dockerfile",
            FETCH + "RUN cargo build --frozen && cp a /\n",
            FETCH + "RUN --network=none cargo build --frozen && cp a /\n",
            id="network",
        ),
        pytest.param("Dockerfile", FETCH + "RUN cargo build --locked\n", None, id="not-offline-yet"),
        pytest.param("Dockerfile", FETCH + "RUN apt-get update && cargo build --frozen\n", None, id="needs-network"),
        pytest.param("Dockerfile", FETCH + "RUN cargo test --frozen\n", None, id="tests-may-need-it"),
        pytest.param("Dockerfile", "FROM rust\nRUN cargo build --frozen\n", None, id="no-fetch"),
        pytest.param("Dockerfile", FETCH + "FROM rust\nRUN cargo build --frozen\n", None, id="fetch-of-another-stage"),
        pytest.param("Dockerfile", FETCH + "RUN --network=default cargo build --frozen\n", None, id="on-purpose"),
        pytest.param(
            "Dockerfile",
            FETCH + "RUN --mount=type=cache,target=/usr/local/cargo/registry cargo build --frozen\n",
            None,
            id="cache",
        ),
        pytest.param(
            "Dockerfile",
            "FROM rust\nRUN --network=none cargo build --locked \\\n  && cargo hack check\n",
            "FROM rust\nRUN --network=none cargo build --offline --locked \\\n  && cargo hack check --offline\n",
            id="offline",
        ),
        pytest.param(
            "Dockerfile",
            'FROM rust\nRUN --network=none ["cargo", "build"]\n',
            'FROM rust\nRUN --network=none ["cargo", "build", "--offline"]\n',
            id="offline-in-an-array",
        ),
        pytest.param(
            "Dockerfile",
            "FROM rust\nRUN --network=none cargo component build --frozen\n",
            "FROM rust\nRUN --network=none cargo component build --offline --frozen\n",
            id="component",
        ),
        pytest.param(
            "build.sh",
            SCRIPT + "cargo fetch --locked\ndocker run rust cargo build --frozen\n",
            SCRIPT + "cargo fetch --locked\ndocker run --network=none rust cargo build --frozen\n",
            id="container",
        ),
        pytest.param("Dockerfile", "FROM rust\nRUN --network=none cargo semver-checks\n", None, id="no-such-option"),
        pytest.param("build.sh", SCRIPT + "docker run rust cargo build --frozen\n", None, id="container-without-fetch"),
        pytest.param(
            "build.sh",
            SCRIPT + "git fetch\ndocker run rust cargo build --frozen\n",
            None,
            id="container-after-git-fetch",
        ),
        pytest.param(
            "build.sh", SCRIPT + "cargo fetch\ndocker run rust cargo test --frozen\n", None, id="container-with-tests"
        ),
        pytest.param(
            "build.sh",
            SCRIPT + "cargo fetch\ndocker run rust sh -c 'cargo build --frozen && ./upload'\n",
            None,
            id="container-needs-network",
        ),
    ],
)
def test_fixes(name: str, before: str, after: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    write(name, before)
    for _ in range(2):
        assert main(["--fix", name]) in (0, 1)
        assert Path(name).read_text() == (before if after is None else after)
    capsys.readouterr()


def test_the_configuration_of_cargo_is_read_once_for_all_builds() -> None:
    dockerfile = "FROM rust\n" + "RUN --network=none cargo build --locked\n" * 30
    expected = found("Dockerfile", dockerfile)
    plain = steps(lambda: found("Dockerfile", dockerfile))
    write(".cargo/config.toml", "include = [" + ", ".join(f'"{number}.toml"' for number in range(30)) + "]\n")
    for number in range(30):
        write(f".cargo/{number}.toml", "")
    assert found("Dockerfile", dockerfile) == expected
    assert steps(lambda: found("Dockerfile", dockerfile)) < 1.5 * plain


@pytest.mark.parametrize(("lines", "calls", "is_over"), [(20, 0, False), (0, 10, False), (20, 10, True)])
def test_images_and_jobs_have_one_bound_for_what_they_call(
    lines: int, calls: int, is_over: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(repository_files, "_MOST_STEPS", 3000)
    image = "FROM rust\nCOPY . /x\nWORKDIR /x\n" + "RUN ./a.sh\n" * lines
    job = "on: push\njobs:\n  a:\n    steps:\n" + "      - run: ./a.sh\n" * calls
    write_tracked({"Dockerfile": image, ".github/workflows/a.yml": job, "a.sh": "cargo build\n"})
    main(["Dockerfile", ".github/workflows/a.yml", "--require-isolation"])
    assert ("input/too-large" in capsys.readouterr().out) == is_over


@pytest.mark.parametrize(
    "names", [("Dockerfile",), ("Dockerfile", "a.sh", ".github/workflows/a.yml", "--require-isolation")]
)
def test_what_is_not_read_of_a_called_script_is_reported_once(
    names: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    image = "FROM rust\nCOPY . /x\nWORKDIR /x\nRUN ./a.sh\n"
    job = "on: push\njobs:\n  a:\n    steps:\n      - run: ./a.sh\n"
    Path("a.sh").write_bytes(SCRIPT.encode() + b"echo \xff\ncargo build\n")
    write_tracked({"Dockerfile": image, ".github/workflows/a.yml": job})
    subprocess.run(["git", "add", "a.sh"], check=True)
    main(list(names))
    assert capsys.readouterr().out.count("input/unreadable") == 1


def test_the_commands_of_called_scripts_are_bounded(capsys: pytest.CaptureFixture[str]) -> None:
    write("b.sh", SCRIPT + "cargo build\n" * 100)
    subprocess.run(["git", "add", "b.sh"], check=True)
    for calls, is_bounded in ((90, False), (110, True)):
        write("a.sh", SCRIPT + "docker run -v .:/src a /src/b.sh\n" * calls)
        assert main(["a.sh"]) == 1
        assert ("this file calls more scripts and recipes" in capsys.readouterr().out) == is_bounded
