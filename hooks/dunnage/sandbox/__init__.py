"""What code that compiles can reach in images, containers and CI jobs."""
