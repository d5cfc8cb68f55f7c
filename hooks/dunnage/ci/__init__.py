"""What CI runs, and whether its failure counts."""
