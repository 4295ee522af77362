"""A new authenticator app or set of recovery keys, from the secret to the plan that adds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from pve_auth_tui.core import totp as rules
from pve_auth_tui.core.errors import AuthTuiError, UsageError
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.intents import factors
from pve_auth_tui.core.otpauth import Totp, decode_base32
from pve_auth_tui.core.plan import Intent
from pve_auth_tui.core.ports import Api, Authenticator, Clock
from pve_auth_tui.core.qrsize import fits_screen
from pve_auth_tui.core.recovery import RecoveryKeys, sheet
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot

_SAME: Final = 2.0  # seconds, beside half of what the answer took: PVE tells whole ones
_FARTHEST: Final = 2.0**40  # seconds since 1970: no clock
_ASKED: Final = 5.0  # seconds that PVE has for its clock


@dataclass(frozen=True, slots=True)
class NodeClock:
    """The clock that PVE checks codes with. `ahead`: of this machine's, in seconds.

    `sentence` is empty on the node itself: it is the same clock.
    """

    ahead: float = 0.0
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class TotpDraft:
    """An authenticator app that is not added yet.

    `uri` goes to PVE, `qr_uri` into the QR code (the same secret, perhaps shorter names: it
    has room on 80x24), `groups` to who types it by hand. `notes`: what to know before.
    """

    userid: str
    description: str
    totp: Totp
    uri: Secret
    qr_uri: Secret
    groups: Secret
    clock: NodeClock = field(default=NodeClock())
    notes: tuple[Finding, ...] = ()


class Check(NamedTuple):
    """Whether PVE would take a code now, and a sentence for the field.

    `offset`: how many periods the clock that made it is ahead, None when it is no code of this
    secret; `until`: until when PVE takes it, in seconds since 1970 by the node's clock.
    """

    ok: bool
    offset: int | None
    sentence: str
    until: float = 0.0


class RecoveryDraft(NamedTuple):
    """What makes a set of recovery keys. `replaces`: there is one, whose keys end with it."""

    intent: Intent
    replaces: bool


def _no_api() -> Api | None:
    """Nobody to ask."""
    return None


class EnrolService:
    """Blocking. `clock` is this machine's; `api` gives the way to PVE that is in use, if any."""

    def __init__(
        self,
        authenticator: Authenticator,
        clock: Clock,
        api: Callable[[], Api | None] = _no_api,
    ) -> None:
        self._authenticator = authenticator
        self._clock = clock
        self._api = api

    # --- authenticator apps ----------------------------------------------------------------

    def start_totp(
        self,
        userid: str,
        snapshot: Snapshot,
        description: str,
        *,
        digits: int = 6,
        period: int = 30,
        algorithm: str = "SHA1",
    ) -> TotpDraft:
        """A new secret for somebody's app; nothing is changed yet.

        `period` is in seconds. Raises UsageError for what PVE or apps would not take, and when
        there is no such user; Refused when users or factors could not be read.
        """
        totp = Totp(
            decode_base32(self._authenticator.new_secret().reveal()),
            userid,
            rules.issuer_of(snapshot.cluster.value),
            digits,
            algorithm,
            period,
        )
        if problem := rules.description_problem(description) or rules.problem(totp):
            raise UsageError(problem)
        uri = Secret(rules.lean_uri(totp))
        any_code = Secret("0" * digits)
        notes = factors.add_totp(userid, description, uri, any_code)(snapshot).notes
        return TotpDraft(
            userid,
            description.strip(),
            totp,
            uri,
            Secret(rules.fit(rules.candidates(totp), fits_screen)),
            Secret(rules.grouped(rules.base32(totp.secret))),
            self.node_clock(snapshot),
            notes,
        )

    def node_clock(self, snapshot: Snapshot) -> NodeClock:
        """The node's clock beside this machine's; asked only of a node that is another machine."""
        api, cluster = self._api(), snapshot.cluster.value
        if api is None or api.way != "https" or cluster is None or not cluster.node:
            return NodeClock()
        node, before = cluster.node, self._clock.now()
        try:
            told = api.call("GET", ("nodes", node, "time"), seconds=_ASKED)
        except AuthTuiError:
            told = None
        time = told.get("time") if isinstance(told, dict) else None
        if not isinstance(time, int | float) or not 0 <= time < _FARTHEST:
            return NodeClock(
                0.0,
                f"The clock of {node} could not be asked: codes are checked with this machine's.",
            )
        after = self._clock.now()
        ahead = time - (before + after) / 2
        if abs(ahead) <= _SAME + (after - before) / 2:
            return NodeClock(0.0, f"The clocks of {node} and of this machine agree.")
        word = "ahead of" if ahead > 0 else "behind"
        return NodeClock(
            ahead,
            f"The clock of {node} is {rules.span(abs(ahead))} {word} this machine's:"
            " codes are checked with the node's.",
        )

    def check(self, draft: TotpDraft, typed: str) -> Check:
        """Would PVE take this code now? Found out here: nobody is asked, nothing is counted."""
        totp, code = draft.totp, rules.cleaned(typed)
        if problem := rules.code_problem(code, totp.digits):
            return Check(False, None, problem)
        now = self.now(draft)
        offset = self._authenticator.offset(totp, code, now, rules.SEARCHED)
        if offset is None:
            return Check(False, None, _none_of_these(totp))
        words = rules.offset_words(offset, totp.period)
        if abs(offset) > rules.WINDOW:
            return Check(
                False,
                offset,
                f"Right secret, wrong time: {words}. PVE takes codes that are at most"
                f" {totp.period} s off.",
            )
        sentence = f"The code is right; still, {words}." if words else "The code is right."
        return Check(True, offset, sentence, rules.good_until(totp, offset, now))

    def now(self, draft: TotpDraft) -> float:
        """The node's time, seconds since 1970."""
        return self._clock.now() + draft.clock.ahead

    def intent(self, draft: TotpDraft, typed: str) -> Intent:
        """What adds it, with the code that was checked. Raises UsageError when it is not right."""
        checked = self.check(draft, typed)
        if not checked.ok:
            raise UsageError(checked.sentence, "Nothing was sent.")
        code = Secret(rules.cleaned(typed))
        return factors.add_totp(draft.userid, draft.description, draft.uri, code)

    def shown_by_app(self, draft: TotpDraft) -> Secret:
        """The code that the app shows now: for the demo, whose clock no phone follows."""
        return self._authenticator.code(draft.totp, self.now(draft))

    # --- recovery keys -------------------------------------------------------------------------

    def recovery(self, userid: str, snapshot: Snapshot) -> RecoveryDraft:
        """What gives somebody ten recovery keys, in place of the set that may be there."""
        tfa = snapshot.tfa.value
        user = tfa.users.get(userid) if tfa else None
        if user and any(entry.type == "recovery" for entry in user.entries):
            return RecoveryDraft(factors.replace_recovery(userid), True)
        return RecoveryDraft(factors.add_recovery(userid), False)

    def sheet(self, keys: RecoveryKeys, userid: str, snapshot: Snapshot) -> Secret:
        """The keys as a page of text, with whose they are, where and since when."""
        cluster = snapshot.cluster.value
        return sheet(
            keys,
            userid,
            cluster.node if cluster else "",
            self._clock.now(),
            simulated=snapshot.demo,
        )


def _none_of_these(totp: Totp) -> str:
    around = rules.span(rules.SEARCHED * totp.period)
    return (
        f"No code of this secret within {around} of the node's clock. Is it the entry that was"
        " just added to the app, and are both clocks right?"
    )
