"""PVE's /etc/pve/priv/shadow.cfg: the password hashes of realm pve (PVE::Auth::PVE)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pve_auth_tui.core.perltext import BLANKS, encode_file, lines
from pve_auth_tui.core.secret import Secret

_BLANK = re.compile(f"[{BLANKS}]")


@dataclass(frozen=True, slots=True)
class ShadowFile:
    """`hashes` by user name without realm, in the order of the file.

    `warnings` are PVE's own, one per line that is lost at the next write. (PVE ends them
    with the number of a line in some other file.)
    """

    hashes: Mapping[str, Secret]
    warnings: tuple[str, ...] = ()


def parse_shadow(data: bytes) -> ShadowFile:
    """The file as PVE reads it: `name:hash:`, both not empty; the last of several counts."""
    hashes: dict[str, Secret] = {}
    warnings: list[str] = []
    for line in lines(data.decode("latin-1")):
        # /^\S+:\S+:$/, without going back and forth on a long line
        if line.endswith(":") and ":" in line[1:-2] and not _BLANK.search(line):
            name, _, rest = line.partition(":")
            hashes[name] = Secret(rest.partition(":")[0])
        else:
            warnings.append("pve shadow password: ignore invalid line")
    return ShadowFile(hashes, tuple(warnings))


def write_shadow(file: ShadowFile) -> bytes:
    """The file as PVE writes it; the order of lines means nothing to PVE."""
    return encode_file("".join(f"{name}:{hash.reveal()}:\n" for name, hash in file.hashes.items()))
