"""Container images: their references, where files use them, and which of them are pinned."""
