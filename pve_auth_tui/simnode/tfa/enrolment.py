"""A new security key, in two steps: options for the browser, then its answer."""

from __future__ import annotations

import json
import uuid
from typing import Final

from pve_auth_tui.core.serdejson import SerdeError
from pve_auth_tui.core.tfaconfig import TfaEntry, UserTfa
from pve_auth_tui.simnode.sources import Sources
from pve_auth_tui.simnode.tfa import clientjson, entries, webauthn
from pve_auth_tui.simnode.tfa.challenges import Challenges
from pve_auth_tui.simnode.tfa.failure import Failure
from pve_auth_tui.simnode.tfa.settings import WebauthnSettings

_HANDLE_SIZE: Final = 16  # of the random id by which a key knows the user


class Enrolment:
    """Between the steps the node keeps the challenge and the description."""

    def __init__(
        self, sources: Sources, challenges: Challenges, settings: WebauthnSettings
    ) -> None:
        self._sources = sources
        self._challenges = challenges
        self._settings = settings

    def start(self, user: UserTfa, description: str) -> str:
        """The options as JSON; keys that the user has switched on are not to answer."""
        excluded = [entry.data["cred_id"] for entry in entries.of(user, "webauthn")]
        handle = uuid.UUID(bytes=self._sources.random(_HANDLE_SIZE), version=4).bytes
        challenge = webauthn.new_challenge(self._sources)
        record = self._challenges.open(user.userid)
        record.registrations.append(
            {
                "state": excluded,
                "challenge": challenge,
                "description": description,
                "created": self._challenges.now(),
            }
        )
        self._challenges.save(user.userid, record)
        options = webauthn.creation(self._settings, user.userid, handle, challenge, excluded)
        return json.dumps(options, separators=(",", ":"), ensure_ascii=False)

    def finish(self, user: UserTfa, challenge: str, value: str, *, known: bool) -> TfaEntry:
        """The new entry; `value` is the browser's answer, `known`: tfa.cfg has the user.

        Raises Failure. A refused answer leaves the challenge as it was: it may be answered again.
        """
        try:
            answer = clientjson.registration(value)
        except SerdeError as error:
            raise Failure(f"error parsing challenge response: {error}") from error
        if not known:
            raise Failure("no such challenge")
        record = self._challenges.open(user.userid)
        started = self._challenges.take(record.registrations, challenge)
        credential = webauthn.register(self._settings, challenge, started["state"], answer)
        others = entries.of(user, "webauthn", enabled=False)
        if any(entry.data["cred_id"] == credential["cred_id"] for entry in others):
            raise Failure("credential id already present")
        self._challenges.save(user.userid, record)
        return TfaEntry(
            self._sources.uuid(),
            "webauthn",
            started["description"],
            self._challenges.now(),
            data=credential,
        )
