"""The shell language."""
