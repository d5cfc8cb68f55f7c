"""Files as bytes: read once, placed, parsed, edited and written back."""
