"""All that PVE asks of its Rust core about second factors: add, change, challenge, verify.

Configurations go in and come out; nothing is written but the node's own record of challenges
and misses. Every error is an ApiError with the core's text. Source: proxmox-tfa 6.0.5
(api/mod.rs, api/methods.rs), and PVE's binding to it for crashes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from threading import RLock
from typing import Any, Final

from pve_auth_tui.core import otpauth
from pve_auth_tui.core.serdejson import SerdeError
from pve_auth_tui.core.serdetypes import unexpected
from pve_auth_tui.core.tfaconfig import TfaConfig, TfaEntry, TfaType, UserTfa
from pve_auth_tui.simnode.disk import Disk
from pve_auth_tui.simnode.sources import Sources
from pve_auth_tui.simnode.tfa import clientjson, entries, recovery, totp, webauthn
from pve_auth_tui.simnode.tfa.challenges import Challenges
from pve_auth_tui.simnode.tfa.enrolment import Enrolment
from pve_auth_tui.simnode.tfa.failure import Failure, Panic, Panicked, refused
from pve_auth_tui.simnode.tfa.settings import WebauthnSettings
from pve_auth_tui.simnode.tfa.verify import Answer, Verdict, Verification, usable

_ALONE: Final = RLock()  # as the lock that PVE holds on a user's record
_CODES: Final[tuple[TfaType, ...]] = ("totp", "recovery")
_JSON: Final[tuple[TfaType, ...]] = ("u2f", "webauthn")


class TfaEngine:
    """`log` collects what the core writes to the journal, `level: text` each."""

    def __init__(self, sources: Sources, disk: Disk) -> None:
        self.log: list[str] = []
        self.challenges = Challenges(sources, disk)
        self._sources = sources

    # --- logging in ---

    def login_challenge(
        self, config: TfaConfig, userid: str, settings: WebauthnSettings | None
    ) -> str | None:
        """The challenge as JSON; None when no second factor is asked for, `{}` when one is
        asked for that cannot be given.
        """
        user = config.users.get(userid)
        if user is None or not user.entries:
            return None
        context = usable(settings, self.log)
        keys = entries.of(user, "webauthn")
        stored = next(iter(entries.of(user, "recovery")), None)
        members = {
            "totp": bool(entries.of(user, "totp")),
            "recovery": recovery.unused(stored.data) if stored else None,
            "webauthn": self._ask(userid, context, keys) if context and keys else None,
            "yubico": bool(entries.of(user, "yubico")),
        }
        found = {name: value for name, value in members.items() if value not in (False, None)}
        cannot = (keys and not context) or entries.of(user, "u2f")
        return _json(found) if found or cannot else None

    def _ask(self, userid: str, settings: WebauthnSettings, keys: list[TfaEntry]) -> dict[str, Any]:
        challenge = webauthn.new_challenge(self._sources)
        credentials = [key.data for key in keys]
        created = self.challenges.now()
        with _ALONE:
            record = self.challenges.open(userid)
            entry = {"state": credentials, "challenge": challenge, "created": created}
            record.logins.append(entry)
            self.challenges.save(userid, record)
        return webauthn.request(settings, challenge, [one["cred_id"] for one in credentials])

    def verify(
        self,
        config: TfaConfig,
        userid: str,
        challenge: str,
        response: str,
        settings: WebauthnSettings | None,
    ) -> Verdict:
        """Checks `totp:123456` and the like. A refusal is a verdict; why is only in its log.

        Raises ApiError for what is not a challenge or a response at all, and for a crash.
        """
        with _as_api():
            asked = clientjson.value(challenge)
            if not isinstance(asked, dict):
                raise refused(f"invalid type: {unexpected(asked)}, expected struct TfaChallenge")
            answer = _answer(response, asked)
            config = entries.fresh(config, self.challenges.now())
            return Verification(config, userid, self.challenges, settings, self.log).of(answer)

    # --- changing ---

    def add(
        self,
        config: TfaConfig,
        userid: str,
        kind: TfaType,
        *,
        description: str | None = None,
        totp: str | None = None,
        value: str | None = None,
        challenge: str | None = None,
        settings: WebauthnSettings | None = None,
    ) -> tuple[TfaConfig, dict[str, Any]]:
        """POST /access/tfa/{userid}: the configuration with the new factor, and PVE's answer.

        Adding a security key takes two calls, the first without `challenge`.
        """
        user = entries.user_or_new(entries.fresh(config, self.challenges.now()), userid)
        with _as_api():
            if kind == "recovery":
                if (totp, value, challenge) != (None, None, None):
                    raise Failure("generating recovery tokens does not allow additional parameters")
                user, answer = self._add_recovery(user)
            elif kind == "totp":
                if challenge is not None:
                    raise Failure("'challenge' parameter is invalid for 'totp' entries")
                user, answer = self._add_totp(user, _required(description), totp, value)
            elif kind == "yubico":
                if totp is not None or challenge is not None:
                    raise Failure(
                        "'totp' and 'challenge' parameters are invalid for 'yubico' entries"
                    )
                user, answer = self._add_yubico(user, _required(description), value)
            elif totp is not None:
                raise Failure(f"'totp' parameter is invalid for '{kind}' entries")
            else:
                _require_step(kind, description, challenge, value)
                enrolment = Enrolment(self._sources, self.challenges, self._context(kind, settings))
                known = userid in config.users
                if challenge is None:
                    answer = {"challenge": enrolment.start(user, description or "")}
                else:
                    entry = enrolment.finish(user, challenge, value or "", known=known)
                    user, answer = entries.added(user, entry), {"id": entry.id}
        return entries.with_users(entries.fresh(config, self.challenges.now()), [user]), answer

    def _new(self, kind: TfaType, description: str, data: Any) -> TfaEntry:
        created = self.challenges.now()
        return TfaEntry(self._sources.uuid(), kind, description, created, data=data)

    def _add_totp(
        self, user: UserTfa, description: str, uri: str | None, value: str | None
    ) -> tuple[UserTfa, dict[str, Any]]:
        if uri is None or value is None:
            raise Failure("'totp' type requires both 'totp' and 'value' parameters")
        parsed = otpauth.parse(uri)
        if totp.matching(parsed, value, self._sources.now()) is None:
            raise Failure("failed to verify TOTP challenge")
        entry = self._new("totp", description, parsed.uri())
        return entries.added(user, entry), {"id": entry.id}

    def _add_yubico(
        self, user: UserTfa, description: str, value: str | None
    ) -> tuple[UserTfa, dict[str, Any]]:
        if value is None:
            raise Failure("missing 'value' parameter for 'yubico' entry")
        entry = self._new("yubico", description, value)
        return entries.added(user, entry), {"id": entry.id}

    def _add_recovery(self, user: UserTfa) -> tuple[UserTfa, dict[str, Any]]:
        if entries.of(user, "recovery"):
            raise Failure("user already has recovery keys")
        data, codes = recovery.generate(self._sources)
        entry = entries.recovery_entry(data, self.challenges.now())
        return entries.added(user, entry), {"id": entry.id, "recovery": codes}

    def _context(self, kind: TfaType, settings: WebauthnSettings | None) -> WebauthnSettings:
        """No U2F key: what PVE needs for a new one (`u2f:` in datacenter.cfg) is not simulated."""
        if kind == "u2f":
            raise Failure("no u2f configuration available")
        context = usable(settings, self.log)
        if context is None:
            raise Failure("no webauthn configuration available")
        return context

    def update(
        self,
        config: TfaConfig,
        userid: str,
        entry_id: str,
        *,
        description: str | None = None,
        enable: bool | None = None,
    ) -> TfaConfig:
        """PUT /access/tfa/{userid}/{id}; recovery keys have nothing to change."""
        user, entry = self._found(config, userid, entry_id)
        if entry.type == "recovery":
            raise refused("no such entry")
        new = replace(
            entry,
            description=entry.description if description is None else description,
            enable=entry.enable if enable is None else enable,
        )
        config = entries.fresh(config, self.challenges.now())
        return entries.with_users(config, [entries.replaced(user, entry, new)])

    def delete(self, config: TfaConfig, userid: str, entry_id: str) -> tuple[TfaConfig, bool]:
        """DELETE /access/tfa/{userid}/{id}; whether the user has any entry left.

        With the last one the user goes, locks included.
        """
        user, entry = self._found(config, userid, entry_id)
        user = entries.replaced(user, entry, None)
        config = entries.with_users(entries.fresh(config, self.challenges.now()), [user])
        if user.entries:
            return config, True
        users = {name: other for name, other in config.users.items() if name != userid}
        return replace(config, users=users), False

    def _found(self, config: TfaConfig, userid: str, entry_id: str) -> tuple[UserTfa, TfaEntry]:
        config = entries.fresh(config, self.challenges.now())
        user = config.users.get(userid)
        entry = entries.find(user, entry_id) if user else None
        if user is None or entry is None:
            raise refused("no such entry")
        return user, entry

    def unlock(self, config: TfaConfig, userid: str) -> tuple[TfaConfig, bool]:
        """PUT /access/users/{userid}/unlock-tfa; whether the user was locked out of anything.

        The counts of misses start again at 0 in any case.
        """
        with _as_api():
            record = self.challenges.existing(userid)
            if record and (record.totp_failures or record.tfa_failures):
                record.totp_failures = record.tfa_failures = 0
                self.challenges.save(userid, record)
        now = self.challenges.now()
        user = entries.fresh(config, now).users.get(userid)
        if user is None:
            raise refused("no such user")
        locked = user.locked_until is not None and now < user.locked_until
        free = replace(user, totp_locked=False, locked_until=None)
        changed = entries.with_users(entries.fresh(config, now), [free])
        return changed, user.totp_locked or locked


def _answer(response: str, asked: Mapping[str, Any]) -> Answer:
    for kind in (*_CODES, *_JSON):
        if response.startswith(f"{kind}:"):
            text = response.removeprefix(f"{kind}:")
            return Answer(kind, clientjson.value(text) if kind in _JSON else text, asked)
    raise Failure("invalid tfa response")


def _require_step(
    kind: TfaType, description: str | None, challenge: str | None, value: str | None
) -> None:
    if challenge is None:
        _required(description)
    elif value is None:
        raise Failure(f"missing 'value' parameter ({kind} challenge response missing)")


def _required(description: str | None) -> str:
    if description is None:
        raise Failure("'description' is required for new entries")
    return description


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


@contextmanager
def _as_api() -> Iterator[None]:
    """One call after another, and the core's errors as the API shows them."""
    try:
        with _ALONE:
            yield
    except Panic as panic:
        raise Panicked(str(panic)) from panic
    except (Failure, otpauth.BadUri) as error:
        raise refused(error.whole) from error
    except SerdeError as error:
        raise refused(str(error)) from error
