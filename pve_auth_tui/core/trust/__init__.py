"""CAs that the whole node trusts: what may become one, and where it counts."""
