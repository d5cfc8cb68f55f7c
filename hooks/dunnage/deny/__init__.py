"""deny.toml, the policy file of cargo-deny: what cargo-deny accepts in it, and what a policy requires of it."""
