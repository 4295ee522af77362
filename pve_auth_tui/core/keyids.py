"""Under which WebAuthn IDs a security key may have been enrolled, today's and older ones.

PVE stores no ID beside a credential, so a key that answers to none today may have been enrolled
before the settings were changed: then it answers under an ID that somebody would have chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from pve_auth_tui.core.logins import webauthn_id, webauthn_options
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.webauthn import StoredKey

MOST: Final = 24
"""IDs that a key is asked about: each is a question about every credential that is stored."""


class Holding(NamedTuple):
    """Somebody's entry (its id in tfa.cfg) whose credential a key answers to.

    `rp_id`: the WebAuthn ID under which it answers; `works`: that is today's, so a login could
    succeed.
    """

    userid: str
    entry: str
    description: str
    enabled: bool
    rp_id: str
    works: bool


def holding(one: StoredKey, rp_id: str, *, works: bool) -> Holding:
    """That entry, held under this ID."""
    entry = one.entry
    return Holding(one.userid, entry.id, entry.description, entry.enable, rp_id, works)


def ids_to_try(snapshot: Snapshot, names: Iterable[str] = ()) -> tuple[str, ...]:
    """Today's ID first, then those under which keys were seen to work, then what the names of node
    and cluster suggest; at most MOST.

    `names`: host names that are known besides (`pve1.example.com`), the most likely first.
    """
    today, options = webauthn_id(snapshot), webauthn_options(snapshot)
    hosts = [today, _host(options.get("origin", ""))]
    if "." in (party := options.get("rp", "")):  # a free text; many are the ID of that time
        hosts.append(_host(party))
    seeds = [name.lower() for name in (*names, *hosts) if _is_name(name)]
    worked = [mark.rp_id for mark in snapshot.proofs.values() if mark.rp_id]
    found: dict[str, None] = dict.fromkeys([*filter(None, (today,)), *worked][:MOST])
    for one in _suggested(snapshot, seeds):
        if len(found) == MOST:
            break
        found[one] = None
    return tuple(found)


def _suggested(snapshot: Snapshot, seeds: list[str]) -> Iterator[str]:
    """Names themselves, the domains they lie in, every node in those domains, bare nodes."""
    yield from seeds
    domains = list(dict.fromkeys(parent for seed in seeds for parent in _parents(seed)))
    yield from domains
    cluster = snapshot.cluster.value
    nodes = [node.name for node in cluster.nodes] if cluster else []
    yield from (f"{node}.{domain}" for domain in domains for node in nodes)
    yield from nodes


def _parents(name: str) -> Iterator[str]:
    """`a.b.example.com` -> `b.example.com`, `example.com`: browsers take no bare top level."""
    labels = name.split(".")
    for at in range(1, len(labels) - 1):
        yield ".".join(labels[at:])


def _host(url: str) -> str:
    """The host of `https://pve1.example.com:8006`, or of a bare name; "" for what is neither."""
    try:
        return urlsplit(url if "://" in url else f"https://{url}").hostname or ""
    except ValueError:
        return ""


def _is_name(text: str) -> bool:
    """No IP address: no key was ever enrolled under one (reference/fido.md 3.4)."""
    return bool(text) and ":" not in text and not text.rpartition(".")[2].isdigit()
