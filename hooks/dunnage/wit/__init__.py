"""What the component tools read: WIT text, the manifests that name its packages, and their locks."""
