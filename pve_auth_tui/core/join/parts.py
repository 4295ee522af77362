"""What plans of a join and of its ways back have in common."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Final

from pve_auth_tui.core.join import steps
from pve_auth_tui.core.join.access import AT_START
from pve_auth_tui.core.join.manifest import Manifest
from pve_auth_tui.core.join.model import START_FILE, NodeState
from pve_auth_tui.core.plan import HostFile, Step

MASKED: Final = "masked"
ACTIVE: Final = "active"


def sssd_anew(domain: str, *, runs: bool) -> Iterator[Step]:
    """sssd without anything of the domain; it starts again where it `runs` besides."""
    yield steps.reset_failed()
    yield steps.stop()
    yield steps.forget(domain, domain)
    if runs:
        yield steps.start()


def shut_at_start(before: NodeState) -> Iterator[Step]:
    """Written also where it says so already: with another owner or mode sssd passes over it."""
    yield HostFile(START_FILE, AT_START, 0o600, before.files.get(START_FILE, ""))


def put_back(path: str, kept: Manifest) -> Step:
    if path in kept.files:
        return steps.restore(path, kept.backup_of(path), kept.files[path])
    return steps.remove(path)


def node_of(state: NodeState) -> str:
    return state.short or "this node"


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
