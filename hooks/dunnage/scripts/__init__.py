"""The file formats in which shell commands stand."""
