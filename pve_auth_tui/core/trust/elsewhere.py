"""What a CA's trust has to do with the rest: realms that rely on it, other nodes, capath."""

from __future__ import annotations

import shlex
from collections.abc import Collection
from typing import Final, NamedTuple

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.realmrisks import DIRECTORIES, is_on, mode
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.trust.model import Form
from pve_auth_tui.core.trust.places import path_of
from pve_auth_tui.core.words import listed

_FOR_ALL_NODES: Final = "/etc/pve"
"""A file in it is on every node of the cluster, as a realm's settings are."""


class Needs(NamedTuple):
    """Realms that would not verify their servers any more, as their servers' chains show; and
    those of which nobody knows, for they were not asked or did not answer.
    """

    known: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def directories(snapshot: Snapshot) -> tuple[Realm, ...]:
    """The LDAP and AD realms, in PVE's order."""
    realms = snapshot.realms.value.realms.values() if snapshot.realms.value else ()
    return tuple(one for one in realms if one.type in DIRECTORIES)


def relying(snapshot: Snapshot) -> tuple[Realm, ...]:
    """Realms that verify their servers by what the node trusts."""
    return tuple(
        one
        for one in directories(snapshot)
        if mode(one) != "ldap" and is_on(one, "verify") and not one.options.get("capath")
    )


def other_nodes(snapshot: Snapshot) -> tuple[str, ...]:
    """The names of the cluster's other nodes."""
    cluster = snapshot.cluster.value
    return tuple(one.name for one in cluster.nodes if one.name != cluster.node) if cluster else ()


def copy_lines(snapshot: Snapshot, names: Collection[str]) -> tuple[str, ...]:
    """Trust is each node's own: what repeats it on every other one."""
    if not names:
        return ()
    files = " ".join(shlex.quote(path_of(name)) for name in names)
    folder = path_of("")
    return tuple(
        f"scp {files} root@{node}:{folder} && ssh root@{node} /usr/sbin/update-ca-certificates"
        for node in other_nodes(snapshot)
    )


def removal_lines(snapshot: Snapshot, names: Collection[str]) -> tuple[str, ...]:
    """The same for taking it away."""
    files = " ".join(shlex.quote(path_of(name)) for name in names)
    inner = shlex.quote(f"rm -f -- {files} && update-ca-certificates --fresh")
    return tuple(f"ssh root@{node} {inner}" for node in other_nodes(snapshot)) if files else ()


def nodes_finding(snapshot: Snapshot) -> Finding | None:
    """None for a node of its own."""
    others = other_nodes(snapshot)
    if not others:
        return None
    text = f"Trust is each node's own: repeat it on {listed(others, 8)}."
    return Finding("LOOK", text, "The commands stand below, under How to take it back.")


def realm_only(snapshot: Snapshot, name: str, source: str, form: Form) -> tuple[str, ...]:
    """The lines that let the directory realms alone trust it, () where there is no such realm.

    The file goes to /etc/pve, for a realm's capath counts on every node.
    """
    realms = directories(snapshot)
    if not realms:
        return ()
    target = f"{_FOR_ALL_NODES}/{name.removesuffix('.crt')}.pem"
    edits = (
        f"pveum realm modify {shlex.quote(one.name)} --capath {target} --verify 1" for one in realms
    )
    return (_conversion(source, form, target), *edits)


def _conversion(source: str, form: Form, target: str) -> str:
    if not source.startswith("/"):
        return f"(save the PEM text as {target})"
    quoted = shlex.quote(source)
    match form:
        case Form.DER:
            return f"openssl x509 -inform der -in {quoted} -out {target}"
        case Form.PKCS7_PEM:
            return f"openssl pkcs7 -print_certs -in {quoted} -out {target}"
        case Form.PKCS7_DER:
            return f"openssl pkcs7 -inform der -print_certs -in {quoted} -out {target}"
    return f"cp {quoted} {target}"
