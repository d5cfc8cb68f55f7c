"""What a commit changes compared with its base, and what people have reviewed."""
