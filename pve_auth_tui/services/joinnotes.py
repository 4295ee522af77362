"""What joins leave in this program's own folder on the node, for a leave to read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Any, Final

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.host.ports import Host
from pve_auth_tui.core.join.manifest import NAME as MANIFEST
from pve_auth_tui.core.join.manifest import Manifest, from_text
from pve_auth_tui.core.join.model import NodeState

_AFTER: Final = "after.json"
"""Beside a backup: SHA-256 of the files as the join left them, so that a leave knows of others'
changes. Without it a file counts as changed.
"""


def manifests(host: Host, own: str, domain: str) -> tuple[Manifest, ...]:
    """What was kept before joins to that domain, the oldest first. Damaged ones are left out."""
    folder = f"{own}/join"
    found = []
    try:
        stamps = host.files.names(folder.lstrip("/"))
    except AuthTuiError:
        return ()
    for stamp in stamps:
        place = f"{folder}/{stamp}"
        try:
            data = host.files.read(f"{place}/{MANIFEST}".lstrip("/"))
            one = from_text(data.decode(errors="replace"), place)
        except AuthTuiError:
            continue
        if one.domain.lower() == domain.lower():
            found.append(one)
    return tuple(sorted(found, key=lambda one: one.at))


def note_after(host: Host, folder: str, state: NodeState) -> Iterator[str]:
    """How a join left the files; yields why that could not be noted."""
    yield from _noted(host, f"{folder}/{_AFTER}", dict(state.files))


def after(host: Host, folder: str) -> Mapping[str, str]:
    """path -> SHA-256 as a join left them; {} where nobody noted it."""
    value = _json(host, f"{folder}/{_AFTER}")
    return value if isinstance(value, dict) else {}


def note_added(host: Host, own: str, names: Sequence[str]) -> Iterator[str]:
    """Packages that were installed for a join; yields why that could not be noted."""
    known = [name for name in added(host, own) if name not in names]
    yield from _noted(host, _added(own), [*known, *names])


def added(host: Host, own: str) -> tuple[str, ...]:
    """Packages that this program has installed for joins."""
    value = _json(host, _added(own))
    return tuple(name for name in value if isinstance(name, str)) if isinstance(value, list) else ()


def _added(own: str) -> str:
    return f"{own}/join/added.json"


def _json(host: Host, path: str) -> Any:
    try:
        return json.loads(host.files.read(path.lstrip("/")))
    except (AuthTuiError, ValueError, RecursionError):
        return None


def _noted(host: Host, path: str, value: object) -> Iterator[str]:
    was = ""
    with suppress(AuthTuiError):
        was = sha256(host.files.read(path.lstrip("/"))).hexdigest()
    try:
        host.write(path, f"{json.dumps(value)}\n", 0o600, was)
    except AuthTuiError as error:
        yield f"What a later leave needs could not be noted: {error}"
