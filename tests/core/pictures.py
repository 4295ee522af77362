"""Small pictures of a cluster, written the way PVE writes its files."""

from dataclasses import replace

from pve_auth_tui.core.domains import Domains, Realm
from pve_auth_tui.core.snapshot import (
    Cluster,
    Datacenter,
    Guest,
    Inventory,
    Jobs,
    Part,
    Passwords,
    Snapshot,
    TokenSecrets,
)
from pve_auth_tui.core.tfaconfig import TfaConfig, TfaEntry, UserTfa
from pve_auth_tui.core.userconfig import parse_user_config

NOW = 1795262400.0  # 2026-11-21 12:00 UTC
DAY = 86400
ROOT = "user:root@pam:1:0:::::\n"

PAM, PVE = Realm("pam", "pam"), Realm("pve", "pve")
CORP = Realm(
    "corp",
    "ad",
    {"server1": "dc01", "server2": "dc02", "mode": "ldap+starttls", "verify": "1", "domain": "x"},
)
ENTRA = Realm("entra", "openid", {"issuer-url": "https://idp", "client-key": "s3cret"})


def config(*lines):
    """A user.cfg: root@pam and the lines given."""
    return parse_user_config((ROOT + "\n".join(lines) + "\n").encode())


def part(value, problem="", hint=""):
    return Part(value, "files", NOW, problem, hint)


def picture(*lines, realms=(PAM, PVE, CORP, ENTRA), tfa=(), guests=(), pve_passwords=None, **parts):
    """A snapshot of a standalone node; `parts` replace whole parts."""
    access = config(*lines)
    names = pve_passwords
    if names is None:
        names = [user.name for user in access.users.values() if user.realm == "pve"]
    made = Snapshot(
        taken_at=NOW,
        source="files",
        access=part(access),
        realms=part(Domains({realm.name: realm for realm in realms})),
        tfa=part(TfaConfig({each.userid: each for each in tfa})),
        datacenter=part(Datacenter({"webauthn": {"rp": "Rack", "id": "example.com"}})),
        jobs=part(Jobs({})),
        passwords=part(Passwords(frozenset(names))),
        token_secrets=part(TokenSecrets(_all_tokens(access))),
        cluster=part(Cluster("pve1", None, True)),
        inventory=part(
            Inventory({vmid: Guest(vmid, name, "pve1", "qemu") for vmid, name in guests})
        ),
    )
    return replace(made, **{name: part(value) for name, value in parts.items()})


def factor(kind, description="", *, enable=True, unused=None, created=1):
    """One second factor."""
    total = None if unused is None else 10
    ident = "recovery" if kind == "recovery" else f"{kind}-{description}"
    return TfaEntry(ident, kind, description, created, enable, unused, total)


def factors(userid, *entries, locked=False, until=None):
    """All that tfa.cfg says about one user."""
    return UserTfa(userid, entries, totp_locked=locked, locked_until=until)


def _all_tokens(access):
    return frozenset(
        f"{user.id}!{token}" for user in access.users.values() for token in user.tokens
    )
