"""Situations for the tests of Recover: a node of three in which all is well, and what differs."""

from dataclasses import replace

from pve_auth_tui.core.node import node_of
from pve_auth_tui.core.recover.condition import (
    SERVICES,
    Condition,
    Disk,
    Ha,
    Link,
    Mount,
    Neighbour,
    Pmxcfs,
    Service,
    Shadow,
    Votes,
)
from pve_auth_tui.core.recover.situation import Situation
from pve_auth_tui.core.snapshot import Cluster, ClusterNode
from tests.core.pictures import NOW, factor, factors, picture

MIB = 1024 * 1024
PHONE = factor("totp", "phone")
KEY = factor("webauthn", "rack 3")
PAPER = factor("recovery", unused=3)

PVE2 = Neighbour("pve2", True, True, "192.0.2.2", web="https://pve2.example.com:8006")
PVE3 = Neighbour("pve3", True, True, "192.0.2.3")
DEAD2 = Neighbour("pve2", False, asked=("192.0.2.2",))
DEAD3 = Neighbour("pve3", False, asked=("192.0.2.3",))
LINK = Link(0, "10.0.0.1", "ens5f0", True, {"pve2": True, "pve3": True})
UNPLUGGED = Link(0, "10.0.0.1", "ens5f0", False, {"pve2": False, "pve3": False})

WELL = Condition(
    NOW,
    node="pve1",
    services=dict.fromkeys(SERVICES, Service.RUNS) | {"corosync-qdevice": Service.ABSENT},
    mount=Mount.ANSWERS,
    pmxcfs=Pmxcfs(1000),
    database="/var/lib/pve-cluster/config.db",
    clustered=True,
    disks=(Disk("/", 59 * MIB, 100 * MIB),),
    synchronised=True,
    shadow=Shadow.SET,
    links=(LINK,),
    votes=Votes(3, 3, 2),
    ha=Ha(0, 0, False),
)


def services(**changed):
    """All run, but for these; `_` in a name is a dash."""
    names = {name.replace("_", "-"): state for name, state in changed.items()}
    return {"services": {**WELL.services, **names}}


def situation(
    *entries,
    locked=False,
    until=None,
    quorate=True,
    way="direct",
    userid="root@pam",
    lines=(),
    nodes=("pve1", "pve2", "pve3"),
    raw=None,
    web=("https://pve1.example.com:8006",),
    read_only=False,
    parts=None,
    **condition,
):
    """`entries`: the factors of whom it is about; `condition`: what differs from WELL."""
    own = [factors(userid, *entries, locked=locked, until=until)] if entries else []
    members = tuple(ClusterNode(name, name == "pve1" or bool(quorate)) for name in nodes)
    cluster = Cluster("pve1", "rack" if len(nodes) > 1 else None, quorate, members, "9.2", "9.1.1")
    made = picture(*lines, tfa=own, **{"cluster": cluster, **(parts or {})})
    found = replace(WELL, **{"clustered": len(nodes) > 1, **condition})
    node = node_of(made, way=way, user="root@pam", read_only=read_only)
    return Situation(made, node, found, userid, NOW, raw or {}, web)


def cut_off(*entries, **changed):
    """No quorum here; the others were asked and have it, unless `neighbours` says otherwise."""
    given = {
        "quorate": False,
        "way": "files",
        "links": (UNPLUGGED,),
        "votes": Votes(1, 3, 2),
        "neighbours": (PVE2, PVE3),
        "lines": (),
    }
    return situation(*entries, **{**given, **changed})
