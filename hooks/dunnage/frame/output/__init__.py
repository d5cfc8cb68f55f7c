"""How findings are reported: a module per format, the order of findings, and where the report goes."""
