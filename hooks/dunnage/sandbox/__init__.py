"""What code that compiles can reach in images, containers and CI jobs. Here: what is found, and what isolates."""

from typing import NamedTuple

from dunnage.files.source import File
from dunnage.files.span import Edit, Span

NETWORK = "build-sandbox/network"
NOT_OFFLINE = "build-sandbox/not-offline"
SECRET_MOUNT = "build-sandbox/secret-mount"  # noqa: S105 (the id of a rule)
EXPOSED_HOST = "build-sandbox/exposed-host"
WRITABLE = "build-sandbox/writable"

ISOLATING = ("docker", "podman", "nerdctl", "unshare", "bwrap", "firejail", "systemd-run")
"""Programs that run others in a container, or without network."""


class Exposure(NamedTuple):
    """A violation of a rule of the sandbox, which the hook turns into a finding."""

    rule: str
    """The id of the rule: `build-sandbox/network`."""
    file: File
    span: Span
    message: str
    """One line."""
    help: str
    """What to type; may have several lines."""
    fixed: str = ""
    """What the edit has changed, in the past tense."""
    edit: Edit | None = None
    """Present only if it is certain."""
