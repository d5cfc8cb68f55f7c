"""The list of the digests that images must have, `[workspace.metadata.dunnage.images]`."""

from typing import NamedTuple

from dunnage.containers.reference import Reference, parse
from dunnage.containers.tags import DIGITS, version_of, words_of
from dunnage.files.pin_lists import ListKind

RULE = "base-images/contradicts"


class ListedImage(NamedTuple):
    """An image in a list."""

    reference: Reference
    """With the digest that the list has for it."""
    path: str
    """The file that contains the list, as it is printed."""


def _read(name: str, digest: str, path: str) -> ListedImage | str:
    reference = parse(f"{name}@{digest}")
    if reference is None:
        return f"`{name}@{digest}` is not an image with a digest"
    return ListedImage(reference, path) if reference.tag else "the name of the image has no tag"


def _owns(name: str, value: object) -> bool:
    is_digest = isinstance(value, str) and value.startswith("sha256:")
    return "://" not in name and (is_digest or not {":", "/"}.isdisjoint(name))


IMAGES = ListKind(
    "images",
    '"IMAGE:TAG" = "sha256:DIGEST"',
    RULE,
    'write the tag and the digest that you reviewed: "IMAGE:TAG" = "sha256:…", with 64 hexadecimal digits',
    _read,
    _owns,
)


class ListedImages:
    """The entries of a list for one repository of images, by what they are compared by."""

    def __init__(self, first: ListedImage) -> None:
        self.first = first
        self.digests: set[str] = set()
        self.versions: set[tuple[str, ...]] = set()
        # By their tag, and by their variant: all entries, and those with a version.
        self._alike: dict[object, list[ListedImage]] = {}

    def add(self, image: ListedImage) -> None:
        """Add an entry."""
        tag = image.reference.tag
        version = tuple(version_of(tag))
        self.digests.add(image.reference.digest)
        self.versions.add(version)
        for key in (tag, (_variant(tag), False), *([(_variant(tag), True)] if version else [])):
            self._alike.setdefault(key, []).append(image)

    def same_variant(self, tag: str) -> ListedImage | None:
        """Return the only entry whose tag differs at most in its version; None if there is none, or more than one.

        An entry without a version is not the variant of a tag that has one, because it says less.
        """
        found = self._alike.get(tag) or self._alike.get((_variant(tag), bool(version_of(tag))), [])
        return found[0] if len(found) == 1 else None


def difference(reference: Reference, images: ListedImages) -> tuple[str, str] | None:
    """Return the rule that an image breaks by not being in the list, and a clause about the image; None if it is.

    `images` are the entries for its repository. It has a digest, or a tag that names one build. An image of another
    variant counts as listed, unless its version differs from all of them.
    """
    if reference.digest in images.digests:
        return None
    entry = images.same_variant(reference.tag)
    if entry is None:
        if reference.tag and tuple(version_of(reference.tag)) in images.versions:
            return None
        entry = images.first
    if entry.reference.tag == reference.tag and not reference.digest:
        return RULE, f"has no digest, but {entry.path} lists one for it"
    if entry.reference.tag == reference.tag:
        return RULE, f"has a different digest than {entry.path} lists for it"
    return RULE, f"differs from `{entry.reference.tag}`, the tag that {entry.path} lists for it"


def _variant(tag: str) -> tuple[str, ...]:
    """The words of a tag without its versions and dates: `slim`, `trixie`."""
    words = words_of(tag)
    return tuple(word for word in words if word != "latest" and word.removeprefix("v")[:1] not in DIGITS)
