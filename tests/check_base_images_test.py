"""check-base-images: the images that build Rust code name one build."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from dunnage.check_base_images import REQUIRE_DIGEST, SERVICES, check, main
from dunnage.files.source import Tree
from dunnage.frame import finding
from dunnage.frame.options import Option, Options
from repository import fixed as fixed_by
from repository import write
from steps import steps

pytestmark = pytest.mark.usefixtures("repository")

fixed = partial(fixed_by, main)

DIGEST = "sha256:" + "0123456789abcdef" * 4
OTHER = "sha256:" + "fedcba9876543210" * 4
WORKFLOW = ".github/workflows/ci.yml"
JOB = "jobs:\n  build:\n    runs-on: ubuntu-latest\n"
MATRIX = "    strategy:\n      matrix:\n        {}\n"
LIST = f'[workspace.metadata.dunnage.images]\n"rust:1.97.1-slim-trixie" = "{DIGEST}"\n'


def found(name: str, text: str, *options: Option[bool]) -> list[str]:
    """What is found in a file: `line:column rule image`, the rule without its concern."""
    write(name, text)
    tree = Tree()
    findings = list(check([name], tree, Options(dict.fromkeys(options, True))))
    return [
        "{}:{} {} {}".format(
            *tree.position(each.path, each.span.start),
            each.rule.id.removeprefix("base-images/"),
            each.message.split("`")[1],
        )
        for each in findings
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("FROM rust\n", ["1:6 latest rust"], id="no-tag"),
        pytest.param("FROM rust:1.97.1\n", [], id="full-version"),
        pytest.param(f"FROM rust@{DIGEST}\n", [], id="digest"),
        pytest.param(f"FROM rust:latest@{DIGEST}\n", [], id="digest-and-latest"),
        pytest.param("from --platform=$BUILDPLATFORM rust:1 as build\n", ["1:32 partial rust:1"], id="flag"),
        pytest.param("FROM scratch\n", [], id="scratch"),
        pytest.param("FROM base\nFROM my-image:latest\n", [], id="local-names"),
        pytest.param("FROM localhost/a\nFROM localhost:5000/a:latest\n", [], id="registry of this machine"),
        pytest.param("FROM localhost.com/a\n", ["1:6 latest localhost.com/a"], id="registry with a similar name"),
        pytest.param("FROM a/b:1.2\n", [], id="unofficial-version"),
        pytest.param("FROM a/b\n", ["1:6 latest a/b"], id="unofficial-without-tag"),
        pytest.param("FROM rust AS rust\nFROM RUST\n", ["1:6 latest rust"], id="stage-after-image-of-its-name"),
        pytest.param("FROM rust:1.97.1 AS a\nFROM a\nCOPY --from=A /x /x\n", [], id="stages"),
        pytest.param("FROM rust:1.97.1\nCOPY --from=0 /x /x\n", [], id="number-of-a-stage"),
        pytest.param("FROM rust:1.97.1\nCOPY --from=node /x /x\n", ["2:13 latest node"], id="copy"),
        pytest.param('FROM rust:1.97.1\nCOPY --from=a/b ["/x", "/x"]\n', ["2:13 latest a/b"], id="copy-exec-form"),
        pytest.param("FROM rust:1.97.1\nCOPY --from=$X /x /x\n", [], id="copy-with-variable"),
        pytest.param(
            "FROM rust:1.97.1\nRUN --mount=type=bind,from=a/b,target=/x --mount=from=a/c:1 make\n",
            ["2:28 latest a/b"],
            id="mount",
        ),
        pytest.param("FROM rust:1.97.1 AS x\nRUN --mount=from=X,target=/x make\n", [], id="mount-of-a-stage"),
        pytest.param("ARG V=1\nFROM rust:$V\n", ["2:6 partial rust:1"], id="argument"),
        pytest.param('ARG V="1.97"\nFROM rust:${V}-slim\n', ["2:6 partial rust:1.97-slim"], id="quoted-argument"),
        pytest.param("ARG V\nFROM rust:$V\n", [], id="argument-without-default"),
        pytest.param("ARG V\nFROM rust:${V:-1}\n", ["2:6 partial rust:1"], id="default-in-place"),
        pytest.param("ARG V=2\nFROM rust:${V:+1}\n", ["2:6 partial rust:1"], id="alternative-in-place"),
        pytest.param("ARG V=1-x\nFROM rust:${V%-*}\n", ["2:6 partial rust:1"], id="suffix"),
        pytest.param("FROM rust:1.97.1\nARG V=1\nFROM rust:$V\n", [], id="argument-of-a-stage-is-not-visible"),
        pytest.param("ARG V=1\nFROM rust:${V:?x}\n", ["2:6 partial rust:1"], id="argument-that-must-be-set"),
        pytest.param("FROM rust:${W:?x}\n", [], id="argument-that-must-be-set-and-is-not"),
        pytest.param("FROM rust:1$1${@}\n", ["1:6 partial rust:1"], id="variables-without-names"),
        pytest.param("ARG V=1/\nFROM rust:${V%\\/}\n", ["2:6 partial rust:1"], id="escape-in-a-pattern"),
        pytest.param("ARG V=1.9\nFROM rust:${V%\\.9}\n", [], id="unknown-escape-in-a-pattern"),
        pytest.param("ARG V=a1\nFROM rust:${V/a/$B}\n", ["2:6 partial rust:1"], id="variable-in-a-replacement"),
        pytest.param("ARG V=a1\nFROM rust:${V//a/}\n", ["2:6 partial rust:1"], id="replacement"),
        pytest.param('ARG V=""\nFROM rust:1${V/*/-x}\n', ["2:6 partial rust:1-x"], id="replacement-of-nothing"),
        pytest.param('FROM "rust:1\\\n', [], id="open-quote"),
        pytest.param("ARG A=linux\nFROM rust:1.97.1 AS linux\nFROM $A\n", [], id="stage-by-variable"),
        pytest.param("FROM a/b:1 AS linux-amd64\nFROM linux-${TARGETARCH}\n", [], id="stage-by-known-prefix"),
        pytest.param("FROM rust:{{ version }}\nFROM rust:@V@\nFROM rust:%V%\n", [], id="templates"),
        pytest.param("FROM rust:1.97.1\nONBUILD COPY --from=a/b /x /x\n", [], id="onbuild"),
        pytest.param("FROM \\\n  rust:1\n", ["2:3 partial rust:1"], id="continued"),
        pytest.param("FROM centos:7\n", [], id="no-official-image-any-more"),
        pytest.param("# FROM rust\nFROM rust:1.97.1\n", [], id="comment"),
    ],
)
def test_dockerfiles(text: str, expected: list[str]) -> None:
    assert found("Dockerfile", text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("    container: rust:1\n", ["4:16 partial rust:1"], id="container"),
        pytest.param("    container:\n      image: 'rust:1'\n", ["5:15 partial rust:1"], id="image"),
        pytest.param("    container: docker://rust:1\n", ["4:25 partial rust:1"], id="with-docker-scheme"),
        pytest.param("    container: ${{ inputs.image }}\n", [], id="unknown"),
        pytest.param("    container: ''\n", [], id="empty"),
        pytest.param(
            "    container: a/b:${{ needs.x.outputs.push == 'true' && needs.y.outputs.v || 'latest' }}\n",
            [],
            id="expression-with-a-default",
        ),
        pytest.param(
            "    env:\n      TAG: ${{ needs.x.outputs.push && needs.y.outputs.v || 'latest' }}\n"
            "    steps:\n      - run: docker run a/b:$TAG cargo build\n",
            [],
            id="variable-with-an-expression-with-a-default",
        ),
        pytest.param(
            MATRIX.format("image: ['rust:1', rust:1.97.1, null]") + "    container: ${{ matrix.image }}\n",
            ["6:18 partial rust:1"],
            id="matrix",
        ),
        pytest.param(
            MATRIX.format("v: ['1']") + "    container: rust:${{ matrix.v }}\n",
            ["7:16 partial rust:1"],
            id="part-from-a-matrix",
        ),
        pytest.param("    steps:\n      - uses: docker://rust:1\n", ["5:24 partial rust:1"], id="step"),
        pytest.param(f"    steps:\n      - uses: docker://rust@{DIGEST}\n", [], id="step-with-digest"),
        pytest.param("    services:\n      db:\n        image: postgres\n", [], id="service"),
        pytest.param(
            "    steps:\n      - run: docker run --rm -v $PWD:/x -w /x rust:1 cargo build\n",
            ["5:47 partial rust:1"],
            id="docker-run",
        ),
        pytest.param("    steps:\n      - run: docker run --rm alpine ls\n", [], id="docker-run-that-does-not-compile"),
        pytest.param(
            "    steps:\n      - run: docker run ${EXTRA_ENV} -v $PWD:/x rust:1 cargo build\n",
            [],
            id="docker-run-with-unknown-words",
        ),
    ],
)
def test_workflows(text: str, expected: list[str]) -> None:
    assert found(WORKFLOW, JOB + text) == expected


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        pytest.param(
            "action.yml",
            "runs:\n  using: docker\n  image: docker://rust:1\n",
            ["3:19 partial rust:1"],
            id="docker-action",
        ),
        pytest.param("action.yml", "runs:\n  using: docker\n  image: Dockerfile\n", [], id="action-with-dockerfile"),
        pytest.param(".gitlab-ci.yml", "image: rust\na:\n  script: make\n", ["1:8 latest rust"], id="gitlab"),
        pytest.param(
            ".gitlab-ci.yml",
            'default:\n  image: {name: "rust:1"}\na:\n  image: rust:2\n  script: make\n',
            ["2:18 partial rust:1", "4:10 partial rust:2"],
            id="gitlab-default-and-job",
        ),
        pytest.param(
            ".gitlab-ci.yml",
            "variables:\n  V: '1'\na:\n  image: rust:$V\n  script: x\nb:\n  image: $CI_REGISTRY_IMAGE/x\n  script: x\n",
            ["4:10 partial rust:1"],
            id="gitlab-variables",
        ),
        pytest.param(".gitlab-ci.yml", "a:\n  script: make\n  services: [postgres]\n", [], id="gitlab-service"),
        pytest.param(
            ".circleci/config.yml",
            "executors:\n  e:\n    docker:\n      - image: rust:1\n      - image: postgres\n"
            "jobs:\n  j:\n    docker:\n      - image: cimg/rust:1.97\n      - image: redis\n",
            ["4:16 partial rust:1"],
            id="circleci",
        ),
        pytest.param(
            ".circleci/config.yml",
            "parameters:\n  v: {type: string, default: '1'}\n"
            "executors:\n  e:\n    parameters:\n      t: {type: string, default: slim}\n    docker:\n"
            "      - image: rust:<< pipeline.parameters.v >>-<< parameters.t >>\n",
            ["8:16 partial rust:1-slim"],
            id="circleci-parameters",
        ),
        pytest.param(
            "ci.sh",
            "docker pull rust:1\ndocker run rust:1 cargo test\n",
            ["2:12 partial rust:1", "1:13 partial rust:1"],
            id="pull",
        ),
        pytest.param(
            "ci.sh", "docker container run rust:1 cargo test\n", ["1:22 partial rust:1"], id="container-subcommand"
        ),
        pytest.param("ci.sh", "docker -D\ndocker -D info cargo test\n", [], id="docker-otherwise"),
        pytest.param("ci.sh", "docker pull rust:1\ndocker run rust:1 ls\n", [], id="pull-for-something-else"),
        pytest.param(
            "ci.sh",
            "docker create --name b rust:1 sleep 1d\ndocker start b\ndocker exec -w /x b cargo build\n",
            ["1:24 partial rust:1"],
            id="create-and-exec",
        ),
        pytest.param(
            "ci.sh",
            "docker run -d --name=b rust:1 sleep 1d\ndocker exec c cargo build\n",
            [],
            id="exec-in-another-container",
        ),
        pytest.param(
            "Makefile",
            "build:\n\tpodman run --rm rust:1 sh -c 'cd /x && cargo install --path .'\n",
            ["2:18 partial rust:1"],
            id="makefile",
        ),
        pytest.param("ci.sh", "IMAGE=rust:1\ndocker run $IMAGE cargo build\n", ["2:12 partial rust:1"], id="variable"),
        pytest.param(
            "azure-pipelines.yml",
            "resources:\n  containers:\n  - container: linux\n    image: rust:1\n"
            "  - container: db\n    image: postgres\nstages:\n- stage: a\n  jobs:\n"
            "  - job: b\n    container: linux\n    services: {pg: db}\n"
            "    steps: [script: cargo build]\n  - job: c\n    container: {image: 'rust:2'}\n",
            ["4:12 partial rust:1", "15:25 partial rust:2"],
            id="azure",
        ),
        pytest.param(
            "azure-pipelines.yml",
            "container: rust\nsteps:\n- script: cargo build\n  target:\n    container: x\n",
            ["1:12 latest rust"],
            id="azure-of-the-pipeline",
        ),
        pytest.param(
            "azure-pipelines.yml",
            "jobs:\n- job: a\n  container: $[ variables['image'] ]\n- job: b\n  container: rust:${{ parameters.v }}\n"
            "- job: c\n  container: rust:$(version)\n",
            [],
            id="azure-variables",
        ),
        pytest.param(
            ".buildkite/pipeline.yml",
            "steps:\n- command: cargo build\n  plugins:\n  - docker#v5.12.0:\n      image: rust:1\n"
            "- group: g\n  steps:\n  - command: cargo test\n    plugins:\n"
            "      https://github.com/buildkite-plugins/docker-buildkite-plugin.git#v5.12.0: {image: 'rust:2'}\n",
            ["5:14 partial rust:1", "10:90 partial rust:2"],
            id="buildkite",
        ),
        pytest.param(
            ".buildkite/pipeline.yml",
            "steps:\n- command: cargo build\n  plugins:\n  - docker#v5.12.0: {image: 'rust:$V'}\n"
            "  - docker-login#v3.0.0: {image: rust}\n  - docker#v5.12.0: ~\n  - docker#v5.12.0\n",
            [],
            id="buildkite-variables-and-other-plugins",
        ),
        pytest.param("compose.yaml", "services:\n  a:\n    image: postgres\n", [], id="compose"),
        pytest.param("README.md", "FROM rust\n", [], id="another-file"),
    ],
)
def test_other_files(name: str, text: str, expected: list[str]) -> None:
    assert found(name, text) == expected


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        pytest.param(
            WORKFLOW, JOB + "    services:\n      db:\n        image: postgres\n", ["6:16 latest postgres"], id="github"
        ),
        pytest.param(
            ".gitlab-ci.yml",
            "a:\n  script: make\n  services: [postgres, {name: 'redis:8'}]\n",
            ["3:14 latest postgres", "3:32 partial redis:8"],
            id="gitlab",
        ),
        pytest.param(
            ".circleci/config.yml",
            "jobs:\n  j:\n    docker:\n      - image: cimg/rust:1.97\n      - image: redis\n",
            ["5:16 latest redis"],
            id="circleci",
        ),
        pytest.param(
            "docker-compose.yml",
            "services:\n  a:\n    image: postgres:${PG:-17}\n  b:\n    image: redis:$V\n"
            "  c:\n    build: .\n    image: x/y\n",
            ["3:12 partial postgres:17"],
            id="compose",
        ),
        pytest.param(
            ".devcontainer/devcontainer.json",
            '{\n  // "image": "rust",\n  "features": {"image": "node"},\n  "image": "rust:1", /* x */\n}\n',
            ["4:13 partial rust:1"],
            id="devcontainer",
        ),
    ],
)
def test_services(name: str, text: str, expected: list[str]) -> None:
    assert found(name, text) == []
    assert found(name, text, SERVICES) == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("build.sh", "docker build --tag owner/image:1 .\n", id="tag"),
        pytest.param("build.sh", "docker buildx build -t ghcr.io/x/y -t 'owner/image' .\n", id="several"),
        pytest.param("build.sh", "NAME=owner/image\nbuildah bud -t $NAME:$TAG .\n", id="variable"),
        pytest.param("build.sh", "docker build -t $REGISTRY/owner/image .\n", id="unknown-registry"),
        pytest.param("build.sh", "docker build -t x .\ndocker tag x owner/image\n", id="docker-tag"),
        pytest.param("build.sh", "docker buildx build --build-context owner/image=. .\n", id="named-context"),
        pytest.param("compose.yml", "services:\n  a:\n    build: .\n    image: owner/image:dev\n", id="compose"),
        pytest.param(
            "docker-bake.hcl",
            'target "a" {\n  dockerfile = "x"\n  tags = [\n    "owner/image:dev",\n  ]\n}\n',
            id="bake",
        ),
        pytest.param(
            WORKFLOW,
            f"{JOB}    steps:\n      - uses: docker/build-push-action@v6\n        with:\n"
            "          tags: |\n            x/y:1\n            owner/image:${{ github.sha }}\n",
            id="build-push-action",
        ),
        pytest.param("build.py", 'subprocess.run(["docker", "build", "--tag", "owner/image", "."])\n', id="python"),
    ],
)
def test_images_that_the_repository_builds(name: str, text: str) -> None:
    assert found("Dockerfile", "FROM owner/image\nFROM owner/other\n") == [
        "1:6 latest owner/image",
        "2:6 latest owner/other",
    ]
    write(name, text)
    assert found("Dockerfile", "FROM owner/image\nFROM owner/other\n") == ["2:6 latest owner/other"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(f"rust:1.97.1-slim-trixie@{DIGEST}", [], id="as-listed"),
        pytest.param("rust:1.97.1-slim-trixie", ["contradicts"], id="no-digest"),
        pytest.param(f"rust:1.97.1-slim-trixie@{OTHER}", ["contradicts"], id="another-digest"),
        pytest.param(f"rust@{OTHER}", ["contradicts"], id="another-digest-without-tag"),
        pytest.param(f"rust@{DIGEST}", [], id="digest-without-tag"),
        pytest.param("rust:1.96.0-slim-trixie", ["contradicts"], id="another-version"),
        pytest.param("rust:1.96.0", ["contradicts"], id="another-version-of-another-variant"),
        pytest.param("rust:1.97.1", [], id="another-variant"),
        pytest.param("rust:1.97-slim-trixie", ["partial"], id="part-of-the-version"),
        pytest.param("docker.io/library/rust:1.97.1-slim-trixie", ["contradicts"], id="full-name"),
        pytest.param("node:22.11.0", [], id="not-in-the-list"),
        pytest.param("ghcr.io/x/rust:1.96.0", [], id="another-registry"),
    ],
)
def test_the_list(line: str, expected: list[str]) -> None:
    write("Cargo.toml", LIST)
    assert [each.split()[1] for each in found("Dockerfile", f"FROM {line}\n")] == expected


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        pytest.param(
            "Dockerfile", "FROM rust:1.97.1-slim-trixie AS x\n", "FROM rust:1.97.1-slim-trixie@{} AS x\n", id="digest"
        ),
        pytest.param("Dockerfile", "FROM rust:1-slim-trixie\n", "FROM rust:1.97.1-slim-trixie@{}\n", id="version"),
        pytest.param(
            "Dockerfile", "FROM rust:1.96.0-slim-trixie\n", "FROM rust:1.97.1-slim-trixie@{}\n", id="other-version"
        ),
        pytest.param(
            "Dockerfile",
            f"FROM rust:1.97.1-slim-trixie@{OTHER}\n",
            "FROM rust:1.97.1-slim-trixie@{}\n",
            id="other-digest",
        ),
        pytest.param(
            "Dockerfile",
            "FROM docker.io/library/rust:1-slim-trixie\n",
            "FROM docker.io/library/rust:1.97.1-slim-trixie@{}\n",
            id="registry-is-kept",
        ),
        pytest.param(
            "Dockerfile", "ARG V=1\nFROM rust:$V-slim-trixie\n", "ARG V=1\nFROM rust:$V-slim-trixie\n", id="variable"
        ),
        pytest.param("Dockerfile", "FROM rust:1-slim-bookworm\n", "FROM rust:1-slim-bookworm\n", id="another-variant"),
        pytest.param("Dockerfile", "FROM rust\n", "FROM rust\n", id="no-variant"),
        pytest.param(
            "Dockerfile",
            "FROM a/b:1\nCOPY --from=rust:slim-trixie /x /x\n",
            "FROM a/b:1\nCOPY --from=rust:1.97.1-slim-trixie@{} /x /x\n",
            id="copy",
        ),
        pytest.param(
            "Dockerfile",
            "FROM a/b:1\nRUN --mount=from=rust:slim-trixie,target=/x make\n",
            "FROM a/b:1\nRUN --mount=from=rust:1.97.1-slim-trixie@{},target=/x make\n",
            id="mount",
        ),
        pytest.param(
            WORKFLOW,
            JOB + "    container: 'docker://rust:1-slim-trixie' # why\n",
            JOB + "    container: 'docker://rust:1.97.1-slim-trixie@{}' # why\n",
            id="workflow",
        ),
        pytest.param(
            WORKFLOW,
            JOB + '    steps:\n      - run: docker run "rust:1-slim-trixie" cargo build\n',
            JOB + '    steps:\n      - run: docker run "rust:1.97.1-slim-trixie@{}" cargo build\n',
            id="docker-run",
        ),
        pytest.param(
            ".gitlab-ci.yml", "image: rust:1-slim-trixie\n", "image: rust:1.97.1-slim-trixie@{}\n", id="gitlab"
        ),
    ],
)
def test_fixes(name: str, before: str, after: str) -> None:
    write("Cargo.toml", LIST)
    assert fixed(name, before) == after.replace("{}", DIGEST)


def test_several_entries_of_one_variant_are_not_chosen_from() -> None:
    write("Cargo.toml", f'{LIST}"rust:1.96.0-slim-trixie" = "{OTHER}"\n')
    assert fixed("Dockerfile", "FROM rust:1-slim-trixie\n") == "FROM rust:1-slim-trixie\n"
    assert fixed("Dockerfile", "FROM rust:1.96.0-slim-trixie\n") == f"FROM rust:1.96.0-slim-trixie@{OTHER}\n"


def test_an_entry_without_a_version_replaces_no_version() -> None:
    write("Cargo.toml", f'[workspace.metadata.dunnage.images]\n"alpine:latest" = "{DIGEST}"\n')
    assert fixed("Dockerfile", "FROM alpine:3.20.1\n") == "FROM alpine:3.20.1\n"
    assert fixed("Dockerfile", "FROM alpine:latest\n") == f"FROM alpine:latest@{DIGEST}\n"


def test_the_given_list_takes_precedence() -> None:
    write("Cargo.toml", LIST)
    write("pins.toml", f'"rust:1.97.1-slim-trixie" = "{OTHER}"\nwasm-tools = "1.240.0"\n')
    text = fixed("Dockerfile", "FROM rust:1.97.1-slim-trixie\n", "--pins", "pins.toml")
    assert text == f"FROM rust:1.97.1-slim-trixie@{OTHER}\n"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        pytest.param(
            '"rust:1" = "sha256:12"', "the list of images has an invalid line for rust:1: ", id="short-digest"
        ),
        pytest.param(f'rust = "{DIGEST}"', "the list of images has an invalid line for rust: ", id="no-tag"),
        pytest.param('"rust:1" = 1', "the list of images has an invalid line for rust:1: ", id="no-text"),
    ],
)
def test_a_wrong_list(entry: str, message: str) -> None:
    write("Cargo.toml", f"[workspace.metadata.dunnage.images]\n{entry}\n")
    write("Dockerfile", "FROM rust:1.97.1\n")
    (finding,) = check(["Dockerfile"], Tree(), Options())
    assert (finding.rule.id, finding.path, finding.message[: len(message)]) == (
        "base-images/contradicts",
        "Cargo.toml",
        message,
    )


def test_require_digest() -> None:
    text = (
        f"# syntax=docker/dockerfile:1\nFROM rust:1.97.1\nFROM a/b:1.2\nFROM c/d@{DIGEST}\nFROM rust:1\nFROM mine:1\n"
    )
    assert found("Dockerfile", text, REQUIRE_DIGEST) == [
        "1:10 no-digest docker/dockerfile:1",
        "2:6 no-digest rust:1.97.1",
        "3:6 no-digest a/b:1.2",
        "5:6 partial rust:1",
    ]


def test_the_help_has_the_commands_that_print_the_digest() -> None:
    write("Dockerfile", "FROM rust:1.97\n")
    (finding,) = check(["Dockerfile"], Tree(), Options())
    assert "crane digest rust:1.97\n" in finding.help
    assert "docker buildx imagetools inspect rust:1.97 --format '{{.Manifest.Digest}}'" in finding.help


def test_a_comment_silences_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    write("Dockerfile", "# dunnage: ignore[base-images/partial] rebuilt weekly on purpose\nFROM rust:1\n")
    assert main(["Dockerfile"]) == 0
    assert capsys.readouterr().out == ""


def test_input_that_is_not_utf8_or_yaml() -> None:
    Path("Dockerfile").write_bytes(b"FROM rust:1\xff\nFROM rust\n")
    assert [each.message.split("`")[1] for each in check(["Dockerfile"], Tree(), Options())] == ["rust"]
    assert found(WORKFLOW, "a: [\n") == []


def test_files_that_use_no_images_need_not_be_readable(capsys: pytest.CaptureFixture[str]) -> None:
    Path("build").write_bytes(b"#!/bin/sh\necho \xff\n")
    assert main(["build"]) == 0
    Path("build").write_bytes(b"#!/bin/sh\ndocker run rust:1.97.1 cargo build \xff\n")
    assert main(["build"]) == 1
    assert "input/unreadable" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        pytest.param("Dockerfile", "FROM rust\n", "`, and let Renovate or Dependabot update it;", id="dockerfile"),
        pytest.param(WORKFLOW, JOB + "    container: rust\n", "`, and let Renovate update it;", id="workflow"),
        pytest.param("build.sh", "docker run rust cargo build\n", "`; these commands", id="script"),
    ],
)
def test_help_names_the_bots_that_update_the_file(name: str, text: str, expected: str) -> None:
    write(name, text)
    (finding,) = check([name], Tree(), Options({}))
    assert finding.help is not None
    assert f"write `rust:TAG@sha256:…{expected}" in finding.help


@pytest.mark.untraced
def test_images_after_the_last_finding_are_not_compared(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(finding, "MOST_FINDINGS", 20)
    write("Cargo.toml", LIST)

    def run(count: int) -> str:
        write("Dockerfile", "FROM rust:1.80.0\n" * count)
        assert main(["Dockerfile"]) == 1
        return capsys.readouterr().out

    assert run(100) == run(200)
    few, many = steps(lambda: run(200)), steps(lambda: run(400))
    assert many - few <= 180 * 200, (many - few) / 200
