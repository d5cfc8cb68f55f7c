"""Update bots: what their configurations say, and which pins they update."""
