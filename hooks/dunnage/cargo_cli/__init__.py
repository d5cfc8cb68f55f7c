"""Cargo's command line, and the tools and actions that install or call it."""
