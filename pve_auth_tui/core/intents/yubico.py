"""A YubiKey that types one-time codes, as somebody's second factor (reference 7.2)."""

from __future__ import annotations

from pve_auth_tui.core import yubico
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.intents.common import user_of
from pve_auth_tui.core.modhex import holds_code
from pve_auth_tui.core.names import text_problem
from pve_auth_tui.core.plan import ApiCall, Draft, Intent
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot


def add_yubico(userid: str, description: str, otp: Secret) -> Intent:
    """`otp`: a code that the key has just typed; PVE stores its first 12 letters.

    The intent raises Refused where the realm has no Yubico settings, and UsageError for what is no
    such code.
    """
    described = description.strip()
    code = Secret(otp.reveal().strip())

    def intent(snapshot: Snapshot) -> Draft:
        user_of(snapshot, userid)
        if problem := yubico.why_no_yubico(snapshot, userid):
            raise Refused(problem, yubico.WHAT_TO_DO)
        if problem := described_problem(described):
            raise UsageError(problem)
        if problem := yubico.otp_problem(code):
            raise UsageError(problem)
        step = ApiCall(
            "POST",
            ("access", "tfa", userid),
            {"type": "yubico", "description": described},
            {"value": code},
        )
        notes = _known(snapshot, userid, yubico.public_id(code))
        return Draft(f"add Yubico OTP {described} for {userid}", (step,), notes)

    return intent


def described_problem(text: str) -> str:
    """What is wrong with a description, as one sentence; "" for nothing."""
    described = text.strip()
    if holds_code(described.casefold()):
        return "That is a code, which a key has typed here: it belongs into the field below."
    if not described:
        return "PVE wants a description: which key is it, for example blue YubiKey."
    return text_problem("Two factor description", described) or ""


def _known(snapshot: Snapshot, userid: str, ident: str) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            "LOOK",
            f"This key is in an entry of {'the same user' if owner == userid else owner} already: "
            f"{text or 'without a name'}.",
            "Whoever has the key has the second factor of both."
            if owner != userid
            else "Nothing is gained by a second entry for one key.",
        )
        for owner, text in yubico.held_by(snapshot, ident)
    )
