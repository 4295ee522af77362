"""One recorded second-factor story, played on our engine: same time, same ids, same codes."""

from __future__ import annotations

import base64
import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from pve_auth_tui.core import answers
from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.tfaconfig import TfaConfig, parse_tfa, write_tfa
from pve_auth_tui.simnode.disk import MemoryDisk
from pve_auth_tui.simnode.sources import Sources
from pve_auth_tui.simnode.tfa import recovery, settings
from pve_auth_tui.simnode.tfa.engine import TfaEngine
from pve_auth_tui.simnode.tfa.failure import Panicked
from pve_auth_tui.simnode.tfa.settings import WebauthnSettings
from pve_auth_tui.simnode.tfa.verify import Verdict

EMPTY = TfaConfig({})
# where in a text serde noticed something, and what OpenSSL adds, depend on their versions
_POSITION = re.compile(r" at line \d+ column \d+")
_OPENSSL = re.compile(r"(An OpenSSL Error has occurred).*", re.DOTALL)

Json = Any
Step = Mapping[str, Any]


class Player:
    """A node with one tfa.cfg, whose time and chance come from the recording."""

    def __init__(self, config: TfaConfig = EMPTY, webauthn: WebauthnSettings | None = None) -> None:
        self.config = config
        self.settings = webauthn
        self.time = 0
        self.ids: deque[str] = deque()
        self.bytes: deque[bytes] = deque()
        self.codes: deque[str] = deque()
        self.secret = "0" * 16
        self._made = 0
        sources = Sources(
            now=lambda: float(self.time),
            uuid=lambda: self.ids.popleft() if self.ids else str(UUID(int=self._next())),
            random=lambda size: self.bytes.popleft() if self.bytes else self._any(size),
            recovery_secret=lambda: self.secret,
            recovery_code=lambda: self.codes.popleft() if self.codes else "ffff-ffff-ffff-ffff",
            sleep=lambda seconds: None,
        )
        self.engine = TfaEngine(sources, MemoryDisk({}))

    def _next(self) -> int:
        self._made += 1
        return self._made

    def _any(self, size: int) -> bytes:
        return self._next().to_bytes(size, "big")

    def feed(self, recorded: Json, stored: Iterable[Json] = ()) -> None:
        """What chance was, read from what came of it; `stored`: tfa.cfg then and later."""
        self.ids.clear()
        self.bytes.clear()
        self.codes.clear()
        if isinstance(recorded, str):
            challenge = json.loads(recorded).get("webauthn")
            self._feed_challenge(challenge)
        elif isinstance(recorded, dict):
            if "challenge" in recorded:
                self._feed_challenge(json.loads(recorded["challenge"]))
            elif "recovery" in recorded:
                self.codes.extend(recorded["recovery"])
                self.secret = _secret(recorded["recovery"][0], stored) or self.secret
            elif "id" in recorded:
                self.ids.append(recorded["id"])

    def _feed_challenge(self, options: Json) -> None:
        if options is None:
            return
        options = options["publicKey"]
        if "user" in options:
            self.bytes.append(_decoded(options["user"]["id"]))
        self.bytes.append(_decoded(options["challenge"]))

    def restart(self) -> None:
        """The file as written and read again, as PVE does between two requests."""
        self.config = parse_tfa(write_tfa(self.config), now=self.time)

    def set_settings(self, values: Mapping[str, Any] | None) -> Json:
        """`{"ok": true}`, or the error; then there are none."""
        self.settings = None
        try:
            self.settings = None if values is None else settings.read(values)
        except settings.BadSettings as error:
            return {"error": str(error)}
        return {"ok": True}

    def add(self, userid: str, request: Mapping[str, Any]) -> Json:
        kind = request["type"]
        others = {name: value for name, value in request.items() if name != "type"}

        def call() -> Json:
            self.config, answer = self.engine.add(
                self.config, userid, kind, settings=self.settings, **others
            )
            return answer

        return self._outcome(call)

    def update(self, userid: str, entry: str, change: Mapping[str, Any]) -> Json:
        def call() -> Json:
            self.config = self.engine.update(self.config, userid, entry, **change)
            return {}

        return self._outcome(call)

    def delete(self, userid: str, entry: str) -> Json:
        def call() -> Json:
            self.config, left = self.engine.delete(self.config, userid, entry)
            return left

        return self._outcome(call)

    def unlock(self, userid: str) -> Json:
        def call() -> Json:
            self.config, locked = self.engine.unlock(self.config, userid)
            return locked

        return self._outcome(call)

    def entry(self, userid: str, entry: str) -> Json:
        try:
            return answers.tfa_entry(self.config, userid, entry)
        except ApiError:
            return None

    def listing(self) -> Json:
        return answers.tfa(self.config, self.time)

    def challenge(self, userid: str) -> Json:
        return self._outcome(
            lambda: self.engine.login_challenge(self.config, userid, self.settings)
        )

    def verify(self, userid: str, challenge: str | None, response: str) -> Json:
        def call() -> Json:
            verdict = self.engine.verify(
                self.config, userid, challenge or "{}", response, self.settings
            )
            self.config = verdict.config
            return _verdict(verdict)

        return self._outcome(call)

    def log(self) -> list[str]:
        """What was logged since the last time."""
        lines, self.engine.log[:] = list(self.engine.log), []
        return lines

    def failures(self, userid: str) -> dict[str, int]:
        record = self.engine.challenges.open(userid)
        return {"totp": record.totp_failures, "tfa": record.tfa_failures}

    def file(self) -> Json:
        return json.loads(write_tfa(self.config))

    def _outcome(self, call: Callable[[], Json]) -> Json:
        self.restart()
        try:
            return call()
        except Panicked as error:
            return {"panic": error.panic, "message": str(error)}
        except ApiError as error:
            answer = {"error": error.original.removesuffix("\n")}
            as_perl_dies = (error.code, error.original[-1:]) == (500, "\n")
            return answer if as_perl_dies else {**answer, "code": error.code}


def _verdict(verdict: Verdict) -> Json:
    shown = {
        "result": verdict.result,
        "needs-saving": verdict.needs_saving,
        "totp-limit-reached": verdict.totp_limit,
        "tfa-limit-reached": verdict.tfa_limit,
    }
    return {**shown, "locked": True} if verdict.locked else shown


def _secret(code: str, stored: Iterable[Json]) -> str | None:
    """The secret with which the first code was stored, when any state of the file has it."""
    for state in stored:
        for user in (state or {}).get("users", {}).values():
            kept = user.get("recovery")
            if kept and recovery.hashed(kept["secret"], code) in kept["entries"]:
                found: str = kept["secret"]
                return found
    return None


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def differing(what: str, ours: Json, recorded: Json) -> Iterator[str]:
    """A line when they are not equal; a crash has the text that PVE's binding gives it."""
    if isinstance(recorded, dict) and "panic" in recorded:
        recorded = {**recorded, "message": "rust function panicked"}
    if _comparable(ours) != _comparable(recorded):
        yield f"{what}: {ours}, recorded {recorded}"


def _comparable(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _comparable(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_comparable(part) for part in value]
    if isinstance(value, str):
        return _OPENSSL.sub(r"\1", _POSITION.sub("", value))
    return value
