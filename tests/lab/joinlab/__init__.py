"""Nodes that join the lab's domain: Debian with systemd, realmd and sssd, of both suites."""
