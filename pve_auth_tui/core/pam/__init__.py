"""The node's PAM stack: read, and judged by what it lets in."""
