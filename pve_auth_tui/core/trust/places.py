"""Where Debian keeps the CAs that a node trusts (update-ca-certificates(8))."""

from __future__ import annotations

from typing import Final

FOLDER: Final = "/usr/local/share/ca-certificates"
"""What this node trusts besides what Debian ships. Only names that end in .crt count."""
BUNDLE: Final = "/etc/ssl/certs/ca-certificates.crt"
HASHED: Final = "/etc/ssl/certs"
"""Links with hashed names: PVE's capath, where a realm has none of its own."""
SHIPPED: Final = "/usr/share/ca-certificates"
CHOSEN: Final = "/etc/ca-certificates.conf"
"""Which of the shipped ones count: a name a line, `!` before those that do not."""

UPDATE: Final = ("/usr/sbin/update-ca-certificates",)
AFRESH: Final = (*UPDATE, "--fresh")
"""Also takes away the links of files that are gone."""
VERIFY: Final = (
    "/usr/bin/openssl", "verify", "-no-CAfile", "-no-CAstore", "-CApath", HASHED,
)  # fmt: skip
"""Reads a certificate from its standard input, and trusts the hashed folder alone."""
SECONDS: Final = 60.0


def path_of(name: str) -> str:
    """Of a file below FOLDER."""
    return f"{FOLDER}/{name}"


def chosen(conf: str) -> tuple[str, ...]:
    """The shipped certificates that count, as paths without the first slash."""
    names = (line.strip() for line in conf.splitlines())
    return tuple(f"{SHIPPED[1:]}/{name}" for name in names if name and name[0] not in "#!")
