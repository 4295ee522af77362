"""What the node was like before a join, written down beside the backup of its files: what a leave
and a roll-back put back. JSON, without secrets (a digest of the keytab tells nothing of its keys).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pve_auth_tui.core.errors import Unreadable
from pve_auth_tui.core.join.model import NodeState

NAME: Final = "manifest.json"
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Manifest:
    """`folder`: where the backup lies. `files`: path -> SHA-256 of each file that was there;
    `units`: unit -> systemd's word; `enabled`: units that started by themselves. `homes`: they were
    made at the first login; `wants_homes`: the join was to see to that. `computer`: the account's
    name. `at`: seconds since 1970.
    """

    folder: str
    domain: str
    computer: str
    at: float
    files: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    enabled: tuple[str, ...] = ()
    homes: bool = False
    wants_homes: bool = True

    @property
    def path(self) -> str:
        return f"{self.folder}/{NAME}"

    def backup_of(self, path: str) -> str:
        """Where the copy of an absolute path lies (`cp --parents`)."""
        return f"{self.folder}{path}"


def manifest_of(
    state: NodeState,
    *,
    folder: str,
    domain: str,
    computer: str,
    at: float,
    wants_homes: bool = True,
) -> Manifest:
    """Of the node as it stands before its first step."""
    return Manifest(
        folder,
        domain,
        computer,
        at,
        dict(state.files),
        dict(state.units),
        tuple(state.enabled),
        state.homes,
        wants_homes,
    )


def as_text(manifest: Manifest) -> str:
    """The file's content."""
    value = {
        "version": _VERSION,
        "folder": manifest.folder,
        "domain": manifest.domain,
        "computer": manifest.computer,
        "at": manifest.at,
        "files": dict(sorted(manifest.files.items())),
        "units": dict(sorted(manifest.units.items())),
        "enabled": sorted(manifest.enabled),
        "homes": manifest.homes,
        "wants_homes": manifest.wants_homes,
    }
    return f"{json.dumps(value)}\n"


def from_text(text: str, folder: str) -> Manifest:
    """What a file of that folder says. Raises Unreadable for anything else."""
    try:
        value = json.loads(text)
        if value["version"] != _VERSION:
            raise Unreadable(f"{folder}/{NAME} is of another version of this program.")
        return Manifest(
            folder,
            _text(value["domain"]),
            _text(value["computer"]),
            float(value["at"]),
            _texts(value["files"]),
            _texts(value["units"]),
            tuple(map(_text, value["enabled"])),
            value["homes"] is True,
            value.get("wants_homes", True) is True,  # of older notes nobody knows
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unreadable(f"{folder}/{NAME} is damaged.") from error


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _texts(value: Any) -> dict[str, str]:
    return {_text(name): _text(text) for name, text in value.items()}
