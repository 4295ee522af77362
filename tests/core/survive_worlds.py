"""Small pictures with one administrator each, for the cells of the matrix."""

from __future__ import annotations

from typing import Any

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.snapshot import Cluster, ClusterNode, Datacenter, Snapshot, UnixPasswords
from pve_auth_tui.core.survive.way import Way
from pve_auth_tui.core.survive.waysin import ways_in
from pve_auth_tui.core.tfaconfig import TfaEntry
from tests.core.pictures import NOW, PAM, PVE, factor, factors, picture

THREE = Cluster("pve1", "rack", True, tuple(map(ClusterNode, ("pve1", "pve2", "pve3"))))
ONE = Cluster("pve1", "rack", True, (ClusterNode("pve1"),))
STANDALONE = Cluster("pve1", None, True)
BY_NAME = Realm("corp", "ldap", {"server1": "dc1.example.com", "server2": "dc2.example.com"})
BY_ADDRESS = Realm("corp", "ldap", {"server1": "dc1.example.com", "server2": "192.0.2.7"})
ON_NODE = Realm("corp", "ldap", {"server1": "127.0.0.1"})
NOT_TOLD = Realm("corp", "ad", {})
ISSUER = {"issuer-url": "https://idm.example.com/oauth2/openid/proxmox"}
IDP = Realm("idp", "openid", ISSUER)
WITH_GROUPS = Realm("idp", "openid", {**ISSUER, "groups-claim": "groups"})
BY_NUMBER = Realm("idp", "openid", {"issuer-url": "https://192.0.2.9/"})
YUBICO = Realm("pve", "pve", {"tfa": "type=yubico,id=1,key=s3cret"})
OWN_YUBICO = Realm("pve", "pve", {"tfa": "type=yubico,id=1,key=s3cret,url=https://192.0.2.8/v"})


def webauthn(**settings: str) -> Datacenter:
    return Datacenter({"webauthn": {"rp": "Rack", "id": "example.com", **settings}})


def app(period: int = 30) -> TfaEntry:
    """An authenticator app, as tfa.cfg has it."""
    uri = f"otpauth://totp/x?secret=ABCDEFGHIJKLMNOP&period={period}"
    return TfaEntry("t", "totp", "phone", 1, data=uri)


def key(*, synced: bool = False) -> TfaEntry:
    return TfaEntry("k", "webauthn", "rack 3", 1, data={"backup_eligible": synced})


def paper() -> TfaEntry:
    return factor("recovery", unused=9)


def world(
    userid: str,
    *entries: TfaEntry,
    realm: Realm | None = None,
    cluster: Cluster = THREE,
    **parts: Any,
) -> Snapshot:
    """A picture in which only `userid` and root can be administrators."""
    realms = {one.name: one for one in (PAM, PVE, *([realm] if realm else []))}
    parts.setdefault("unix", UnixPasswords(frozenset({"root", "ann"})))
    made = [] if userid == "root@pam" else [f"user:{userid}:1:0::::x:"]
    return picture(
        *made,
        f"acl:1:/:{userid}:Administrator:",
        realms=tuple(realms.values()),
        tfa=[factors(userid, *entries)] if entries else [],
        cluster=cluster,
        **parts,
    )


def way_of(snapshot: Snapshot, userid: str, how: str = "") -> Way:
    """The only way in of somebody, or the one of that kind."""
    (found,) = (w for w in ways_in(snapshot, NOW) if w.userid == userid and how in ("", w.how))
    return found
