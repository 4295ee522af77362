"""What a login, or a check without one, has proved and what not: in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from pve_auth_tui.core.challenge import Challenge
from pve_auth_tui.core.errors import AuthTuiError, LoginRefused
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.ports import Proofs
from pve_auth_tui.core.proofs import How, Mark
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.words import listed

NOT_SENT: Final = "Nothing was sent, so it does not count as an attempt."
NAMES: Final = {
    "totp": "a code of the authenticator app",
    "recovery": "a recovery key",
    "webauthn": "a security key",
    "yubico": "a one-time code of a YubiKey",
    "u2f": "an old U2F key",
}
"""The kinds of answers, as in a sentence."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What was proved, and what was not: sentences, names in them untrusted.

    `address`: where somebody logged in, "" when nobody did. `offered`, `used`: as
    `core.challenge` has them (`totp`, `recovery`, ...); `used` is "" without a second factor.
    `entry`: the id of the factor that was used, "" where that is not known. `remarks`: what was
    wrong with noting it down, as sentences.
    """

    userid: str
    address: str
    offered: tuple[str, ...]
    used: str
    proved: tuple[str, ...]
    not_proved: tuple[str, ...]
    entry: str = ""
    remarks: tuple[str, ...] = ()


@dataclass(slots=True)
class Attempt:
    """What happened in one login."""

    challenge: Challenge | None = None
    answer: Secret | None = field(default=None, repr=False)

    @property
    def kind(self) -> str:
        """`totp`, `webauthn` ...; "" without a second factor."""
        return self.answer.reveal().partition(":")[0] if self.answer else ""

    @property
    def value(self) -> str:
        """What stands behind the kind."""
        return self.answer.reveal().partition(":")[2] if self.answer else ""


def proof_lines(proof: Proof) -> tuple[Line, ...]:
    """`ok` what was proved, `LOOK` what was wrong besides, `-` what was not proved."""
    return (
        *(Line(sentence, word="ok") for sentence in proof.proved),
        *(Line(sentence, word="LOOK") for sentence in proof.remarks),
        *(Line(f"Not proved: {_lower(sentence)}", word="-") for sentence in proof.not_proved),
    )


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def proof_of(
    userid: str, address: str, attempt: Attempt, snapshot: Snapshot | None, entry: str
) -> Proof:
    """What a login that succeeded has proved."""
    return Proof(
        userid,
        address,
        attempt.challenge.kinds if attempt.challenge else (),
        attempt.kind,
        tuple(_proved(userid, address, attempt)),
        tuple(_not_proved(attempt, snapshot)),
        entry,
    )


def noted(proof: Proof, mark: Mark, proofs: Proofs) -> Proof:
    """The proof, after it was noted: it stands even where that fails, which it then says.

    A signature alone does not take the place of a login under the same WebAuthn ID.
    """
    key = (mark.userid, mark.entry)
    try:
        old = proofs.all().get(key)
        same = old if old is not None and old.rp_id == mark.rp_id else None
        if same is None or same.how is not How.LOGIN or mark.how is How.LOGIN:
            proofs.put(mark)
    except AuthTuiError as error:
        told = f"It could not be noted for the list of second factors: {error}"
        return replace(proof, remarks=(*proof.remarks, told))
    if same is not None and mark.counter < same.counter:
        told = (
            f"The key's counter is {mark.counter}, and was {same.counter} when it was last seen"
            " here: was the key copied or reset?"
        )
        return replace(proof, remarks=(*proof.remarks, told))
    return proof


def others_of(snapshot: Snapshot | None) -> list[str]:
    """The names of the cluster's other nodes."""
    cluster = snapshot.cluster.value if snapshot else None
    return [node.name for node in cluster.nodes if node.name != cluster.node] if cluster else []


def realm_type(snapshot: Snapshot, userid: str) -> str:
    """`pam`, `pve`, `ldap` ...; "" where that is not known."""
    realms = snapshot.realms.value
    realm = realms.realms.get(userid.rpartition("@")[2]) if realms else None
    return (realm.type or "") if realm else ""


def _proved(userid: str, address: str, attempt: Attempt) -> Iterator[str]:
    if attempt.challenge is None:
        yield f"{address} took the password of {userid}."
        return
    yield f"{address} took the password of {userid} and {NAMES[attempt.kind]}."
    others = [NAMES[kind] for kind in attempt.challenge.kinds if kind != attempt.kind]
    if others:
        yield f"PVE would also have taken {listed(others)}."
    if attempt.kind == "totp":
        yield "That code is used up: for the next login, wait for the next one."
    if attempt.kind == "recovery":
        left = len(attempt.challenge.recovery or ()) - 1
        yield f"That recovery key is used up, {left} are left: cross it out."
    yield "The login's ticket was dropped at once."


def _not_proved(attempt: Attempt, snapshot: Snapshot | None) -> Iterator[str]:
    if attempt.challenge is None:
        yield "A second factor: PVE did not ask for one."
    if others := others_of(snapshot):
        clocks = ", each with a clock of its own" if attempt.kind == "totp" else ""
        yield f"A login at {listed(others)}{clocks}."
    if attempt.kind == "webauthn":
        yield "A login in a browser: there the name in the address bar has to fit, too."


def explained(
    error: LoginRefused, userid: str, attempt: Attempt, snapshot: Snapshot | None
) -> LoginRefused:
    """The same refusal with what is known here; PVE itself never says why."""
    if not error.original:
        return error  # PVE was not asked for its opinion: somebody gave up, or had no answer
    if attempt.answer is None:
        return LoginRefused(str(error), _without_second(error, userid, snapshot), error.original)
    reasons = {
        "totp": "a code that was used already, a clock that is off, or a lock after 8 wrong codes",
        "recovery": "a key that was used already",
        "webauthn": "a key that was reset or copied (its counter), or the WebAuthn settings",
    }
    likely = reasons.get(attempt.kind, "the factor itself, or the realm's settings")
    return LoginRefused(
        f"The password of {userid} is right, but PVE refused {NAMES[attempt.kind]}.",
        f"This counts as one failed attempt, and nothing was tried again. PVE never says why;"
        f" likely: {likely}, or no quorum. The node's journal knows: journalctl -u pvedaemon"
        " -g 'authentication failure'.",
        error.original,
    )


def _without_second(error: LoginRefused, userid: str, snapshot: Snapshot | None) -> str:
    if snapshot is not None and realm_type(snapshot, userid) in {"ldap", "ad"}:
        return f"{error.hint} The directory may count it as a wrong password. It was one attempt."
    return f"{error.hint} It was one attempt."
