"""The key itself: CTAP2's commands (CTAP 2.1, 6) on what it holds."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from pve_auth_tui.simnode.softkey.creation import algorithms_wanted, attested, extensions
from pve_auth_tui.simnode.softkey.credential import (
    AAGUID,
    EDDSA,
    ES256,
    Credential,
    Make,
    new_private,
    rp_hash,
)
from pve_auth_tui.simnode.softkey.encoding import decode_arguments, encode, given, needed
from pve_auth_tui.simnode.softkey.person import PROCESSING, Operation, Person
from pve_auth_tui.simnode.softkey.pin import GET, MAKE, MOST_FINGERS, PinDesk
from pve_auth_tui.simnode.softkey.script import Script
from pve_auth_tui.simnode.softkey.status import Refusal, Status

_UP, _UV, _ATTESTED, _EXTENDED = 0x01, 0x04, 0x40, 0x80  # WebAuthn 6.1
_ID_SIZE: Final = 64


class SoftKey:
    """A key and its owner. What happened is in `log`, one word a line.

    `builtin_uv`: None has no sensor, True has a finger enrolled, False none yet; `bad_fingers` of
    them are not recognised. `attestation`: `packed`, `self`, `none` or `fido-u2f`. `algs` are
    COSE's numbers: -7 (ES256) and -8 (EdDSA). `make_cred_uv_not_rqd`: enrolling does not ask for
    the PIN. `must_change_pin`: it takes nothing before another PIN.
    """

    def __init__(
        self,
        *,
        versions: Sequence[str] = ("U2F_V2", "FIDO_2_0", "FIDO_2_1"),
        pin: str | None = None,
        pin_protocols: Sequence[int] = (2, 1),
        pin_retries: int = 8,
        attestation: str = "packed",
        make_cred_uv_not_rqd: bool = True,
        always_uv: bool = False,
        builtin_uv: bool | None = None,
        bad_fingers: int = 0,
        max_resident: int = 25,
        algs: Sequence[int] = (ES256, EDDSA),
        counter_start: int = 1,
        counter_step: int = 1,
        min_pin: int = 4,
        must_change_pin: bool = False,
        product: str = "Software key",
        serial: str | None = "soft-0001",
        script: Script | None = None,
    ) -> None:
        self.versions = tuple(versions)
        self.attestation = attestation
        self.make_cred_uv_not_rqd = make_cred_uv_not_rqd
        self.always_uv = always_uv
        self.builtin_uv = builtin_uv
        self.bad_fingers = bad_fingers
        self.max_resident = max_resident
        self.algorithms = tuple(algs)
        self.counter = counter_start
        self.counter_step = counter_step
        self.product, self.serial = product, serial
        self.credentials: dict[bytes, Credential] = {}
        self.log: list[str] = []
        self.make = Make()
        self.person = Person(script or Script(), self.log)
        self.pin = PinDesk(
            pin=pin,
            protocols=tuple(pin_protocols),
            tries=pin_retries,
            shortest=min_pin,
            new=self._is_21,
        )
        self.pin.must_change = must_change_pin
        self._commands: Mapping[int, Callable[[Operation, Mapping[Any, Any]], Any]] = {
            0x01: self._make_credential,
            0x02: self._get_assertion,
            0x04: lambda operation, arguments: self.info(),
            0x06: self._client_pin,
            0x07: self._reset,
            0x0B: self._selection,
        }

    @property
    def script(self) -> Script:
        """How its owner and its hardware behave; may be changed at any time."""
        return self.person.script

    @property
    def has_ctap2(self) -> bool:
        """False for one that speaks U2F alone."""
        return any(version.startswith("FIDO_2") for version in self.versions)

    @property
    def has_u2f(self) -> bool:
        """Whether it speaks U2F, too."""
        return "U2F_V2" in self.versions

    @property
    def _is_21(self) -> bool:
        return "FIDO_2_1" in self.versions

    def press(self) -> None:
        """Touch it, for a script whose touches are `manual`."""
        self.person.press()

    def replug(self) -> None:
        """Lose power and get it again: three wrong PINs in a row are forgiven."""
        self.pin.power_cycle()
        self.person.leave()

    def put(self, credential: Credential) -> None:
        """Have it hold this one."""
        self.credentials[credential.id] = credential

    def cbor(self, operation: Operation, request: bytes) -> bytes:
        """One CTAPHID_CBOR request: command and parameters, to status and answer.

        Raises Unplugged.
        """
        if not self.has_ctap2:
            return bytes([Status.INVALID_COMMAND])
        if not request:
            return bytes([Status.INVALID_LENGTH])
        command = request[0]
        self.log.append(f"cbor:{command:#04x}")
        operation.point(f"cbor:{command}")
        forced = self.script.force_status.get(command)
        if forced is not None:
            return bytes([forced])
        if command not in self._commands:
            return bytes([Status.INVALID_COMMAND])
        try:
            result = self._commands[command](operation, decode_arguments(request[1:]))
        except Refusal as refusal:
            self.log.append(f"status:{refusal.status:#04x}")
            return bytes([refusal.status])
        return b"\0" + (encode(result) if result is not None else b"")

    def info(self) -> dict[int, Any]:
        """authenticatorGetInfo (6.4)."""
        options = {"rk": True, "up": True, "plat": False}
        if self.pin.protocols:
            options["clientPin"] = self.pin.hash is not None
        if self.builtin_uv is not None:
            options["uv"] = self.builtin_uv
        found: dict[int, Any] = {
            1: list(self.versions),
            2: ["credProtect", "hmac-secret"],
            3: AAGUID,
            4: options,
            5: 1200,
        }
        if self.pin.protocols:
            found[6] = list(self.pin.protocols)
        if self._is_21:
            options["pinUvAuthToken"] = True
            options["makeCredUvNotRqd"] = self.make_cred_uv_not_rqd
            if self.always_uv:
                options["alwaysUv"] = True
            found[7], found[8], found[9] = 8, 128, ["usb"]
            found[10] = [{"alg": each, "type": "public-key"} for each in self.algorithms]
            found[0x0C] = self.pin.must_change
            found[0x0D], found[0x0E] = self.pin.shortest, 0x00010203
        return found

    def next_counter(self) -> int:
        """Every signature counts."""
        self.counter += self.counter_step
        return self.counter

    def new_credential(
        self,
        rp: bytes,
        algorithm: int,
        user: Mapping[str, Any] | None = None,
        *,
        resident: bool = False,
    ) -> Credential:
        """Made and held; `rp` is the hash of the relying party's id."""
        name = os.urandom(_ID_SIZE)
        credential = Credential(name, rp, new_private(algorithm), user or {}, resident)
        self.put(credential)
        return credential

    # --- commands --------------------------------------------------------------------

    def _client_pin(self, operation: Operation, arguments: Mapping[Any, Any]) -> Any:
        if not self.pin.protocols:
            raise Refusal(Status.INVALID_COMMAND)
        self.log.append(f"pin:{arguments.get(2)}")
        finger = (lambda: self._finger(operation)) if self.builtin_uv else None
        return self.pin.answer(arguments, finger)

    def _finger(self, operation: Operation) -> None:
        if self.pin.finger_tries == 0:
            raise Refusal(Status.UV_BLOCKED)
        self.person.wait(operation, "uv")
        if self.bad_fingers:
            self.bad_fingers -= 1
            self.pin.finger_tries -= 1
            raise Refusal(Status.UV_INVALID if self.pin.finger_tries else Status.UV_BLOCKED)
        self.pin.finger_tries = MOST_FINGERS

    def _selection(self, operation: Operation, arguments: Mapping[Any, Any]) -> None:
        if not self._is_21:
            raise Refusal(Status.INVALID_COMMAND)
        self.person.wait(operation, "selection")

    def _reset(self, operation: Operation, arguments: Mapping[Any, Any]) -> None:
        self.person.wait(operation, "reset")
        self.credentials.clear()
        self.pin.reset()

    def _probed(self, operation: Operation, param: bytes | None) -> None:
        if param == b"":  # "which key is meant?", in the words of CTAP 2.0
            self.person.wait(operation, "probe")
            raise Refusal(Status.PIN_INVALID if self.pin.hash else Status.PIN_NOT_SET)

    def _make_credential(self, operation: Operation, arguments: Mapping[Any, Any]) -> Any:
        client_hash = needed(arguments, 1, bytes)
        rp_id = needed(needed(arguments, 2, dict), "id", str)
        user = needed(arguments, 3, dict)
        wanted = needed(arguments, 4, list)
        options = given(arguments, 7, dict) or {}
        param = given(arguments, 8, bytes)
        self._probed(operation, param)
        algorithm = next(filter(self.algorithms.__contains__, algorithms_wanted(wanted)), None)
        if algorithm is None:
            raise Refusal(Status.UNSUPPORTED_ALGORITHM)
        if options.get("up") is False:
            raise Refusal(Status.INVALID_OPTION)
        protocol = given(arguments, 9, int)
        verified = self.pin.verified(param, protocol, client_hash, MAKE, rp_id)
        by_finger = self._verified_here(operation, options) or (verified and self.pin.is_present())
        resident = options.get("rk") is True
        self._require_verified(verified or by_finger, resident=resident)
        rp = rp_hash(rp_id)
        if any(self._held(each, rp) for each in given(arguments, 5, list) or []):
            if not by_finger:
                self.person.wait(operation, "excluded")
            raise Refusal(Status.CREDENTIAL_EXCLUDED)
        if resident and sum(e.resident for e in self.credentials.values()) >= self.max_resident:
            raise Refusal(Status.KEY_STORE_FULL)
        if not by_finger:
            self.person.wait(operation, "make")
        self.pin.used()
        operation.keepalive(PROCESSING)
        credential = self.new_credential(rp, algorithm, user, resident=resident)
        extended = extensions(given(arguments, 6, dict) or {})
        data = self._data(credential, verified or by_finger, extended)
        form, statement = attested(self.attestation, self.make, credential, data, client_hash)
        return {1: form, 2: data, 3: statement}

    def _data(self, credential: Credential, verified: bool, extended: Mapping[str, Any]) -> bytes:
        flags = _UP | _ATTESTED | verified * _UV | bool(extended) * _EXTENDED
        aaguid = bytes(16) if self.attestation == "fido-u2f" else AAGUID
        data = credential.rp_hash + struct.pack(">BI", flags, self.next_counter()) + aaguid
        data += struct.pack(">H", len(credential.id)) + credential.id + encode(credential.cose)
        return data + encode(dict(extended)) if extended else data

    def _verified_here(self, operation: Operation, options: Mapping[Any, Any]) -> bool:
        if not options.get("uv"):
            return False
        if not self.builtin_uv:
            raise Refusal(Status.INVALID_OPTION)
        self._finger(operation)
        return True

    def _require_verified(self, verified: bool, *, resident: bool) -> None:
        protected = self.pin.hash is not None or bool(self.builtin_uv)
        lax = self._is_21 and self.make_cred_uv_not_rqd and not resident
        if not verified and (self.always_uv or (protected and not lax)):
            raise Refusal(Status.PUAT_REQUIRED)

    def _held(self, descriptor: object, rp: bytes) -> Credential | None:
        if not isinstance(descriptor, dict):
            raise Refusal(Status.CBOR_UNEXPECTED_TYPE)
        found = self.credentials.get(needed(descriptor, "id", bytes))
        return found if found and found.rp_hash == rp else None

    def _get_assertion(self, operation: Operation, arguments: Mapping[Any, Any]) -> Any:
        rp_id, client_hash = needed(arguments, 1, str), needed(arguments, 2, bytes)
        allowed = given(arguments, 3, list)
        options = given(arguments, 5, dict) or {}
        param = given(arguments, 6, bytes)
        self._probed(operation, param)
        protocol = given(arguments, 7, int)
        verified = self.pin.verified(param, protocol, client_hash, GET, rp_id)
        present = options.get("up", True) is True
        by_finger = self._verified_here(operation, options) or (verified and self.pin.is_present())
        verified = verified or by_finger
        if present and not verified and self.always_uv:
            raise Refusal(Status.PUAT_REQUIRED)
        credential = self._chosen(allowed, rp_hash(rp_id))
        if present and not by_finger:
            self.person.wait(operation, "get" if credential else "nocred")
        if present:
            self.pin.used()
        if credential is None:
            raise Refusal(Status.NO_CREDENTIALS)
        counter = self.next_counter() if present else self.counter
        flags = present * _UP | verified * _UV
        data = credential.rp_hash + struct.pack(">BI", flags, counter)
        found: dict[int, Any] = {
            1: {"id": credential.id, "type": "public-key"},
            2: data,
            3: credential.sign(data + client_hash),
        }
        if credential.resident and "id" in credential.user:
            found[4] = {"id": credential.user["id"]}
        return found

    def _chosen(self, allowed: list[Any] | None, rp: bytes) -> Credential | None:
        if allowed:
            return next(filter(None, [self._held(each, rp) for each in allowed]), None)
        held = self.credentials.values()
        return next((each for each in held if each.resident and each.rp_hash == rp), None)
