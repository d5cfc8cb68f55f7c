"""The images that build Rust code are pinned: by a digest, or by a tag that names one build.

Anybody who may push to a registry can move a tag to another image. Then the next build uses another compiler and other
libraries than those that were reviewed.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dunnage.containers.reference import Reference, parse
from dunnage.containers.tags import CHANNEL, LATEST, PARTIAL, floating, is_official
from dunnage.files.source import File, SourceError, Tree
from dunnage.files.span import Edit
from dunnage.files.walk import project_manifest
from dunnage.frame.finding import Finding, Fix, Rule, distinct, findings, with_advice
from dunnage.frame.hook import Hook, run
from dunnage.frame.options import PINS, Options, flag
from dunnage.scripts.commands import note, readable, with_text
from dunnage.scripts.comments import comments
from dunnage.scripts.images import ImageUse, image_kind, images

if TYPE_CHECKING:
    from dunnage.containers.image_list import ListedImage, ListedImages
    from dunnage.containers.local_images import LocalImages
    from dunnage.files.document import Problem
    from dunnage.files.pin_lists import PinLists

CONTRADICTS, NO_DIGEST = "base-images/contradicts", "base-images/no-digest"
RULES = (
    Rule(LATEST, "an image has no tag, or one that follows the latest image", is_fixable=True),
    Rule(CHANNEL, "the tag of an image names a channel or a variant, but no version", is_fixable=True),
    Rule(PARTIAL, "the tag of an official image does not identify one build", is_fixable=True),
    Rule(CONTRADICTS, "an image differs from the list of images, or the list is wrong", is_fixable=True),
    Rule(NO_DIGEST, "an image has no digest, and --require-digest is given"),
)

REQUIRE_DIGEST = flag("--require-digest", "also report images that have a version but no digest")
SERVICES = flag("--services", "also check images of services, Compose files and development containers")

_UPDATED_BY = (
    ("Renovate", ("circleci", "compose", "devcontainer", "dockerfile", "github", "gitlab")),
    ("Dependabot", ("compose", "dockerfile")),
)
"""The kinds of files in which bots update images."""
_CONTAINER_PROGRAMS = (b"docker", b"podman", b"nerdctl")
_WITH_IMAGES = frozenset({"azure", "buildkite", "circleci", "dockerfile", "github", "gitlab"})
"""The kinds of files that name images to build in."""
_WITH_SERVICES = _WITH_IMAGES | {"compose", "devcontainer"}
_WITHOUT_CONTAINERS = frozenset({None, "compose", "devcontainer", "dockerfile"})
"""The kinds of files whose commands start no containers."""


def check(names: Sequence[str], tree: Tree, options: Options) -> Iterator[Finding]:
    """Check every image that the named files use."""
    kinds = {"image", *(("syntax",) if options[REQUIRE_DIGEST] else ()), *(("service",) if options[SERVICES] else ())}
    checks = _Checks(tree, options)
    for file in readable(tree, names):
        kind = image_kind(file.path, file.data[:200])
        starts_containers = kind not in _WITHOUT_CONTAINERS and any(name in file.data for name in _CONTAINER_PROGRAMS)
        if kind not in (_WITH_SERVICES if options[SERVICES] else _WITH_IMAGES) and not starts_containers:
            continue
        mended = with_text(file)
        try:
            uses = [*images(mended), *(_container_images(mended, tree) if starts_containers else ())]
        except SourceError as error:
            note(file, error)
            continue
        found = distinct(each for use in uses if use.kind in kinds for each in checks.findings(mended, use))
        # A repository with a list of images wants digests.
        yield from with_advice(found, lambda finding: "" if checks.has_lists else _advice(finding))
    yield from findings(checks.list_problems, RULES)


def _advice(finding: Finding) -> str:
    if finding.rule.id not in (LATEST, CHANNEL, PARTIAL):
        return ""
    return f"to accept this everywhere: pass `--ignore {finding.rule.id}`"


def _container_images(file: File, tree: Tree) -> Iterator[ImageUse]:
    """Yield the images of containers in which the commands of a file compile."""
    from dunnage.containers import container_runs

    return container_runs.images(file, tree)


class _Checks:
    """The checks of a run: its options, and what they need to know of the repository."""

    def __init__(self, tree: Tree, options: Options) -> None:
        self._tree = tree
        self._options = options
        self._lists: PinLists[ListedImage] | None = None
        # The entries of each list by the name of their repository, by the identity of the list, which `_lists` keeps.
        self._by_name: dict[int, dict[str, ListedImages]] = {}
        self._local: LocalImages | None = None
        if options[PINS]:
            self._read_lists()

    @property
    def list_problems(self) -> "Sequence[Problem]":
        """The problems in the lists of images that have been read."""
        return self._lists.problems if self._lists else ()

    @property
    def has_lists(self) -> bool:
        """Whether a list of images has been read."""
        return self._lists is not None

    def findings(self, file: File, use: ImageUse) -> Iterator[Finding]:
        """Yield a finding for each image that a place names and that is not pinned."""
        for text in use.values or ():
            reference = parse(text)
            if reference is None or reference.official == "scratch":
                continue
            is_on_machine = reference.domain.partition(":")[0] == "localhost"
            if is_on_machine or (reference.official and not is_official(reference.official)):
                continue  # perhaps an image that somebody built on their machine
            entries = self._entries(file, reference)
            problem = self._problem(reference, entries)
            if problem and (reference.official or entries or not self._is_local(file, reference)):
                yield _finding(file, use, text, reference, entries, *problem)

    def _problem(self, reference: Reference, entries: "ListedImages | None") -> tuple[str, str] | None:
        """The rule that an image breaks, and a clause about the image."""
        problem = None if reference.digest else floating(reference)
        if problem is None and entries:
            from dunnage.containers.image_list import difference

            problem = difference(reference, entries)
        if problem is None and self._options[REQUIRE_DIGEST] and not reference.digest:
            problem = NO_DIGEST, "has no digest, so its content may change under the same tag"
        return problem

    def _entries(self, file: File, reference: Reference) -> "ListedImages | None":
        """The entries for the repository of an image, whatever their tags, of the first list that has any."""
        if self._lists is None:
            if project_manifest(self._tree, file) is None:
                return None
            self._read_lists()
        for entries in self._lists.of(file) if self._lists else ():
            if entries and id(entries) not in self._by_name:
                from dunnage.containers.image_list import ListedImages

                by_name = self._by_name[id(entries)] = {}
                for image in entries.values():
                    by_name.setdefault(image.reference.name, ListedImages(image)).add(image)
            if entries and (found := self._by_name[id(entries)].get(reference.name)):
                return found
        return None

    def _read_lists(self) -> None:
        from dunnage.containers.image_list import IMAGES
        from dunnage.files.pin_lists import PinLists

        self._lists = PinLists(self._tree, IMAGES, self._options[PINS])

    def _is_local(self, file: File, reference: Reference) -> bool:
        """Whether the repository builds an image of this name. To know that, all its files are searched once."""
        if self._local is None:
            from dunnage.containers.local_images import LocalImages

            self._local = LocalImages(self._tree)
        return self._local.has(file, reference)


def _finding(
    file: File,
    use: ImageUse,
    text: str,
    reference: Reference,
    entries: "ListedImages | None",
    rule: str,
    clause: str,
) -> Finding:
    shown = text.partition("@")[0]
    name = shown.removesuffix(f":{reference.tag}")
    entry = entries.same_variant(reference.tag) if entries else None
    if entry is None:
        help, fix = _help(name, reference.tag, image_kind(file.path, file.data[:200]) or ""), None
    else:
        pinned = f"{name}:{entry.reference.tag}@{entry.reference.digest}"
        help = f"write `{pinned}`, which {entry.path} lists"
        is_written = use.literal is not None and file.data[slice(*use.literal)] == text.encode()
        edits = (Edit(file.path, *use.literal, pinned),) if use.literal and is_written else ()
        fix = Fix(f"pinned {name} to {entry.reference.tag}", edits) if edits else None
    by_id = {rule.id: rule for rule in RULES}
    return Finding(by_id[rule], file.path, use.span, f"`{shown}` {clause}", help, fix)


def _help(name: str, tag: str, kind: str) -> str:
    """What to write, who updates it in a file of this kind, and the commands that print the digest."""
    image = f"{name}:{tag}" if tag and tag != "latest" else f"{name}:TAG"
    bots = " or ".join(bot for bot, kinds in _UPDATED_BY if kind in kinds)
    return (
        f"write `{image}@sha256:…`{f', and let {bots} update it' if bots else ''}; these commands print the digest:\n"
        f"crane digest {image}\n"
        f"docker buildx imagetools inspect {image} --format '{{{{.Manifest.Digest}}}}'"
    )


HOOK = Hook(
    name="check-base-images",
    summary="check that builder and base images are pinned",
    rules=RULES,
    check=check,
    comments=comments,
    fixes=True,
    options=(PINS, REQUIRE_DIGEST, SERVICES),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook and return its exit status."""
    return run(HOOK, argv)


if __name__ == "__main__":
    raise SystemExit(main())
