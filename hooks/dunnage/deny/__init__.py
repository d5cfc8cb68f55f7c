"""deny.toml, the policy file of cargo-deny: what its releases accept in it, and what a policy asks of it."""
