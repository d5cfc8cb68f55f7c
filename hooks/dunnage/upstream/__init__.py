"""What happens upstream of the tools that a repository pins, for `watch-upstream`, which may use the network."""
