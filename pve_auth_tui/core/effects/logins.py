"""Which logins and API tokens stop, and what no longer protects an account.

A login that ends because its own account is disabled, expires or is removed is the change itself,
and is not told here; the tokens that end with it are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from pve_auth_tui.core.effects.scene import (
    SINGLY,
    Scene,
    is_active,
    realms_of,
    tfa_of,
)
from pve_auth_tui.core.finding import Finding, Target
from pve_auth_tui.core.logins import Login, demanded, enabled_kinds, login
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.userconfig import User
from pve_auth_tui.core.webauthnsettings import broken_by, settings_of
from pve_auth_tui.core.words import count_words, has_expired, listed

_FEW: Final = 3  # names in a line; more are counted
_DEMANDED: Final = {"oath": "totp", "yubico": "yubico"}


def login_findings(scene: Scene) -> Iterator[Finding]:
    """What stops, and what is not (or no longer) as safe as it looks."""
    named = _named(scene)
    logins = {
        userid: (login(scene.before, userid, scene.now), login(scene.after, userid, scene.now))
        for userid in named[:SINGLY]
    }
    yield from _stopped(scene, logins)
    yield from _by_realm(scene)
    yield from _by_webauthn(scene)
    yield from _still_out(scene, logins)
    yield from _bare(scene, logins)
    yield from _tokens(scene)


def _named(scene: Scene) -> list[str]:
    """The users whose own account, password or factors differ."""
    kinds = ("user", "password", "factor", "lock")
    found = dict.fromkeys(
        key.name
        for kind in kinds
        for key in scene.kind(kind)  # type: ignore[arg-type]
    )
    return [userid for userid in found if userid in scene.new.users]


def _stopped(scene: Scene, logins: Mapping[str, tuple[Login, Login]]) -> Iterator[Finding]:
    stopped: dict[str, list[str]] = {}
    for userid, (was, will) in logins.items():
        account = is_active(scene.new.users.get(userid), scene.now)
        if account and userid in scene.old.users and will.obstacle and not was.obstacle:
            stopped.setdefault(will.obstacle, []).append(userid)
    for obstacle, people in stopped.items():
        yield Finding("BAD", f"{_who(people)} can no longer log in: {obstacle}.")


def _still_out(scene: Scene, logins: Mapping[str, tuple[Login, Login]]) -> Iterator[Finding]:
    """Made, enabled, unlocked or given a factor, and yet without a login."""
    out: dict[str, list[str]] = {}
    for userid, (was, will) in logins.items():
        old = scene.old.users.get(userid)
        better = not is_active(old, scene.now) and is_active(scene.new.users[userid], scene.now)
        switched = old is not None and not old.enable and scene.new.users[userid].enable
        unlocked = scene.is_gone(Key("lock", userid))
        if will.obstacle and (better or switched or (unlocked and was.obstacle)):
            how = "still cannot log in" if old else "cannot log in yet"
            out.setdefault(f"{how}: {will.obstacle}", []).append(userid)
    for how, people in out.items():
        yield Finding("LOOK", f"{_who(people)} {how}.")


def _bare(scene: Scene, logins: Mapping[str, tuple[Login, Login]]) -> Iterator[Finding]:
    """Those whom only the password protects from now on."""
    bare = [
        userid
        for userid, (was, will) in logins.items()
        if was.second_factor and not will.second_factor and not will.at_idp and not will.obstacle
    ]
    if bare:
        yield Finding(
            "LOOK", f"No second factor protects {_who(bare)} any more: the password is enough."
        )


# --- realms and WebAuthn: many at once --------------------------------------------------------


def _by_realm(scene: Scene) -> Iterator[Finding]:
    """Realms that are gone, that ask for a factor now, or no longer."""
    old, new = realms_of(scene.before), realms_of(scene.after)
    for key in scene.kind("realm"):
        people = [
            user.id
            for user in scene.new.users.values()
            if user.realm == key.name and is_active(user, scene.now)
        ]
        if key.name not in new:
            if people:
                text = f"{_who(people)} can no longer log in: realm {key.name} is gone."
                yield Finding("BAD", text, "", Target("users", query=f"realm:{key.name}"))
        elif wanted := demanded(new[key.name]):
            if demanded(old.get(key.name)) != wanted:
                yield from _lacking(scene, key.name, wanted, people)
        elif demanded(old.get(key.name)):
            bare = [u for u in people if not enabled_kinds(tfa_of(scene.after, u))]
            if bare:
                yield Finding("LOOK", f"{_who(bare)} can log in with the password alone then.")


def _lacking(scene: Scene, realm: str, wanted: str, people: Iterable[str]) -> Iterator[Finding]:
    kind = _DEMANDED[wanted]
    name = "TOTP" if kind == "totp" else "Yubico OTP"
    out = []
    for userid in people:
        kinds = enabled_kinds(tfa_of(scene.after, userid))
        user = scene.new.users[userid]
        if kind not in kinds and "recovery" not in kinds and not user.has_old_keys:
            out.append(userid)
    if out:
        yield Finding(
            "BAD",
            f"{_who(out)} can no longer log in: realm {realm} requires {name}, and they have none.",
            "Security keys do not count there. Let them enrol first.",
        )


def _by_webauthn(scene: Scene) -> Iterator[Finding]:
    """Another RP id makes every key worthless (reference 8.1)."""
    tfa, was = scene.before.tfa.value, settings_of(scene.before)
    if tfa is None or was is None or Key("option", "webauthn") not in scene.records:
        return
    will = settings_of(scene.after)
    broken = broken_by(scene.before, will)
    if not broken:
        return
    off = sum(not one.enable for one in broken)
    keys = count_words(len(broken), "security key", "security keys")
    who = _who(list(dict.fromkeys(one.userid for one in broken)))
    stop = "stops" if len(broken) == 1 else "stop"
    disabled = f" ({off} of them disabled)" if off else ""
    made = will is not None and bool(will.rp and will.id)
    why = f"made for the ID {was.id}" if made else "WebAuthn has no usable settings then"
    yield Finding(
        "BAD" if off < len(broken) else "LOOK",
        f"{keys} of {who} {stop} working{disabled}: {why}.",
        "Put back as it is now, the settings make them work again.",
        Target("tfa", query="type:webauthn"),
    )
    owners = dict.fromkeys(one.userid for one in broken if one.enable)
    only = [userid for userid in owners if enabled_kinds(tfa.users[userid]) == ("key",)]
    out = [userid for userid in only if is_active(scene.new.users.get(userid), scene.now)]
    if out:
        yield Finding("BAD", f"{_who(out)} can no longer log in: they have nothing but keys.")


# --- tokens --------------------------------------------------------------------------------


def _tokens(scene: Scene) -> Iterator[Finding]:
    """Tokens of accounts that end or come back; one that is itself removed is the change."""
    stopped: list[str] = []
    again: list[str] = []
    for key in scene.kind("user"):
        old, new = scene.old.users.get(key.name), scene.new.users.get(key.name)
        was, will = is_active(old, scene.now), is_active(new, scene.now)
        if old is not None and was and not will:
            stopped += _alive(old, scene.now)
        elif old is not None and new is not None and will and not was:
            again += [
                name for name in _alive(new, scene.now) if not scene.is_made(Key("token", name))
            ]
    yield from _token_line(stopped, "stops working", "stop working")
    yield from _token_line(again, "works again", "work again")


def _alive(user: User, now: float) -> list[str]:
    """Full ids of the tokens that have not expired."""
    return [
        f"{user.id}!{name}"
        for name, token in user.tokens.items()
        if not has_expired(token.expire, now)
    ]


def _token_line(tokens: list[str], one: str, many: str) -> Iterator[Finding]:
    if len(tokens) == 1:
        yield Finding("LOOK", f"API token {tokens[0]} {one}.")
    elif tokens:
        yield Finding("LOOK", f"{len(tokens)} API tokens {many}: {listed(tokens)}.")


def _who(people: list[str]) -> str:
    return listed(people) if len(people) <= _FEW else count_words(len(people), "user", "users")
