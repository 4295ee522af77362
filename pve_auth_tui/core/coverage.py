"""How well second factors cover the users: who has none, too few, or some that never help.

Pure, from the picture alone. Sources: reference 5.3 and 5.4 (who is asked at all), 7.2 (recovery
keys, locks, quorum, disabled entries), 8.1 (WebAuthn settings, proxmox-tfa 6.0.5), 8.5 (counters).
What logins have shown is known only of those that this program has seen (`core.proofs`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from pve_auth_tui.core.accessdata import ROOT
from pve_auth_tui.core.aclindex import acl_index
from pve_auth_tui.core.finding import Finding, Target, Word
from pve_auth_tui.core.logins import (
    DEMANDS,
    KINDS,
    RECOVERY_LOW,
    Login,
    active_administrators,
    counter_refused,
    demanded,
    login,
    webauthn_id,
    webauthn_problem,
)
from pve_auth_tui.core.proofs import How, Mark
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.tfaconfig import TfaEntry, UserTfa
from pve_auth_tui.core.userconfig import UserConfig
from pve_auth_tui.core.words import count_words, has_expired, listed

Marks = Mapping[tuple[str, str], Mark]

_KEPT: Final = {"oath": "totp", "yubico": "yubico"}  # Require TFA -> the kind that is taken
_TYPED: Final = frozenset({"totp", "recovery"})  # at any keyboard; a Yubico code needs USB, too
_REMOVE: Final = "Remove them, or ask for the second factor at the identity provider."
_BEFORE: Final = (
    "So PVE does since proxmox-tfa 6.0.5; before, such a login either needed no second factor or "
    "failed."
)
_COUNTED: Final = "PVE compares with the number of the enrolment, for ever."


class Coverage(NamedTuple):
    """`userid`: whom it is about. `kind`: one word, the same for all such findings. `entry`: the
    id of the one factor that it is about, "" where it is about the user.
    """

    userid: str
    kind: str
    finding: Finding
    entry: str = ""


@dataclass(frozen=True, slots=True)
class _Case:
    """One user, with everything that the rules ask for."""

    userid: str
    config: UserConfig
    is_admin: bool
    tfa: UserTfa
    login: Login
    demand: str
    webauthn: str
    rp_id: str
    marks: Marks

    @property
    def enabled(self) -> list[TfaEntry]:
        return [entry for entry in self.tfa.entries if entry.enable]

    @property
    def worst(self) -> Word:
        """Of somebody who cannot get in."""
        return "BAD" if self.is_admin else "LOOK"

    def says(
        self, kind: str, word: Word, text: str, fix: str = "", entry: TfaEntry | None = None
    ) -> Coverage:
        ident = entry.id if entry else ""
        target = Target("tfa", f"{self.userid} {ident or self._first}")
        return Coverage(self.userid, kind, Finding(word, text, fix, target), ident)

    @property
    def _first(self) -> str:
        """The row that stands for the user."""
        return self.tfa.entries[0].id if self.tfa.entries else ""


def proved(marks: Marks, userid: str, entry: TfaEntry) -> str:
    """`login`, `signed` or `never`; `-` for recovery keys that were not used: they are few."""
    mark = marks.get((userid, entry.id))
    if mark is None and entry.type == "recovery":
        return "-"
    return mark.how.value if mark else How.ENROLLED.value


def findings(snapshot: Snapshot, now: float) -> tuple[Coverage, ...]:
    """All of them, user by user; `now` in seconds since 1970.

    Nothing where users or factors were not read, or only in part: what is not there may be hidden.
    """
    config, tfa = snapshot.access.value, snapshot.tfa.value
    if config is None or tfa is None:
        return ()
    administrators = active_administrators(config, now)
    people = {*administrators, *(name for name, of in tfa.users.items() if of.entries)}
    return _of_these(snapshot, sorted(people), now)


def findings_of(snapshot: Snapshot, userid: str, now: float) -> tuple[Coverage, ...]:
    """Those of one user."""
    return _of_these(snapshot, (userid,), now)


def _of_these(snapshot: Snapshot, people: Sequence[str], now: float) -> tuple[Coverage, ...]:
    config, tfa = snapshot.access.value, snapshot.tfa.value
    if config is None or tfa is None or snapshot.restricted:
        return ()
    administrators = acl_index(config).administrators
    webauthn, rp_id, marks = webauthn_problem(snapshot), webauthn_id(snapshot), snapshot.proofs
    realms = snapshot.realms.value
    found: list[Coverage] = []
    for userid in people:
        realm = realms.realms.get(userid.rpartition("@")[2]) if realms else None
        case = _Case(
            userid,
            config,
            userid in administrators,
            tfa.users.get(userid) or UserTfa(userid),
            login(snapshot, userid, now),
            demanded(realm),
            webauthn,
            rp_id,
            marks,
        )
        found += _of_one(case, now)
    return tuple(found)


# --- the rules --------------------------------------------------------------------------


def _of_one(case: _Case, now: float) -> Iterator[Coverage]:
    user = case.config.users.get(case.userid)
    if user is None and case.userid != ROOT:
        text = "there is no such user; a new one of that name takes it over"
        yield case.says("ghost", "LOOK", text, "Remove it, unless the user is coming back.")
    elif case.login.at_idp:
        if case.tfa.entries:
            text = "never asked for: in OpenID realms only the identity provider asks"
            yield case.says("idp", "LOOK", text, _REMOVE)
    elif user is None or (user.enable and not has_expired(user.expire, now)):
        for rule in _RULES:
            yield from rule(case)


def _none(case: _Case) -> Iterator[Coverage]:
    """Nothing but the password keeps others out."""
    if case.login.asked:
        return
    if case.tfa.entries:
        text = "everything here is disabled: PVE asks for no second factor, the password is enough"
        yield case.says("disabled", "LOOK", text, "Enable one, or remove what nobody needs.")
    elif case.is_admin:
        through = _through(case.config, case.userid)
        text = f"administrator{through} without a second factor: the password alone is enough"
        yield case.says("without", "LOOK", text)


def _locked(case: _Case) -> Iterator[Coverage]:
    if case.login.locked:
        what = "TOTP is" if case.login.locked == "totp" else "all second factors are"
        text = f"{what} locked: whoever tried knew the password"
        yield case.says("locked", case.worst, text, "Look at the log before unlocking.")


def _out(case: _Case) -> Iterator[Coverage]:
    """Whom PVE asks for something that there is not."""
    if not case.login.asked or case.login.usable or case.login.locked:
        return
    nobody = f"nobody gets in as {case.userid}"
    if case.demand:
        name = DEMANDS[case.demand]
        text = f"the realm requires {name}, and there is none: {nobody}"
        yield case.says("realm", case.worst, text, f"Add {name}, or take Require TFA off.")
    elif case.webauthn and "key" in case.login.kinds:
        text = f"only security keys, and {case.webauthn}: {nobody}"
        yield case.says("settings", case.worst, text, _BEFORE)
    elif case.login.kinds == ("recovery",):
        text = f"all recovery keys are used up, and there is nothing else: {nobody}"
        yield case.says("used-up", case.worst, text, "Remove the empty set; then add new ones.")
    else:
        text = f"nothing here can be used: {nobody}"
        yield case.says("unusable", case.worst, text, "Add TOTP or a security key.")


def _few(case: _Case) -> Iterator[Coverage]:
    """An administrator who has one thing to lose."""
    if not case.is_admin or not case.login.usable:
        return
    usable = [entry for entry in case.enabled if KINDS[entry.type] in case.login.usable]
    if len(usable) == 1 and usable[0].type == "recovery":
        text = "recovery keys are the only second factor: each login uses one up"
        yield case.says("single", "LOOK", text, "Add TOTP or a security key.")
    elif len(usable) == 1:
        which = "the only one that works now" if len(case.enabled) > 1 else "the only second factor"
        text = f"{which}, and no recovery keys: without it there is no way in"
        yield case.says("single", "LOOK", text, "Add recovery keys, or a second key.", usable[0])
    elif all(entry.type != "recovery" for entry in usable):
        yield case.says("no-recovery", "-", "no recovery keys beside them", "a adds them.")


def _recovery(case: _Case) -> Iterator[Coverage]:
    for entry in case.enabled:
        if entry.type != "recovery" or entry.unused is None or entry.unused > RECOVERY_LOW:
            continue
        left = count_words(entry.unused, "recovery key", "recovery keys")
        if entry.unused:
            yield case.says("low", "LOOK", f"{left} left", "Make a new set in time.", entry)
        elif case.login.usable:
            text = "all recovery keys are used up"
            yield case.says("used-up", "LOOK", text, "Make a new set.", entry)


def _not_asked(case: _Case) -> Iterator[Coverage]:
    """Factors of a kind that the realm does not take (reference 5.4)."""
    kept, name = _KEPT.get(case.demand, ""), DEMANDS.get(case.demand, "")
    for entry in case.enabled:
        if kept and entry.type not in (kept, "recovery"):
            text = f"never asked for: the realm requires {name} and takes nothing else"
            yield case.says("realm-only", "LOOK", text, f"Add {name} for this user.", entry)
        elif entry.type == "yubico" and not kept:
            text = "never asked for: the realm has no Yubico settings"
            yield case.says("realm-only", "LOOK", text, "Remove it, or set up the realm.", entry)


def _keys(case: _Case) -> Iterator[Coverage]:
    """What is wrong with single security keys, and which nobody has seen work."""
    for entry in case.enabled:
        if entry.type != "webauthn":
            continue
        mark = case.marks.get((case.userid, entry.id))
        if case.webauthn and not case.demand:
            yield case.says("key-settings", "LOOK", f"it cannot be used: {case.webauthn}",
                            "Set WebAuthn up: `:webauthn`.", entry)  # fmt: skip
        elif mark and mark.rp_id and case.rp_id and mark.rp_id != case.rp_id:
            text = f"bound to the ID {mark.rp_id}; now it is {case.rp_id}, so PVE does not find it"
            fix = f"Enrol the key anew, or set the ID back to {mark.rp_id}."
            yield case.says("old-id", "LOOK", text, fix, entry)
        elif mark and _looks_copied(entry, mark):
            text = f"its counter stands at {mark.counter}, which PVE takes for a copied key"
            yield case.says("counter", "LOOK", text, f"{_COUNTED} Enrol it anew.", entry)
        if proved(case.marks, case.userid, entry) == How.ENROLLED.value:
            text = "no login with it was seen by this program"
            yield case.says("unproved", "-", text, "t tries it.", entry)


def _looks_copied(entry: TfaEntry, mark: Mark) -> bool:
    stored = entry.data.get("counter") if isinstance(entry.data, Mapping) else None
    if mark.how is How.ENROLLED or not isinstance(stored, int):
        return False
    return counter_refused(stored, mark.counter)


def _root(case: _Case) -> Iterator[Coverage]:
    """root@pam is where every way back begins: one thing to type, and one without quorum."""
    if case.userid != ROOT or not case.login.usable:
        return
    if not case.login.usable & _TYPED:
        text = "root@pam has nothing to type: a key needs a USB port and https"
        yield case.says("root-typed", "LOOK", text, "Add TOTP or recovery keys, for any console.")
    if "key" not in case.login.usable:
        text = "nothing of root@pam works without quorum: TOTP and recovery keys must be stored"
        yield case.says("root-key", "LOOK", text, "Add a security key.")


_RULES: Final[Sequence[Callable[[_Case], Iterator[Coverage]]]] = (
    _none, _locked, _out, _few, _recovery, _not_asked, _keys, _root,
)  # fmt: skip


def _through(config: UserConfig, userid: str) -> str:
    """` through group admins`; "" for rights of one's own."""
    index = acl_index(config)
    entries = index.counting(index.ranks("user", userid), "/")
    groups = sorted({entry.subject for entry in entries if entry.kind == "group"})
    return f" through group {listed(groups)}" if groups and userid != ROOT else ""
