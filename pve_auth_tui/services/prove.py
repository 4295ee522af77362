"""Shows that somebody can log in: by a real login over TLS, or by what can be checked here.

One attempt for one action of the user, never a second (R23). What cannot be right is found here
and not sent, so that it does not count against the user at the node.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pve_auth_tui.core.challenge import Challenge, answer_problem
from pve_auth_tui.core.errors import LoginRefused, Refused
from pve_auth_tui.core.logins import KINDS, Login, entries_of, login, recovery_left
from pve_auth_tui.core.ports import Authenticator, Clock, Door, Hands, Journal, Proofs
from pve_auth_tui.core.proofs import How, Mark
from pve_auth_tui.core.recovery import number_of
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.tfaconfig import TfaEntry
from pve_auth_tui.core.totp import SEARCHED, WINDOW, offset_words, period_of, stored
from pve_auth_tui.services.keyanswer import login_mark, require_counter, used_entry
from pve_auth_tui.services.keyproof import KeyProver
from pve_auth_tui.services.prooflog import journalled
from pve_auth_tui.services.proofwords import (
    NAMES,
    NOT_SENT,
    Attempt,
    Proof,
    explained,
    noted,
    proof_of,
    realm_type,
)

__all__ = ["NOT_SENT", "Proof", "ProveService", "Second"]

Second = Callable[[Challenge], Secret | None]

_WRITES: Final = ("totp", "recovery")  # PVE notes what was used, which needs quorum


class ProveService:
    """Blocking. `open_door` gives a way in as a browser has it, made when it is needed.

    `prover` works with the security keys in this machine's USB, where there may be some; what was
    seen is noted in `proofs`; `journal` gets an entry for each login that succeeded.
    """

    def __init__(
        self,
        open_door: Callable[[], Door],
        authenticator: Authenticator,
        clock: Clock,
        *,
        prover: KeyProver | None = None,
        proofs: Proofs | None = None,
        journal: Journal | None = None,
    ) -> None:
        self._open_door = open_door
        self._authenticator = authenticator
        self._clock = clock
        self._prover = prover
        self._proofs = proofs
        self._journal = journal
        self._used: dict[str, Secret] = {}  # the last answer of each user; PVE takes none twice

    def before(self, userid: str, snapshot: Snapshot) -> tuple[str, ...]:
        """What an attempt costs or risks, as sentences.

        Raises Refused when it would fail in any case: then nobody need type a password.
        """
        stands = self._possible(userid, snapshot)
        sentences = []
        realm = realm_type(snapshot, userid)
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
        when PVE says no, Unreachable and Untrusted, and what `answer` raises (KeyTrouble).
        """
        if snapshot is not None:
            self._possible(userid, snapshot)
        attempt = Attempt()

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
            raise explained(error, userid, attempt, snapshot) from None
        if attempt.answer is not None:
            self._used[userid] = attempt.answer
        entry = self._used_entry(userid, attempt, snapshot)
        proof = proof_of(userid, door.address, attempt, snapshot, entry.id if entry else "")
        if snapshot is not None and (entry is not None or attempt.answer is None):
            mark = login_mark(proof, attempt, self._clock.now(), _node(snapshot))
            proof = self._noted(proof, mark)
        return journalled(proof, self._journal, self._clock.now()) if self._journal else proof

    def with_key(self, path: str, hands: Hands, snapshot: Snapshot, userid: str = "") -> Second:
        """What answers for `prove`: the security key at `path`, as it does in a browser.

        With `userid` what cannot work is found here, before a password is asked for. Raises
        Refused and KeyTrouble, as does the answer.
        """
        return self._require_prover().answer(path, hands, snapshot, userid)

    def signature_check(self, userid: str, path: str, hands: Hands, snapshot: Snapshot) -> Proof:
        """What a key can show without a password: nobody logs in, nothing is used up.

        It signs a challenge of our own, which has to fit the public key that PVE has stored.
        Raises Refused and KeyTrouble.
        """
        found = self._require_prover().signature(userid, path, hands, snapshot)
        mark = Mark(
            userid,
            found.known.entry.id,
            How.SIGNATURE,
            self._clock.now(),
            _node(snapshot),
            found.rp_id,
            found.counter,
        )
        return self._noted(found.proof, mark)

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
                    f"This picture does not hold what {NAMES[used]} is compared with.",
                    "Only PVE's files on the node do. A login proves it: give the password.",
                )
            self._require_stored(userid, used, value, known)
            proved.append(f"{NAMES[used].capitalize()} fits what PVE has stored, right now.")
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

    # --- what is noted ------------------------------------------------------------------------

    def _require_prover(self) -> KeyProver:
        if self._prover is None:
            raise Refused("There are no USB ports to look for a security key in.")
        return self._prover

    def _used_entry(
        self, userid: str, attempt: Attempt, snapshot: Snapshot | None
    ) -> TfaEntry | None:
        """The factor that a login used; of several apps the first that shows the code."""
        found = used_entry(userid, attempt, snapshot)
        if found is not None or snapshot is None or attempt.kind != "totp":
            return found
        now = self._clock.now()
        for entry in self._known(userid, snapshot, "totp"):
            totp = stored(entry)
            if totp and self._authenticator.offset(totp[0], attempt.value, now, WINDOW) is not None:
                return entry
        return None

    def _noted(self, proof: Proof, mark: Mark) -> Proof:
        return noted(proof, mark, self._proofs) if self._proofs else proof

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
        if kind == "webauthn":
            require_counter(userid, snapshot, value)
        if known := self._known(userid, snapshot, kind):
            self._require_stored(userid, kind, value, known)

    def _known(self, userid: str, snapshot: Snapshot, kind: str) -> list[TfaEntry]:
        """The enabled entries that an answer can be compared with here."""
        entries = [entry for entry in entries_of(snapshot, userid) if entry.enable]
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


def _node(snapshot: Snapshot) -> str:
    cluster = snapshot.cluster.value
    return cluster.node if cluster else ""
