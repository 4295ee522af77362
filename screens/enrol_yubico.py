"""Yubico OTP for somebody: what the key is called, and a code that it types when touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from pve_auth_tui.core import yubico
from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.intents.yubico import add_yubico, described_problem
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.node import Ability
from pve_auth_tui.core.plan import Intent
from pve_auth_tui.core.secret import Secret
from screens.form import FormScreen
from widgets.field import Answer, AnyField, SecretEntry, TextEntry

if TYPE_CHECKING:
    from pve_auth_tui.services.plans import Report

_USED_UP = "That code has been sent and is used up. Touch the key again for another one."


class EnrolYubicoForm(FormScreen):
    """The key types 44 letters and Enter into the field; Enter there does nothing.

    No draft is kept: a code is good once.
    """

    REMARKS: ClassVar[str] = "How it works"
    BURST: ClassVar[str] = "The key's Enter does nothing here. ^O: review."

    def __init__(self, userid: str) -> None:
        super().__init__()
        self._userid = userid

    @property
    def heading(self) -> str:
        return f"Yubico OTP for {self._userid}"

    def make_fields(self) -> Sequence[AnyField]:
        return [
            TextEntry(
                "description", "Description", rule=described_problem,
                help="Tells this key from the user's other factors, for example: blue YubiKey.",
            ),
            SecretEntry(
                "otp", "Touch the key now", rule=yubico.otp_problem,
                help="Put the cursor here and touch the YubiKey: it types its code and Enter. "
                "^U clears the field, ^R shows what was typed.",
            ),
        ]  # fmt: skip

    @property
    def _why_not(self) -> str:
        return yubico.why_no_yubico(self.known, self._userid) if self.known else ""

    def remarks(self, answers: Mapping[str, Answer]) -> Sequence[Line]:
        if problem := self._why_not:
            return (Line(problem, "Realm", "LOOK"), Line(yubico.WHAT_TO_DO, "To do"))
        lines = [
            Line("PVE asks Yubico's server, or the realm's own, whether the code is right."),
            Line("It keeps the first 12 letters, which name the key. A code is good once."),
        ]
        otp = cast(Secret, answers["otp"])
        if self.known and not yubico.otp_problem(otp):
            ident = yubico.public_id(otp)
            lines.append(Line(ident, "Key"))
            for owner, text in yubico.held_by(self.known, ident):
                lines.append(Line(f"it is in an entry of {owner} already: {text}", "Key", "LOOK"))
        return lines

    def intent(self, answers: Mapping[str, Answer]) -> Intent:
        return add_yubico(
            self._userid, cast(str, answers["description"]), cast(Secret, answers["otp"])
        )

    def try_review(self) -> None:
        """Without settings there is nothing that could be typed right."""
        if problem := self._why_not:
            self.tell(Refused(problem, yubico.WHAT_TO_DO))
        else:
            super().try_review()

    def review(self) -> None:
        why_not = self.house.node.can(Ability.SEND_SECRET) if self.house.node else ""
        if why_not:
            raise Refused(f"No code can be sent: {why_not}.")
        super().review()

    def _proposed(self, report: Report | None) -> None:
        super()._proposed(report)
        if report is not None and not report.ok:
            self.form.clear_secrets()
            self.say(_USED_UP)

    def dismiss_form(self, report: Report | None) -> None:
        """It was added: now a login may prove it."""
        if report is None:
            super().dismiss_form(report)
            return
        from screens.prove import ProveScreen

        self.app.switch_screen(ProveScreen(self._userid, "The YubiKey's code was right."))
