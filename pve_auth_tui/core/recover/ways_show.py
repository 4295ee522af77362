"""Ways into a login that change nothing here: what to type, and where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pve_auth_tui.core.accessdata import ROOT
from pve_auth_tui.core.domains import BUILT_IN
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.recover.factorwords import key_addresses, realm_of, state, thing, under
from pve_auth_tui.core.recover.facts import here
from pve_auth_tui.core.recover.situation import Situation
from pve_auth_tui.core.recover.wayback import Kind, WayBack, about
from pve_auth_tui.core.tfaconfig import TfaEntry
from pve_auth_tui.core.webauthnsettings import urls_of

_LATER: Final = "Type the password, press Login; then the second window asks for the second factor."
_BEST_FIRST: Final = ("webauthn", "totp", "yubico", "recovery", "u2f")
_HOW: Final = {
    "webauthn": "In the second window: WebAuthn. Put the key in and touch it when it blinks.",
    "totp": "In the second window: TOTP App. Type the 6 digits that the phone shows now.",
    "recovery": "In the second window: Recovery Key. Type one key with its dashes: it is used up.",
    "yubico": "In the second window: Yubico OTP. Touch the key: it types.",
    "u2f": "In the second window: U2F. Touch the key when it blinks.",
}


def addresses(situation: Situation) -> tuple[str, ...]:
    """Where the web interface opens, best first."""
    cluster = situation.snapshot.cluster.value
    node = situation.condition.node or (cluster.node if cluster else "")
    ips = [one.ip for one in (cluster.nodes if cluster else ()) if one.name == node and one.ip]
    named = [node] if node else []
    known = situation.web or urls_of([*ips, *named])
    return known or (f"https://{here(situation).replace(' ', '-')}:8006",)


def form(situation: Situation, at: str) -> tuple[str, ...]:
    """What stands in PVE's login form."""
    name, _, realm_name = situation.userid.rpartition("@")
    realm = realm_of(situation)
    told = (realm.options.get("comment") if realm else "") or BUILT_IN.get(realm_name, "")
    return (
        f"Open {at} in a browser.",
        f"User name: {plain(name)}",
        f"Realm: {plain(told or realm_name)}",
        _LATER,
    )


def browser(situation: Situation) -> WayBack:
    """Nothing is wrong: what to type."""
    at = addresses(situation)
    more = [f"Or: {other}" for other in at[1:]]
    more.append("Caps Lock, another keyboard layout and another realm are what fails most often.")
    lines = about(do=form(situation, at[0]), more=more)
    return WayBack("browser", "log in to the web interface", at[0], Kind.SHOW, lines)


def log_in_with(situation: Situation, works: Sequence[TfaEntry], title: str = "") -> WayBack:
    """With a factor that works now."""
    best = min(works, key=lambda entry: _BEST_FIRST.index(entry.type))
    at = addresses(situation)[0]
    if best.type == "webauthn":
        at = next(iter(key_addresses(situation)), at)
    more = [f"Or with {thing(one)}." for one in works if one is not best]
    if best.type == "webauthn":
        more.append(f"Keys work {under(situation)}.")
    how = state(situation, best)
    if how.word != "ok":
        more.append(how.text[:1].upper() + how.text[1:])
    lines = about(do=(*form(situation, at), _HOW[best.type]), more=more)
    note = "uses one of them up" if best.type == "recovery" else "changes nothing"
    return WayBack("use", title or f"log in with {thing(best)}", note, Kind.SHOW, lines)


def password(situation: Situation) -> Iterator[WayBack]:
    """Where a password can be set, on this console."""
    name, _, realm = situation.userid.rpartition("@")
    rescue = situation.condition.rescue
    if realm == "pam":
        do = [f"passwd {plain(name)}" if not rescue else f"chroot {plain(rescue)} passwd {name}"]
        if situation.userid != ROOT:
            do.append(f"Is it locked or expired? chage -l {plain(name)}")
        lines = about(
            changes=f"the Linux password of {plain(name)}, on this node only",
            risks="each node of a cluster has its own: set it where you log in",
            back="the old one does not come back",
            do=do,
        )
        yield WayBack("password", f"set a Linux password: {do[0]}", "here only", Kind.SHOW, lines)
    elif realm == "pve":
        do = [f"pveum passwd {plain(situation.userid)}"]
        lines = about(
            changes=f"the password of {plain(situation.userid)}, on all nodes",
            risks="none that is known",
            back="the old one does not come back",
            do=do,
        )
        yield WayBack("password", f"set a password: {do[0]}", "needs quorum", Kind.SHOW, lines)
