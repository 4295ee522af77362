"""After a security key is stored: is it proved, and how; what else there is to do."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.keystages import trouble_lines
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.logins import recovery_left
from pve_auth_tui.core.proofs import How, Mark
from screens.enrol_key_commands import Step
from screens.enrol_key_stages import PROOF, Offer, StagesScreen

if TYPE_CHECKING:
    from pve_auth_tui.core.snapshot import Snapshot
    from pve_auth_tui.services.hands import QueuedHands
    from pve_auth_tui.services.prove import Proof
    from pve_auth_tui.services.report import Report


class ProofStages(StagesScreen):
    """Begins with `was_stored`."""

    def __init__(self, userid: str, said: str = "") -> None:
        super().__init__(userid, said)
        self._entry = ""

    def second_key(self) -> None:
        """Enrol another one for the same user."""
        raise NotImplementedError

    def was_stored(self, report: Report) -> None:
        """PVE has it."""
        from pve_auth_tui.services.enrolkey import new_entry

        self._entry = new_entry(report)
        self.house.took_picture(report)
        wrong = " ".join((*report.differences, *report.remarks))
        read = "PVE was asked again, and has it."
        self.stored = ("LOOK", wrong) if wrong else ("ok", read)
        self.proof = ("-", "not yet")
        self._fork()

    def _fork(self, before: tuple[Line, ...] = ()) -> None:
        offers = (
            ("Log in with it now: they type their password here", self._log_in),
            (f"Later: t in Two Factor, or `pve-auth-tui prove {self.userid}`", self._later),
            ("Check its signature only: one touch, no password", self._check_signature),
        )
        told = "Stored. Nobody has logged in with it yet."
        lines = (*before, Line("Does it work? A login proves it."))
        self.go(Step.STORED, lines, offers, told)

    def _log_in(self) -> None:
        from screens.prove import ProveScreen

        path = self.place.path if self.place else ""
        self.app.push_screen(ProveScreen(self.userid, "The key is stored.", key=path))

    def _later(self) -> None:
        self.proof = ("-", f"later: t in Two Factor, or `pve-auth-tui prove {self.userid}`")
        self.offer_more(())

    def _check_signature(self) -> None:
        self.go(Step.PROVING)
        path = self.place.path if self.place else ""
        job = partial(self._sign, path, self.house.snapshot)
        self.at_key(job, self._signed, self._not_signed)

    def _sign(self, path: str, snapshot: Snapshot | None, hands: QueuedHands) -> Proof:
        if snapshot is None:
            raise AuthTuiError("Nothing was read yet.", "r reads again.")
        proving = self.house.workshop.prove
        return proving.signature_check(self.userid, path, hands, snapshot)

    def _signed(self, proof: Proof) -> None:
        from pve_auth_tui.services.proofwords import proof_lines

        self.proof = ("ok", "signature checked; nobody has logged in")
        self.house.look_at_proofs()
        self.offer_more(proof_lines(proof))

    def _not_signed(self, error: AuthTuiError) -> None:
        self._fork(trouble_lines(error))

    def look_for_proof(self) -> None:
        """Somebody comes back from the login."""
        self.at_key(self._marks, self._was_proved, partial(self.fail, stage=PROOF))

    def _marks(self, hands: QueuedHands) -> Mapping[tuple[str, str], Mark]:
        return self.house.workshop.proofs.all()

    def _was_proved(self, marks: Mapping[tuple[str, str], Mark]) -> None:
        mark = marks.get((self.userid, self._entry))
        if mark is not None and mark.how is How.LOGIN:
            self.proof = ("ok", "proved: somebody logged in with it")
            self.offer_more(())
        else:
            self._fork()

    def offer_more(self, lines: tuple[Line, ...]) -> None:
        """What else is worth doing; `lines` tell what was proved."""
        offers: list[Offer] = []
        snapshot = self.house.snapshot
        tfa = snapshot.tfa.value if snapshot else None
        if tfa is not None and recovery_left(tfa.users.get(self.userid)) is None:
            offers.append(
                ("Recovery keys: there are none yet, for when it is lost", self._recovery)
            )
        offers.append(("A second key, for when the first is lost", self.second_key))
        told = "Done. u on a list takes it back. Esc leaves."
        self.go(Step.AFTER, lines, tuple(offers), told)

    def _recovery(self) -> None:
        from screens.enrol_recovery import EnrolRecoveryScreen

        self.app.push_screen(EnrolRecoveryScreen(self.userid))
