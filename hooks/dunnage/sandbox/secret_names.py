"""Variables and files that hold secrets, by their names."""

_ENDINGS = (
    *("ACCESS_KEY", "ACCESS_KEY_ID", "API_KEY", "APIKEY", "CREDENTIALS", "DEPLOY_KEY", "PASSPHRASE", "PASSWD"),
    *("PASSWORD", "PRIVATE_KEY", "SECRET", "SECRETS", "SECRET_KEY", "SIGNING_KEY", "TOKEN", "_PAT"),
)
_SOCKETS = ("docker.sock", "podman.sock", "containerd.sock", "buildkitd.sock")
_SECRET_FOLDERS = (
    *(".aws", ".azure", ".config/gcloud", ".config/gh", ".docker", ".git-credentials", ".gnupg", ".kube", ".netrc"),
    *(".npmrc", ".pypirc", ".ssh", ".cargo/credentials", ".cargo/credentials.toml"),
)


def is_secret_name(name: str) -> bool:
    """Whether a variable is named like a secret: `CARGO_REGISTRY_TOKEN`."""
    return name.upper().endswith(_ENDINGS)


def exposed_path(source: str) -> str:
    """Return what the source of a mount exposes, as a noun with its article; empty if it is nothing known."""
    path = source.strip("\"'").rstrip("/") or "/"
    for variable in ("${HOME}", "$HOME", "${{ env.HOME }}", "/root"):
        if path == variable or path.startswith(f"{variable}/"):
            path = "~" + path.removeprefix(variable)
    parts = path.split("/")
    if parts[:2] == ["", "home"] and len(parts) > 2:
        path = "/".join(("~", *parts[3:]))
    if path.endswith(_SOCKETS) or path in ("/run", "/var/run"):
        return "the socket of the container engine"
    if path == "/":
        return "the root folder of the host"
    if path == "~":
        return "the home folder"
    if path in ("~/.cargo", "$CARGO_HOME", "${CARGO_HOME}"):
        return "all of cargo's home, with its credentials and programs"
    if "SSH_AUTH_SOCK" in path:
        return "the ssh agent"
    secret = path.removeprefix("~/") if path.startswith("~/") else ""
    return f"`{path}`" if any(secret == name or secret.startswith(f"{name}/") for name in _SECRET_FOLDERS) else ""
