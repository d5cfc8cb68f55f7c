"""Dunnage: pre-commit hooks that keep Cargo and WebAssembly-component builds from shifting."""

__version__ = "0.1.0"
