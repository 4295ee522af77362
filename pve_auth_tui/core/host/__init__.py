"""The node's own operating system: what its tools say, and what a step must have made of it."""
