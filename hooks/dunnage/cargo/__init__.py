"""What Cargo reads: versions and requirements, manifests, workspaces, lock files."""
