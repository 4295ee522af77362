"""Shows that somebody can log in: by a real login over TLS, or by what can be checked here.

One attempt for one action of the user, never a second (R23). What cannot be right is found here
and not sent, so that it does not count against the user at the node.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from pve_auth_tui.core.challenge import Challenge, answer_problem
from pve_auth_tui.core.errors import LoginRefused, Refused
from pve_auth_tui.core.logins import KINDS, Login, login, recovery_left
from pve_auth_tui.core.ports import Authenticator, Clock, Door
from pve_auth_tui.core.recovery import number_of
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.tfaconfig import TfaEntry
from pve_auth_tui.core.totp import SEARCHED, WINDOW, offset_words, period_of, stored
from pve_auth_tui.core.words import listed

Second = Callable[[Challenge], Secret | None]

NOT_SENT: Final = "Nothing was sent, so it does not count as an attempt."
_WRITES: Final = ("totp", "recovery")  # PVE notes what was used, which needs quorum
_NAMES: Final = {
    "totp": "a code of the authenticator app",
    "recovery": "a recovery key",
    "webauthn": "a security key",
    "yubico": "a one-time code of a YubiKey",
    "u2f": "an old U2F key",
}


@dataclass(frozen=True, slots=True)
class Proof:
    """What was proved, and what was not: sentences, names in them untrusted.

    `address`: where somebody logged in, "" when nobody did. `offered`, `used`: as
    `core.challenge` has them (`totp`, `recovery`, ...); `used` is "" without a second factor.
    """

    userid: str
    address: str
    offered: tuple[str, ...]
    used: str
    proved: tuple[str, ...]
    not_proved: tuple[str, ...]


@dataclass(slots=True)
class _Attempt:
    """What happened in one login."""

    challenge: Challenge | None = None
    answer: Secret | None = field(default=None, repr=False)

    @property
    def kind(self) -> str:
        return self.answer.reveal().partition(":")[0] if self.answer else ""

    @property
    def value(self) -> str:
        return self.answer.reveal().partition(":")[2] if self.answer else ""


class ProveService:
    """Blocking. `open_door` gives a way in as a browser has it, made when it is needed."""

    def __init__(
        self, open_door: Callable[[], Door], authenticator: Authenticator, clock: Clock
    ) -> None:
        self._open_door = open_door
        self._authenticator = authenticator
        self._clock = clock
        self._used: dict[str, Secret] = {}  # the last answer of each user; PVE takes none twice

    def before(self, userid: str, snapshot: Snapshot) -> tuple[str, ...]:
        """What an attempt costs or risks, as sentences.

        Raises Refused when it would fail in any case: then nobody need type a password.
        """
        stands = self._possible(userid, snapshot)
        sentences = []
        realm = _realm_type(snapshot, userid)
        if realm in {"ldap", "ad"}:
            sentences.append("A wrong password counts at the directory, too: it may lock the user.")
        if "totp" in stands.usable:
            sentences.append("A code works for one login: the one that is used here is used up.")
        if stands.kinds == ("recovery",):
            sentences.append("The only second factor are recovery keys: this login uses one up.")
        return tuple(sentences)

    def prove(
        self, userid: str, password: Secret, answer: Second, snapshot: Snapshot | None = None
    ) -> Proof:
        """One login in two steps, its ticket dropped at once.

        `answer` is asked for the second factor if PVE wants one: `totp:123456`,
        `recovery:xxxx-...`; None gives up. With a `snapshot` that was read from PVE's files a
        wrong code is found before it is sent. Raises Refused for what was not sent, LoginRefused
        when PVE says no, Unreachable and Untrusted.
        """
        if snapshot is not None:
            self._possible(userid, snapshot)
        attempt = _Attempt()

        def second(challenge: Challenge) -> Secret | None:
            attempt.challenge = challenge
            given = answer(challenge)
            if given is not None:
                self._require(userid, challenge, given, snapshot)
            attempt.answer = given
            return given

        door = self._open_door()
        try:
            door.login(userid, password, second)
        except LoginRefused as error:
            raise _explained(error, userid, attempt, snapshot) from None
        if attempt.answer is not None:
            self._used[userid] = attempt.answer
        return _proof(userid, door.address, attempt, snapshot)

    def local_check(self, userid: str, snapshot: Snapshot, answer: Secret | None = None) -> Proof:
        """What can be said without a password: nobody logs in, and nothing is used up.

        `answer` as for `prove`. Raises Refused when the user could not log in, or the answer is
        not right.
        """
        stands = self._possible(userid, snapshot)
        proved = [f"As far as PVE's files tell, nothing keeps {userid} out."]
        used = ""
        if answer is not None:
            used, _, value = answer.reveal().partition(":")
            if problem := answer_problem(self.expected(userid, snapshot), answer.reveal()):
                raise Refused(problem, "Nothing was sent.")
            known = self._known(userid, snapshot, used)
            if not known:
                raise Refused(
                    f"This picture does not hold what {_NAMES[used]} is compared with.",
                    "Only PVE's files on the node do. A login proves it: give the password.",
                )
            self._require_stored(userid, used, value, known)
            proved.append(f"{_NAMES[used].capitalize()} fits what PVE has stored, right now.")
        not_proved = [
            "The password: none was given.",
            "That pveproxy and pvedaemon let anybody in: nobody logged in.",
        ]
        if not stands.asked:
            not_proved.append("A second factor: PVE would not ask for one.")
        elif answer is None:
            not_proved.append("That the user's app, key or paper is the right one.")
        offered = tuple(kind for kind, word in KINDS.items() if word in stands.usable)
        return Proof(userid, "", offered, used, tuple(proved), tuple(not_proved))

    def expected(self, userid: str, snapshot: Snapshot) -> Challenge:
        """What PVE would ask for, as far as codes and recovery keys go."""
        stands = login(snapshot, userid, self._clock.now())
        tfa = snapshot.tfa.value
        left = recovery_left(tfa.users.get(userid)) if tfa else None
        return Challenge(
            totp="totp" in stands.usable, recovery=None if left is None else tuple(range(left))
        )

    # --- what is found here ------------------------------------------------------------------

    def _possible(self, userid: str, snapshot: Snapshot) -> Login:
        """How the user stands; raises Refused when no login can succeed."""
        stands = login(snapshot, userid, self._clock.now())
        if stands.at_idp:
            raise Refused(
                f"{userid} logs in at the identity provider, so there is nothing to try here.",
                "PVE never asks users of an OpenID realm for a password or a second factor.",
            )
        if stands.obstacle:
            raise Refused(f"{userid} cannot log in now: {stands.obstacle}.", NOT_SENT)
        cluster = snapshot.cluster.value
        if cluster and cluster.quorate is False and not stands.without_quorum:
            raise _no_quorum()
        return stands

    def _require(
        self, userid: str, challenge: Challenge, answer: Secret, snapshot: Snapshot | None
    ) -> None:
        """Raises Refused for an answer that PVE would refuse."""
        kind, _, value = answer.reveal().partition(":")
        if problem := answer_problem(challenge, answer.reveal()):
            raise Refused(problem, NOT_SENT)
        if self._used.get(userid) == answer:
            raise _used_up(userid)
        if snapshot is None:
            return
        if kind in _WRITES and snapshot.cluster.value and snapshot.cluster.value.quorate is False:
            raise _no_quorum()
        if kind == "totp" and login(snapshot, userid, self._clock.now()).locked == "totp":
            raise Refused(
                f"TOTP of {userid} is locked: PVE refuses right codes, too.",
                f"Unlock it, or take a recovery key. {NOT_SENT}",
            )
        if known := self._known(userid, snapshot, kind):
            self._require_stored(userid, kind, value, known)

    def _known(self, userid: str, snapshot: Snapshot, kind: str) -> list[TfaEntry]:
        """The enabled entries that an answer can be compared with here."""
        tfa = snapshot.tfa.value
        user = tfa.users.get(userid) if tfa else None
        entries = [entry for entry in user.entries if entry.enable] if user else []
        if kind == "totp":
            found = [entry for entry in entries if entry.type == "totp"]
            return found if all(map(stored, found)) else []
        return [entry for entry in entries if entry.type == kind == "recovery" and entry.data]

    def _require_stored(self, userid: str, kind: str, value: str, known: list[TfaEntry]) -> None:
        """Raises Refused when it is none of those; as PVE does, the first that fits decides."""
        if kind == "recovery":
            if number_of(known[0].data, value) is None:
                raise Refused(f"This is none of the unused recovery keys of {userid}.", NOT_SENT)
            return
        now, steps = self._clock.now(), []
        for entry in known:
            found = stored(entry)
            if found is None:
                continue
            totp, last = found
            step = self._authenticator.offset(totp, value, now, SEARCHED)
            if step is not None and abs(step) <= WINDOW:
                if period_of(totp, now) + step <= last:
                    raise _used_up(userid)
                return
            if step is not None:
                steps.append((step, totp.period))
        for step, period in steps:
            raise Refused(f"Right app, wrong time: {offset_words(step, period)}.", NOT_SENT)
        raise Refused(f"This is no code of an app of {userid}.", NOT_SENT)


def _no_quorum() -> Refused:
    return Refused(
        "Without quorum PVE refuses every code and recovery key: it cannot note them.",
        f"Only security keys work then, and users without a second factor. {NOT_SENT}",
    )


def _used_up(userid: str) -> Refused:
    return Refused(
        f"{userid} has used this code for a login already, or a later one: PVE takes none twice.",
        f"Wait until the app shows the next one. {NOT_SENT}",
    )


def _realm_type(snapshot: Snapshot, userid: str) -> str:
    realms = snapshot.realms.value
    realm = realms.realms.get(userid.rpartition("@")[2]) if realms else None
    return (realm.type or "") if realm else ""


# --- what came of it ------------------------------------------------------------------------------


def _proof(userid: str, address: str, attempt: _Attempt, snapshot: Snapshot | None) -> Proof:
    offered = attempt.challenge.kinds if attempt.challenge else ()
    return Proof(
        userid,
        address,
        offered,
        attempt.kind,
        tuple(_proved(userid, address, attempt)),
        tuple(_not_proved(attempt, snapshot)),
    )


def _proved(userid: str, address: str, attempt: _Attempt) -> Iterator[str]:
    if attempt.challenge is None:
        yield f"{address} took the password of {userid}."
        return
    yield f"{address} took the password of {userid} and {_NAMES[attempt.kind]}."
    others = [_NAMES[kind] for kind in attempt.challenge.kinds if kind != attempt.kind]
    if others:
        yield f"PVE would also have taken {listed(others)}."
    if attempt.kind == "totp":
        yield "That code is used up: for the next login, wait for the next one."
    if attempt.kind == "recovery":
        left = len(attempt.challenge.recovery or ()) - 1
        yield f"That recovery key is used up, {left} are left: cross it out."
    yield "The login's ticket was dropped at once."


def _not_proved(attempt: _Attempt, snapshot: Snapshot | None) -> Iterator[str]:
    if attempt.challenge is None:
        yield "A second factor: PVE did not ask for one."
    cluster = snapshot.cluster.value if snapshot else None
    others = [node.name for node in cluster.nodes if node.name != cluster.node] if cluster else []
    if others:
        clocks = ", each with a clock of its own" if attempt.kind == "totp" else ""
        yield f"A login at {listed(others)}{clocks}."
    if attempt.kind == "webauthn":
        yield "A login in a browser: there the name in the address bar has to fit, too."


def _explained(
    error: LoginRefused, userid: str, attempt: _Attempt, snapshot: Snapshot | None
) -> LoginRefused:
    """The same refusal with what is known here; PVE itself never says why."""
    if not error.original:
        return error  # PVE was not asked for its opinion: somebody gave up, or had no answer
    if attempt.answer is None:
        return LoginRefused(str(error), _without_second(error, userid, snapshot), error.original)
    reasons = {
        "totp": "a code that was used already, a clock that is off, or a lock after 8 wrong codes",
        "recovery": "a key that was used already",
    }
    likely = reasons.get(attempt.kind, "the factor itself, or the WebAuthn settings")
    return LoginRefused(
        f"The password of {userid} is right, but PVE refused {_NAMES[attempt.kind]}.",
        f"This counts as one failed attempt, and nothing was tried again. PVE never says why;"
        f" likely: {likely}, or no quorum. The node's journal knows: journalctl -u pvedaemon"
        " -g 'authentication failure'.",
        error.original,
    )


def _without_second(error: LoginRefused, userid: str, snapshot: Snapshot | None) -> str:
    realm = _realm_type(snapshot, userid) if snapshot else ""
    if realm in {"ldap", "ad"}:
        return f"{error.hint} The directory may count it as a wrong password. It was one attempt."
    return f"{error.hint} It was one attempt."
