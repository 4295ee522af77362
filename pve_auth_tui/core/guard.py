"""Who can still log in as administrator once a plan has been carried out, and whether that will do.

A *way in* is an account

- that is enabled, not expired, and as good as root@pam on `/` (`core.administrators`);
- whose first factor works. That is *known* of realm pam from a usable, unexpired hash in
  /etc/shadow of this node, of realm pve from a hash in priv/shadow.cfg, or from the password
  that the plan sets; it *depends* on something outside for ldap, ad and openid. Where those
  files are not part of the picture (over https) it is *unknown*, but for the one who has just
  logged in with it, if the plan neither disables nor expires nor remakes that account;
- that can give the second factor it is asked for, if PVE asks for one (never in openid realms):
  enabled, of a kind that the realm takes, not locked, a recovery key left, WebAuthn settings
  that fit, and not touched by the plan. A Yubico OTP depends on a server outside.

Touched is a factor that the plan removes, switches or replaces, that it unlocks (its codes were
wrong), and every security key when it changes the WebAuthn settings, except for their name for
people. Another description touches nothing. What the plan adds counts when PVE checks it on the
way (TOTP, WebAuthn), and not when nobody has seen it yet (recovery keys).

A plan is refused when no known way in is left although there was one; where none is known
before, when it takes any way in away without bringing a known one; and, whoever else gets in, when
it makes realm pam ask for a factor with which root@pam cannot log in any more. One that the plan
lets end within 30 days (it sets the expiry, or brings it nearer) is not left. Whether a person
still has the password, the phone or the key is nothing that a program can see.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from pve_auth_tui.core.accessdata import ROOT
from pve_auth_tui.core.administrators import administrators
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.logins import demanded
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.standing import CERTAINTIES, WEBAUTHN, Certainty, Standing, standing
from pve_auth_tui.core.tfaconfig import UserTfa
from pve_auth_tui.core.words import date_time, has_expired, thousands

_NAMED: Final = 4  # in one sentence
_SOON: Final = 30 * 86400.0  # seconds
_CHECKED: Final = ("totp", "webauthn")  # by PVE, when they are added
_NOBODY: Final = "Nobody would be sure to get in as administrator any more"
_FEWER: Final = "Nobody is sure to get in as administrator now, and this makes it worse"
_PAM_REALM: Final = "pam"
_PAM: Final = "root@pam could not log in any more, and it is who mends everything else"
_FIRST: Final = "First see to it that another administrator can log in, with a local password."
_HOW: Final = "Console and SSH logins still work: as root on the node, `pveum` mends it."

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class WayIn:
    """`factors`: the second factors that count (`key`, `totp`, ...); empty: none is asked for.

    `reason`: for what is not known, a clause that follows the userid.
    """

    userid: str
    certainty: Certainty
    factors: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`refusal`: why the plan must not be carried out, in one sentence; "" if it may.

    `findings`: what a plan says about it, the worst first. `ways`: those that are left.
    """

    refusal: str
    findings: tuple[Finding, ...]
    ways: tuple[WayIn, ...]


def ways_in(
    snapshot: Snapshot, now: float, *, touched: Collection[Key] = (), logged_in: str = ""
) -> tuple[WayIn, ...]:
    """All ways in: known ones first, among equals root@pam. `now` in seconds since 1970.

    `touched`: objects that a plan changes. A factor among them, all factors of somebody whose
    lock is among them, and with the option `webauthn` every key do not count; a password among
    them is a new one. `logged_in`: who has just shown a password, "" if nobody.
    """
    return _Gate(snapshot, now, touched, logged_in).ways()


def judge(
    before: Snapshot,
    after: Snapshot,
    touched: Sequence[Key],
    now: float,
    *,
    logged_in: str = "",
) -> Verdict:
    """Whether the plan that makes `after` of `before` leaves a way in, as defined above.

    `touched`: what the plan changes, also what no record shows (a password set anew). Steps
    whose effects nobody can foretell are not judged.
    """
    old = ways_in(before, now, logged_in=logged_in)
    gate = _Gate(after, now, (), logged_in)
    gate.touched = _doubtful(before, gate, frozenset(touched))
    new = gate.ways()
    was_known = [way.userid for way in old if way.certainty == "known"]
    lost = was_known or sorted({way.userid for way in old} - {way.userid for way in new})
    ending = {way.userid: end for way in new if (end := _new_end(before, after, way.userid, now))}
    lasting = [way for way in new if way.userid not in ending]
    refusal = ""
    if lost and not any(way.certainty == "known" for way in lasting):

        def cause(userid: str) -> str:
            until = ending.get(userid)
            known = any(way.userid == userid and way.certainty == "known" for way in new)
            return (
                f"{userid} would expire at {date_time(until)}"
                if until and known
                else (gate.cause(userid))
            )

        refusal = f"{_NOBODY if was_known else _FEWER}: {_few(lost, cause, '; ')}."
    if not refusal and any(way.userid == ROOT for way in old) and _asks_more(before, after):
        refusal = "" if any(way.userid == ROOT for way in new) else f"{_PAM}: {gate.cause(ROOT)}."
    shown = lasting if refusal else new
    return Verdict(refusal, tuple(_findings(refusal, bool(was_known), shown)), new)


