"""Which modules a file of /etc/pam.d names (pam.d(5))."""

from __future__ import annotations

from pathlib import PurePosixPath


def modules(text: str) -> frozenset[str]:
    """`pam_mkhomedir.so`, without folders; comments and what is cut off are passed over."""
    joined = text.replace("\\\n", " ")
    words = (word for line in joined.splitlines() for word in line.partition("#")[0].split()[1:])
    return frozenset(PurePosixPath(word).name for word in words if word.endswith(".so"))
