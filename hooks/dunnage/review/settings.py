"""What the user of a review chose."""

from typing import NamedTuple


class Settings(NamedTuple):
    """The choices of a run."""

    base: str = ""
    """The commit to compare with; empty for the usual one."""
    refs: tuple[str, str] = ("", "")
    """The commits of which the first one's common ancestor with the second one is the base; empty for the usual one."""
    require_base: bool = False
    reviews: str = ""
    """A file with reviews, beside the manifest; empty if there is none."""
    advisory_db: str = ""
    """The folder of the advisory database; empty for where the tools keep it."""
    least_age: int | None = None
    """The minimum age of a version, in seconds; None for the value in cargo's configuration."""
    whole_lock: bool = False
    """Whether known vulnerabilities of the whole lock count, and not only those of incoming packages."""
