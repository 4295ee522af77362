"""The second factor of a login: asked for, checked, demanded by a realm.

Source: PVE::AccessControl 9.1.1 (authenticate_2nd_new, user_get_tfa, add_old_keys_to_realm_tfa).
"""

from __future__ import annotations

import json
import re
from base64 import b32decode, b32encode
from binascii import Error as NotBase32
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Final
from urllib.parse import quote

from pve_auth_tui.core import propertystring, schema
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.perltext import split_list
from pve_auth_tui.core.tfaconfig import TfaConfig, TfaEntry, write_tfa
from pve_auth_tui.simnode.node import SimNode
from pve_auth_tui.simnode.tfa import entries, recovery
from pve_auth_tui.simnode.tfa.engine import TfaEngine
from pve_auth_tui.simnode.tfa.settings import WebauthnSettings, configured

FILE: Final = "priv/tfa.cfg"
_MARK: Final = re.compile(r"x(?:!.*)")  # without the rest, PVE takes `x` for a key of old
_RESPONSE: Final = re.compile(r"([^:]+):")
_OLD_HEX: Final = re.compile(r"v2-0x([0-9a-fA-F]+)|([A-Fa-f0-9]{40})")
_OLD_BASE32: Final = re.compile(r"v2-([A-Z2-7=]+)|([A-Z2-7=]{16})")


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
        name = userid.rpartition("@")[2]
        realm = node.state.realms.realms.get(name)
        if realm is None:
            raise ApiError(500, f"auth domain '{name}' does not exist\n")
        self._demand = _demand(realm)
        keys = node.state.access.users[userid].keys
        self._config = node.state.tfa
        if self._demand and keys is not None and not _MARK.fullmatch(keys):
            self._config = self._with_old_keys(keys)

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

    def _with_old_keys(self, keys: str) -> TfaConfig:
        """What user.cfg held before there was a tfa.cfg counts where the realm says how."""
        user = entries.user_or_new(self._config, self._userid)
        for entry in self._old_keys(split_list(keys)):
            user = entries.added(user, entry)
        return entries.with_users(self._config, [user]) if user.entries else self._config

    def _old_keys(self, keys: list[str]) -> Iterator[TfaEntry]:
        created, demand = int(self._node.sources.now()), self._demand
        kind = demand.get("type", "")
        texts = keys if kind == "yubico" else [secret for key in keys if (secret := _secret(key))]
        for number, text in enumerate(texts):
            named = (self._node.sources.uuid(), f"<old userconfig key {number}>", created)
            if kind == "yubico":
                yield TfaEntry(named[0], "yubico", *named[1:], data=text)
            elif kind == "oath":
                account = quote(f"Old key for {self._userid}", safe="")
                digits, step = demand.get("digits") or 6, demand.get("step") or 30
                uri = (
                    f"otpauth://totp/Proxmox%20VE:{account}?digits={digits}&period={step}"
                    f"&algorithm=SHA1&secret={text}"
                )
                yield TfaEntry(named[0], "totp", *named[1:], data=uri)


def _demand(realm: Realm) -> dict[str, str]:
    """What a realm demands: `type`, and how its keys of old are meant."""
    text = realm.options.get("tfa", "")
    try:
        return propertystring.split(text, schema.REALM_TFA) if text else {}
    except propertystring.Malformed as error:
        raise ApiError(500, str(error)) from error


def _secret(key: str) -> str:
    """An old TOTP secret as base32 without padding; "" for what is none."""
    try:
        if found := _OLD_HEX.fullmatch(key):
            data = bytes.fromhex(found[1] or found[2])
        elif found := _OLD_BASE32.fullmatch(key):
            text = (found[1] or found[2]).rstrip("=")
            data = b32decode(text + "=" * (-len(text) % 8))
        else:
            return ""
    except (ValueError, NotBase32):
        return ""
    return b32encode(data).decode().rstrip("=")
