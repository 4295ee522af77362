"""One attempt to log in with a second factor: checked, counted, perhaps locked out.

Source: proxmox-tfa 6.0.5 (TfaConfig::verify and what it calls).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from pve_auth_tui.core.serdejson import SerdeError
from pve_auth_tui.core.tfaconfig import TfaConfig, TfaType, UserTfa
from pve_auth_tui.simnode.tfa import clientjson, entries, recovery, totp, webauthn
from pve_auth_tui.simnode.tfa.challenges import Challenges
from pve_auth_tui.simnode.tfa.failure import Failure
from pve_auth_tui.simnode.tfa.settings import WebauthnSettings

MOST_TOTP_FAILURES: Final = 8
MOST_FAILURES: Final = 100
LOCK_SECONDS: Final = 3600
_FLAGS: Final = 32  # where the flags stand in authenticator data


@dataclass(frozen=True, slots=True)
class Answer:
    """`value` is a code, or for `u2f` and `webauthn` parsed JSON; `asked` the challenge."""

    kind: TfaType
    value: Any
    asked: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`config` must be written when `needs_saving`.

    `totp_limit`, `tfa_limit`: this very miss locked the user out. `locked`: was refused unseen.
    """

    result: bool
    config: TfaConfig
    needs_saving: bool = False
    totp_limit: bool = False
    tfa_limit: bool = False
    locked: bool = False
    log: tuple[str, ...] = ()


def usable(settings: WebauthnSettings | None, log: list[str]) -> WebauthnSettings | None:
    """The settings if the core can work with them; if not, its log says so."""
    if settings is None or settings.fits:
        return settings
    log.append(
        "error: webauthn config error: missing webauthn origin"
        if settings.origin is None
        else "error: webauthn error: failed to begin webauthn context instantiation"
    )
    return None


class Verification:
    """One user's attempt."""

    def __init__(
        self,
        config: TfaConfig,
        userid: str,
        challenges: Challenges,
        settings: WebauthnSettings | None,
        log: list[str],
    ) -> None:
        self._config = config
        self._userid = userid
        self._challenges = challenges
        self._settings = settings
        self._log = log
        self._logged = len(log)

    def of(self, answer: Answer) -> Verdict:
        """Raises Panic only."""
        user = self._config.users.get(self._userid)
        if user is None:
            return self._refused(f"no 2nd factor available for user '{self._userid}'")
        if user.locked_until is not None and self._challenges.now() < user.locked_until:
            return self._refused(f"refusing 2nd factor for user '{self._userid}'", locked=True)
        if answer.kind == "totp" and user.totp_locked:
            return self._refused(f"TOTP of user '{self._userid}' is locked", locked=True)
        try:
            changed = self._checked(user, answer)
        except Failure as failure:
            self._say(f"error in 2nd factor authentication for user '{self._userid}': {failure}")
            return self._missed(user, was_totp=answer.kind == "totp")
        record = self._challenges.open(self._userid)
        if record.tfa_failures or (answer.kind == "totp" and record.totp_failures):
            record.tfa_failures = 0
            record.totp_failures = 0 if answer.kind == "totp" else record.totp_failures
            self._challenges.save(self._userid, record)
        if changed is None:
            return Verdict(True, self._config, log=self._lines())
        config = entries.with_users(self._config, [changed])
        return Verdict(True, config, needs_saving=True, log=self._lines())

    def _checked(self, user: UserTfa, answer: Answer) -> UserTfa | None:
        """The user as to be written, None when nothing changes. Raises Failure, Panic."""
        if answer.kind == "totp":
            return self._totp(user, answer.value)
        if answer.kind == "recovery":
            return self._recovery(user, answer.value)
        if answer.kind == "webauthn":
            self._webauthn(answer.value)
            return None
        if answer.asked.get("u2f") is None:
            raise Failure(f"no u2f factor available for user '{self._userid}'")
        raise Failure("no u2f configuration available")

    def _totp(self, user: UserTfa, text: str) -> UserTfa:
        """The first entry that the code fits decides, even when it was used up there."""
        problem = "totp verification failed"
        for entry in entries.of(user, "totp"):
            parsed, last = entries.totp(entry)
            count = totp.matching(parsed, text, self._challenges.now())
            if count is None:
                continue
            if count > last:
                self._count_totp(back_to_zero=True)
                return entries.replaced(user, entry, entries.used_totp(entry, count))
            problem = "rejecting reused TOTP value"
            break
        self._count_totp(back_to_zero=False)
        raise Failure(problem)

    def _count_totp(self, *, back_to_zero: bool) -> None:
        record = self._challenges.open(self._userid)
        record.totp_failures = 0 if back_to_zero else record.totp_failures + 1
        self._challenges.save(self._userid, record)

    def _recovery(self, user: UserTfa, code: str) -> UserTfa:
        """A right code also takes all locks away."""
        stored = next(iter(entries.of(user, "recovery")), None)
        left = recovery.used_up(stored.data, code) if stored else None
        if stored is None or left is None:
            raise Failure("recovery verification failed")
        self._count_totp(back_to_zero=True)
        user = entries.replaced(user, stored, entries.recovery_entry(left, stored.created))
        return replace(user, totp_locked=False, locked_until=None)

    def _webauthn(self, value: Any) -> None:
        context = usable(self._settings, self._log)
        if context is None:
            raise Failure("no webauthn configuration available")
        if not isinstance(value, dict):
            raise Failure("invalid response, must be a json object")
        if "challenge" not in value:
            raise Failure("missing challenge data in response")
        challenge = value["challenge"]
        if not isinstance(challenge, str):
            raise Failure("invalid challenge data in response")
        others = {name: part for name, part in value.items() if name != "challenge"}
        try:
            answer = clientjson.assertion(others)
        except SerdeError as error:
            raise Failure(f"invalid webauthn response: {error}") from error
        record = self._challenges.existing(self._userid)
        if record is None:
            raise Failure("no such challenge")
        asked = self._challenges.take(record.logins, challenge)
        self._challenges.save(self._userid, record)  # tried once, whatever comes of it
        if len(answer.auth_data) <= _FLAGS:
            self._log.append("info: authenticator data did not include a flags byte")
        webauthn.authenticate(context, challenge, asked["state"], answer)

    def _missed(self, user: UserTfa, *, was_totp: bool) -> Verdict:
        record = self._challenges.open(self._userid)
        record.tfa_failures += 1
        self._challenges.save(self._userid, record)
        totp_limit = was_totp and record.totp_failures >= MOST_TOTP_FAILURES
        tfa_limit = record.tfa_failures >= MOST_FAILURES
        if totp_limit:
            user = replace(user, totp_locked=True)
        if tfa_limit:
            user = replace(user, locked_until=self._challenges.now() + LOCK_SECONDS)
        config = entries.with_users(self._config, [user])
        limit = totp_limit or tfa_limit
        return Verdict(False, config, limit, totp_limit, tfa_limit, log=self._lines())

    def _refused(self, text: str, *, locked: bool = False) -> Verdict:
        self._say(text)
        return Verdict(False, self._config, locked=locked, log=self._lines())

    def _say(self, text: str) -> None:
        self._log.append(f"error: {text}")

    def _lines(self) -> tuple[str, ...]:
        return tuple(self._log[self._logged :])
