"""Who cannot log in, and who can too easily."""

from __future__ import annotations

from pve_auth_tui.core.accessdata import ROOT
from pve_auth_tui.core.aclindex import acl_index
from pve_auth_tui.core.concerns.common import Findings, few_or_many
from pve_auth_tui.core.finding import Finding, Target
from pve_auth_tui.core.logins import (
    DEMANDS,
    RECOVERY_LOW,
    active_administrators,
    demanded,
    enabled_kinds,
    kept_out_by,
    login,
    recovery_left,
    webauthn_problem,
)
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.userconfig import UserConfig
from pve_auth_tui.core.words import count_words, listed

_WAY_BACK = (
    "Console and SSH logins still work: as root on the node, `pveum` unlocks, enables and removes."
)


def root_cannot_log_in(snapshot: Snapshot, config: UserConfig, now: float) -> Findings:
    """root@pam is the account every way back starts from."""
    found = login(snapshot, ROOT, now)
    if found.obstacle:
        yield Finding(
            "BAD",
            f"root@pam cannot log in to the web interface: {found.obstacle}",
            _WAY_BACK,
            Target("users", ROOT),
        )


def nobody_left(snapshot: Snapshot, config: UserConfig, now: float) -> Findings:
    """Without any administrator only the console is left."""
    administrators = acl_index(config).administrators.intersection(config.users)
    if all(login(snapshot, userid, now).obstacle for userid in administrators):
        yield Finding(
            "BAD",
            "no administrator can log in to the web interface",
            _WAY_BACK,
            Target("users", query="rights:admin"),
        )


def locked(snapshot: Snapshot, config: UserConfig, now: float) -> Findings:
    """Administrators whose TOTP, or every factor, PVE has locked."""
    found_locked = []
    for userid in active_administrators(config, now):
        found = login(snapshot, userid, now)
        if found.locked and not (userid == ROOT and found.obstacle):  # said already
            what = "TOTP locked" if found.locked == "totp" else "all second factors locked"
            found_locked.append((f"{userid}: {what}", userid))
    yield from few_or_many(
        found_locked,
        "administrators with locked factors",
        "Perhaps somebody knows the password: look at the log before unlocking.",
        Target("users", query="tfa:locked rights:admin"),
        word="BAD",
    )


def realm_keeps_out(snapshot: Snapshot, config: UserConfig, now: float) -> Findings:
    """A realm whose Require TFA its own administrators cannot fulfil."""
    for realm in snapshot.realms.value.realms.values() if snapshot.realms.value else ():
        if out := kept_out_by(snapshot, realm, now):
            wanted = DEMANDS[demanded(realm)]
            yield Finding(
                "BAD",
                f"realm {realm.name} requires {wanted}, which {listed(out)} cannot give",
                "Keys do not count there. Add the factor, or take Require TFA off the realm.",
                Target("realms", realm.name),
            )


def without_second_factor(snapshot: Snapshot, config: UserConfig, now: float) -> Findings:
    """Administrators whom only a password protects; OpenID is not for us to judge."""
    if snapshot.tfa.value is None:
        return
    bare = []
    for userid in active_administrators(config, now):
        found = login(snapshot, userid, now)
        if not found.at_idp and not found.kinds:
            bare.append(userid)
    if bare:
        number = count_words(len(bare), "administrator", "administrators")
        yield Finding(
            "LOOK",
            f"{number} without a second factor",
            f"{listed(bare)}: the password alone is enough.",
            Target("users", query="rights:admin tfa:none -rights:off"),
        )


def never_asked(snapshot: Snapshot, config: UserConfig, now: float) -> Findings:
    """PVE asks users of OpenID realms for no factor, whatever tfa.cfg says."""
    users = snapshot.tfa.value.users if snapshot.tfa.value else {}
    vain = [
        userid
        for userid, tfa in sorted(users.items())
        if enabled_kinds(tfa) and login(snapshot, userid, now).at_idp
    ]
    if vain:
        number = count_words(len(vain), "user", "users")
        yield Finding(
            "LOOK",
            f"second factors of {number} of OpenID realms are never asked for",
            f"{listed(vain)}: only the identity provider can ask there.",
            Target("tfa", vain[0] + " " + users[vain[0]].entries[0].id),
        )


def recovery_low(snapshot: Snapshot, config: UserConfig, now: float) -> Findings:
    """Administrators with hardly any recovery keys left."""
    users = snapshot.tfa.value.users if snapshot.tfa.value else {}
    low = []
    for userid in active_administrators(config, now):
        left = recovery_left(users.get(userid))
        if left is not None and left <= RECOVERY_LOW:
            low.append((f"{userid}: {count_words(left, 'recovery key', 'recovery keys')} left",
                        f"{userid} recovery"))  # fmt: skip
    yield from few_or_many(
        low,
        "administrators run out of recovery keys",
        "A new set replaces the old one.",
        Target("tfa", query="left:low rights:admin"),
    )


def keys_in_vain(snapshot: Snapshot, config: UserConfig, now: float) -> Findings:
    """Administrators with nothing but keys, while no key can be used (reference 8.1)."""
    problem = webauthn_problem(snapshot)
    if not problem:
        return
    out = []
    for userid in active_administrators(config, now):
        found = login(snapshot, userid, now)
        if found.kinds == ("key",) and found.obstacle and not found.locked and userid != ROOT:
            out.append((f"{userid}: only security keys, and {problem}", userid))
    yield from few_or_many(
        out,
        f"administrators have only security keys, and {problem}",
        "They are locked out since proxmox-tfa 6.0.5: `:webauthn` sets it up.",
        Target("users", query="rights:admin tfa:key -rights:off"),
        word="BAD",
    )


def keys_of_another_id(snapshot: Snapshot, config: UserConfig, now: float) -> Findings:
    """Administrators whose keys PVE no longer finds; only what this program has seen is known."""
    if not snapshot.proofs:
        return
    from pve_auth_tui.core.coverage import findings_of  # most clusters have nothing to look at

    old = [
        userid
        for userid in active_administrators(config, now)
        if any(found.kind == "old-id" for found in findings_of(snapshot, userid, now))
    ]
    if old:
        number = count_words(len(old), "administrator", "administrators")
        yield Finding(
            "LOOK",
            f"security keys of {number} are bound to another WebAuthn ID",
            f"{listed(old)}: PVE does not find them. Enrol them anew.",
            Target("tfa", query="note:old rights:admin"),
        )


def secretless_tokens(snapshot: Snapshot, config: UserConfig, now: float) -> Findings:
    """Tokens of user.cfg without a line in priv/token.cfg."""
    secrets = snapshot.token_secrets.value
    if secrets is None:
        return
    without = [
        (f"token {key} has no secret and cannot log in", key)
        for user in config.users.values()
        for key in (f"{user.id}!{name}" for name in user.tokens)
        if key not in secrets.tokens
    ]
    yield from few_or_many(
        without,
        "tokens have no secret and cannot log in",
        "A new secret makes it work again.",
        Target("tokens", query="secret:no"),
    )
