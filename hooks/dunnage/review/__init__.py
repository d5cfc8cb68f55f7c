"""What a commit brings in, compared with what was there before: bases, changes, and what people have reviewed."""
