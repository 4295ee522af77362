"""PVE's API answers read back: realms, jobs, datacenter options, the cluster and its guests.

The other way round than `core.answers`. All raise Unreadable, and nothing else, for an answer
that PVE never gives. Secrets may have been masked before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from pve_auth_tui.core import cluster as formats
from pve_auth_tui.core import propertystring, schema
from pve_auth_tui.core.apishape import (
    MOST_ROWS,
    Fields,
    as_text,
    fields,
    flag,
    number,
    optional_text,
    rows,
    strange,
    text,
)
from pve_auth_tui.core.datacenter import MAC_PREFIX, PARSED
from pve_auth_tui.core.domains import BUILT_IN, Domains, Realm
from pve_auth_tui.core.formats import realm_problem
from pve_auth_tui.core.jobs import REALM_SYNC
from pve_auth_tui.core.schema import Properties
from pve_auth_tui.core.snapshot import (
    Cluster,
    ClusterNode,
    Datacenter,
    Guest,
    Inventory,
    Jobs,
    SyncJob,
)

_WHOLE: Final = re.compile("-?[0-9]{1,18}")
_JOB_ID: Final = re.compile(r"[A-Za-z][A-Za-z0-9_\-]+")
_NOT_OPTIONS: Final = frozenset({"type", "realm", "digest", "plugin", "id", "last-run", "next-run"})
_ADDED: Final = frozenset({"description", "allowed-tags"})
_GUESTS: Final = frozenset({"qemu", "lxc"})


def realm_list(answer: Any) -> dict[str, Realm]:
    """GET /access/domains: what the login box needs of each realm, its name first in order.

    A realm that PVE itself cannot read has no type.
    """
    realms = {}
    for row in rows(answer, "realms"):
        name = text(row, "realm", "realms")
        if realm_problem(name):
            raise strange("realms: realm")
        realms[name] = Realm(name, _realm_type(row), _login_box(row))
    return {name: realms[name] for name in sorted(realms, key=_realm_order)}


def _realm_order(name: str) -> tuple[bool, str]:
    """pam and pve first; PVE answers in random order."""
    return name not in BUILT_IN, name


def _realm_type(row: Fields) -> str | None:
    return optional_text(row, "type", "realms")


def _login_box(row: Fields) -> dict[str, str]:
    options = {}
    if comment := optional_text(row, "comment", "realms"):
        options["comment"] = comment
    if flag(row, "default", "realms"):
        options["default"] = "1"
    if tfa := optional_text(row, "tfa", "realms"):
        options["tfa"] = f"type={tfa}"
        _require_parts(options["tfa"], schema.REALM_TFA, "realms: tfa")
    return options


def realm(answer: Any, name: str) -> Realm:
    """GET /access/domains/{realm}: all its properties as text."""
    row = fields(answer, "realm")
    kind = text(row, "type", "realm")
    options = _options(row, schema.REALM, "realm")
    if "tfa" in options and options["tfa"] not in {"", "0"}:
        _require_parts(options["tfa"], schema.REALM_TFA, "realm: tfa")
    if "sync-defaults-options" in options:
        _require_parts(options["sync-defaults-options"], schema.SYNC_OPTIONS, "realm: sync")
    return Realm(name, kind, options)


def digest(answer: Any) -> str:
    """The SHA-1 of domains.cfg that comes with every realm."""
    return optional_text(fields(answer, "realm"), "digest", "realm") or ""


def domains(listed: Mapping[str, Realm], details: Mapping[str, Any]) -> Domains:
    """All realms: `details` by name where they could be had, else what the list told."""
    known = {name: realm(answer, name) for name, answer in details.items() if name in listed}
    digests = [digest(answer) for answer in details.values()]
    return Domains({**listed, **known}, digest=digests[-1] if digests else "")


def _require_parts(value: str, parts: Properties, what: str) -> None:
    """A property string that is read as one later must be one, with a type where it needs it."""
    try:
        found = propertystring.split(value, parts)
    except propertystring.Malformed:
        raise strange(what) from None
    if any(not rule.optional and name not in found for name, rule in parts.items()):
        raise strange(what)


def _options(row: Fields, rules: Properties, what: str) -> dict[str, str]:
    """All fields but those that PVE adds, as the text of the file.

    What is no text, and nothing that we know, is from a newer PVE and left out.
    """
    return {
        name: _option(value, rules.get(name), f"{what}: {name}")
        for name, value in row.items()
        if name not in _NOT_OPTIONS
        and value is not None
        and (name in rules or not isinstance(value, list | dict))
    }


def jobs(answer: Any) -> Jobs:
    """GET /cluster/jobs/realm-sync, sorted by id. It tells nothing of the last result."""
    found = {}
    for row in rows(answer, "jobs"):
        name, of = text(row, "id", "jobs"), text(row, "realm", "jobs")
        if not _JOB_ID.fullmatch(name) or optional_text(row, "type", "jobs") != REALM_SYNC:
            raise strange("jobs: id or type")
        options = {"realm": of, "enabled": "1", **_options(row, schema.JOB, "jobs")}
        found[name] = SyncJob(name, of, options, number(row, "last-run", "jobs"))
    return Jobs({name: found[name] for name in sorted(found)})


def is_for_everybody(answer: Any) -> bool:
    """Whether PVE shows of GET /cluster/options only what everybody may see."""
    return not {"description", "mac_prefix"} & set(fields(answer, "options"))


def datacenter(answer: Any) -> Datacenter:
    """GET /cluster/options; the default `mac_prefix` that PVE adds is taken out again.

    What is no text, and nothing that we know, is from a newer PVE and left out.
    """
    row = fields(answer, "options")
    options: dict[str, str | Mapping[str, str]] = {}
    for name, value in row.items():
        if name in _ADDED or value is None:
            continue
        rule = schema.DATACENTER.get(name)
        parts = rule.parts if rule and name in PARSED else None
        if not isinstance(value, dict):
            options[name] = _option(value, rule, f"options: {name}")
        elif parts is not None:
            options[name] = {
                part: _option(inner, parts[part], f"options: {name}")
                for part, inner in value.items()
                if part in parts and inner is not None
            }
        elif rule is not None:
            raise strange(f"options: {name}")
    if options.get("mac_prefix") == MAC_PREFIX:
        del options["mac_prefix"]
    return Datacenter(options, optional_text(row, "description", "options") or "")


def _option(value: Any, rule: schema.Property | None, what: str) -> str:
    """One value as the text of the file. Tags come as a list, Perl's false may be empty."""
    if isinstance(value, list) and len(value) <= MOST_ROWS:
        found = ";".join(as_text(item, what) for item in value)
    else:
        found = as_text(value, what)
    if rule and rule.kind in {"boolean", "integer"}:
        found = found or "0"
        if not _WHOLE.fullmatch(found):
            raise strange(f"{what} is no number")
    return found


