"""The second factor of a login: asked for, checked, demanded by a realm.

Source: PVE::AccessControl 9.1.1 (authenticate_2nd_new, user_get_tfa).
"""

from __future__ import annotations

import json
import re
from contextlib import nullcontext
from typing import Final

from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.tfaconfig import write_tfa
from pve_auth_tui.simnode.accounts import realm_of
from pve_auth_tui.simnode.node import SimNode
from pve_auth_tui.simnode.tfa import entries, recovery
from pve_auth_tui.simnode.tfa.engine import TfaEngine
from pve_auth_tui.simnode.tfa.oldkeys import demand, with_old_keys
from pve_auth_tui.simnode.tfa.settings import WebauthnSettings, configured

FILE: Final = "priv/tfa.cfg"
_MARK: Final = re.compile(r"x(?:!.*)")  # without the rest, PVE takes `x` for a key of old
_RESPONSE: Final = re.compile(r"([^:]+):")


def second_factor(
    node: SimNode, userid: str, response: str | None, half_ticket: str | None, host: str
) -> str | None:
    """The challenge (JSON) that is to be answered; None when nothing more is asked for.

    `response` is `totp:123456` and the like, `half_ticket` the ticket with the challenge that
    it answers. Raises ApiError with the reason when the answer is not good enough.
    """
    by_recovery = response is not None and response.startswith("recovery:")
    with node.state.change("priv_tfa_cfg") if by_recovery else nullcontext():
        attempt = _Attempt(node, userid, host)
        try:
            return attempt.challenge(response, half_ticket)
        finally:
            node.journal.extend(attempt.engine.log)


class _Attempt:
    """One call of a login, with the configuration as it was read for it."""

    def __init__(self, node: SimNode, userid: str, host: str) -> None:
        self._node = node
        self._userid = userid
        self._host = host
        self.engine = TfaEngine(node.sources, node.disk)
        self._demand = demand(realm_of(node, userid))
        keys = node.state.access.users[userid].keys
        self._config = node.state.tfa
        if self._demand and keys is not None and not _MARK.fullmatch(keys):
            self._config = with_old_keys(self._config, userid, keys, self._demand, node.sources)

    def challenge(self, response: str | None, half_ticket: str | None) -> str | None:
        """As `second_factor` says."""
        kind = self._demand.get("type", "").replace("oath", "totp")
        if kind == "yubico" and half_ticket is None:
            return self._yubico_challenge()
        if kind:
            self._require(kind, response)
        settings = configured(self._node.state.datacenter, self._host)
        if half_ticket is not None:
            asked = self._node.tickets.challenge_of(half_ticket, self._userid)
            self._verify(asked, response or "", settings)
            return None
        challenge = self.engine.login_challenge(self._config, self._userid, settings)
        if self._demand and challenge is None:
            raise ApiError(500, "missing required 2nd keys\n")
        if response is not None:
            if challenge is None:
                raise ApiError(500, "no such challenge\n")
            self._verify(challenge, response, settings)
        return challenge  # PVE asks on even after a right answer in the first call

    def _require(self, kind: str, response: str | None) -> None:
        if response is None:
            return
        given = _RESPONSE.match(response)
        if given is None:
            raise ApiError(500, "bad otp response\n")
        if kind == given[1] == "yubico":
            raise ApiError(500, "a simulated node asks no Yubico server\n")
        if given[1] not in ("recovery", kind):
            raise ApiError(500, f"realm requires {kind} authentication\n")

    def _yubico_challenge(self) -> str:
        """Asked for whether there is a key or not; recovery keys are as good."""
        asked: dict[str, object] = {"yubico": True}
        user = self._config.users.get(self._userid)
        for entry in entries.of(user, "recovery") if user else ():
            asked["recovery"] = recovery.unused(entry.data)
        return json.dumps(asked, separators=(",", ":"))

    def _verify(self, challenge: str, response: str, settings: WebauthnSettings | None) -> None:
        """What has changed is written, also when the answer was wrong."""
        verdict = self.engine.verify(self._config, self._userid, challenge, response, settings)
        if verdict.needs_saving:
            self._node.state.put(FILE, write_tfa(verdict.config))
        if verdict.totp_limit:
            raise ApiError(500, "failed 2nd factor: TOTP limit reached, locked\n")
        if verdict.tfa_limit:
            raise ApiError(500, "failed 1nd factor: TFA limit reached, user locked out\n")
        if not verdict.result:
            raise ApiError(500, "failed 2nd factor\n")
