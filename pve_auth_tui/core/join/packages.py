"""Which Debian packages a join needs, which are there, and what apt would do to get them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from pve_auth_tui.core.host.ports import Said
from pve_auth_tui.core.join.causes import JoinCause
from pve_auth_tui.core.join.outcomes import classify

NEEDED: Final = (
    "realmd",
    "adcli",
    "sssd",
    "sssd-tools",
    "libnss-sss",
    "libpam-sss",
    "samba-common-bin",
    "packagekit",
)
"""packagekit: realmd asks it even when nothing is to be installed, and gives up without it.

Without samba-common-bin realmd does not join, although adcli does the work; krb5-user and
oddjob-mkhomedir are not needed. libsss-sudo, which brings the domain's sudo rules, is only
recommended by sssd: without recommends it stays away (R30).
"""
INSTALLED: Final = "ii"
_FORMAT: Final = r"${Package} ${db:Status-Abbrev} ${Version}\n"

_INST: Final = re.compile(r"Inst (\S+)(?: \[([^\]]*)\])? \((\S+)")
_REMV: Final = re.compile(r"(?:Remv|Purg) (\S+)")
_HELD: Final = re.compile(r"The following held packages will be changed:")


class PackagePreview(NamedTuple):
    """What apt would do. `upgraded` and `removed`: packages that nobody asked about; `held`: those
    on hold that it would change.
    """

    added: tuple[str, ...] = ()
    upgraded: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    causes: tuple[JoinCause, ...] = ()


def query(names: Iterable[str] = NEEDED) -> tuple[str, ...]:
    """The question which of them are installed; code 1 means that some are unknown, no more."""
    return ("/usr/bin/dpkg-query", "-W", "-f", _FORMAT, *names)


def parse_query(lines: Iterable[str]) -> dict[str, str]:
    """Package -> `ii` and so on; what dpkg does not know is not in it."""
    found: dict[str, str] = {}
    for line in lines:
        words = line.split()
        if len(words) >= 2 and re.fullmatch(r"[a-z][a-zA-Z]R?", words[1]):
            found[words[0]] = words[1]
    return found


def missing(states: Mapping[str, str], wanted: Iterable[str] = NEEDED) -> tuple[str, ...]:
    """Those that are not installed, in their order."""
    return tuple(name for name in wanted if states.get(name) != INSTALLED)


def preview_command(names: Iterable[str]) -> tuple[str, ...]:
    """What apt would do, without doing it and without a lock."""
    return ("/usr/bin/apt-get", "-s", "--no-install-recommends", "install", *names)


def preview(said: Said) -> PackagePreview:
    """What `apt-get -s install` announces."""
    if causes := classify(said, "apt"):
        return PackagePreview(causes=causes)
    added: list[str] = []
    upgraded: list[str] = []
    removed: list[str] = []
    for line in said.out:
        if found := _INST.match(line):
            (upgraded if found[2] is not None else added).append(found[1])
        elif found := _REMV.match(line):
            removed.append(found[1])
    changes = upgraded or removed
    held = _held(said.out)
    return PackagePreview(
        tuple(added),
        tuple(upgraded),
        tuple(removed),
        held,
        (JoinCause.PACKAGES_UPGRADE,) if changes or held else (),
    )


def _held(lines: Iterable[str]) -> tuple[str, ...]:
    names: list[str] = []
    inside = False
    for line in lines:
        if inside and line.startswith("  "):
            names.extend(line.split())
            continue
        inside = bool(_HELD.match(line))
    return tuple(names)