def _asks_more(before: Snapshot, after: Snapshot) -> bool:
    """Does the plan make realm pam require a factor that it did not?"""
    old, new = (
        demanded(of.realms.value.realms.get(_PAM_REALM)) if of.realms.value else ""
        for of in (before, after)
    )
    return bool(new) and new != old


class _Gate:
    """Everybody who may be an administrator, before one picture."""

    def __init__(
        self, snapshot: Snapshot, now: float, touched: Collection[Key], logged_in: str
    ) -> None:
        self.snapshot = snapshot
        self.now = now
        self.touched = touched
        self.logged_in = logged_in
        access = snapshot.access.value
        self.administrators = frozenset({ROOT}) if access is None else administrators(access)

    def standing(self, userid: str) -> Standing:
        return standing(self.snapshot, userid, self.now, self.touched, self.logged_in)

    def ways(self) -> tuple[WayIn, ...]:
        found = []
        for userid in self.administrators:
            how = self.standing(userid)
            if how.certainty is not None:
                found.append(WayIn(userid, how.certainty, how.factors, how.reason))
        return tuple(sorted(found, key=_rank))

    def cause(self, userid: str) -> str:
        """Why somebody is no known way in here, as a clause."""
        how = self.standing(userid)
        if how.certainty is None or userid in self.administrators:
            return f"{userid} {how.reason}"
        return f"{userid} would be no administrator any more"


def _rank(way: WayIn) -> tuple[int, bool, str]:
    return CERTAINTIES.index(way.certainty), way.userid != ROOT, way.userid


# --- what does not count because the plan changes it ------------------------------------------


def _doubtful(before: Snapshot, gate: _Gate, touched: frozenset[Key]) -> frozenset[Key]:
    """`touched` for `ways_in`, as narrow as two pictures allow."""
    after = gate.snapshot
    found = {key for key in touched if key.kind == "password"}
    if _settings(before) != _settings(after):
        found.add(WEBAUTHN)
    if _account(before, gate.logged_in) != _account(after, gate.logged_in):
        found.add(Key("user", gate.logged_in))
    old, new = before.tfa.value, after.tfa.value
    if new is not None:
        for userid in gate.administrators & new.users.keys():
            known = old.users.get(userid) if old else None
            found.update(_changed(known or UserTfa(userid), new.users[userid], touched, gate.now))
    return frozenset(found)


def _settings(snapshot: Snapshot) -> object:
    """The WebAuthn settings that logins depend on: all but the name for people."""
    datacenter = snapshot.datacenter.value
    webauthn = datacenter.options.get("webauthn") if datacenter else None
    if not isinstance(webauthn, Mapping):
        return webauthn
    return {name: value for name, value in webauthn.items() if name != "rp"}


def _account(snapshot: Snapshot, userid: str) -> object:
    """Of somebody who has logged in: gone and made anew it would be another account."""
    access = snapshot.access.value
    user = access.users.get(userid) if access else None
    return user and (user.enable, user.expire)


def _new_end(before: Snapshot, after: Snapshot, userid: str, now: float) -> int:
    """When an account ends that the plan lets end soon, seconds since 1970; 0: it does not."""
    old, new = (
        of.access.value.users.get(userid) if of.access.value else None for of in (before, after)
    )
    if new is None or not 0 < new.expire <= now + _SOON:
        return 0
    lasted = old is not None and old.enable and not has_expired(old.expire, now)
    sooner = not lasted or old is None or old.expire == 0 or new.expire < old.expire
    return new.expire if sooner else 0


def _changed(old: UserTfa, new: UserTfa, touched: frozenset[Key], now: float) -> Iterator[Key]:
    known = {(entry.type, entry.id): entry for entry in old.entries}
    unlocked = old.locked_until is not None and new.locked_until is None and now < old.locked_until
    for entry in new.entries:
        key, was = Key("factor", new.userid, entry.id), known.get((entry.type, entry.id))
        if was is None:
            if entry.type not in _CHECKED:
                yield key
        elif (
            unlocked
            or (old.totp_locked and not new.totp_locked and entry.type == "totp")
            or replace(was, description=entry.description) != entry
            or (key in touched and was.description == entry.description)
        ):
            yield key


# --- in words ---------------------------------------------------------------------------------


def _findings(refusal: str, was_known: bool, ways: Sequence[WayIn]) -> Iterator[Finding]:
    if refusal:
        yield Finding("BAD", refusal.removesuffix("."), _FIRST)
    elif not ways:
        yield Finding("BAD", "Nobody can log in as administrator, with this plan or without", _HOW)
    known, depending, unknown = (
        [way for way in ways if way.certainty == certainty] for certainty in CERTAINTIES
    )
    if known:
        still = "Still able" if was_known else "Then able"
        yield Finding("ok", f"{still} to log in as administrator: {_few(known, _named)}")
        return
    if depending:
        who = _few(depending, _named)
        yield Finding("LOOK", f"Only through a directory or server outside: {who}")
    if unknown:
        who = _few(unknown, _named)
        yield Finding(
            "LOOK", f"Not known from here whether they can log in as administrator: {who}"
        )


def _named(way: WayIn) -> str:
    return f"{way.userid} ({', '.join(way.factors)})" if way.factors else way.userid


def _few(things: Sequence[T], text: Callable[[T], str], between: str = ", ") -> str:
    more = len(things) - _NAMED
    named = between.join(text(thing) for thing in things[:_NAMED])
    return f"{named} and {thousands(more)} more" if more > 0 else named