def cluster(status: Any, version: Any) -> Cluster:
    """GET /cluster/status and /version.

    A node that is in no cluster is alone in the list. While corosync does not run PVE answers
    for a cluster's node in the same way (PVE::API2::Cluster).
    """
    here, name, quorate = "", None, True
    nodes: dict[str, ClusterNode] = {}
    for row in rows(status, "status"):
        kind = text(row, "type", "status")
        if kind == "cluster":
            name = text(row, "name", "status")
            quorate = flag(row, "quorate", "status")
        elif kind == "node":
            node = formats.node_name(text(row, "name", "status"))
            if not node:
                raise strange("status: name")
            online = flag(row, "online", "status")
            nodes[node] = ClusterNode(node, online, optional_text(row, "ip", "status"))
            here = node if flag(row, "local", "status") else here
    if not nodes:
        raise strange("status: no node")
    return Cluster(
        here, name, quorate, tuple(nodes[each] for each in sorted(nodes)), release(version)
    )


def release(version: Any) -> str:
    """The PVE release (`9.2`) of GET /version; "" when it names none."""
    row = fields(version, "version")
    found = optional_text(row, "version", "version") or optional_text(row, "release", "version")
    return formats.release_of(found or "")


def inventory(answer: Any) -> Inventory:
    """GET /cluster/resources: guests by VMID, storages once however many nodes have them."""
    guests, storages = {}, set()
    for row in rows(answer, "resources"):
        kind = text(row, "type", "resources")
        if kind == "storage":
            storages.add(text(row, "storage", "resources"))
        elif kind in _GUESTS and (vmid := number(row, "vmid", "resources")):
            name = optional_text(row, "name", "resources") or ""
            guests[vmid] = Guest(vmid, name, text(row, "node", "resources"), kind)
    return Inventory(dict(sorted(guests.items())), tuple(sorted(storages)))
