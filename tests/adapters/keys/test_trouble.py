"""Everything that can go wrong is a KeyTrouble."""

from __future__ import annotations

import builtins
import errno
import struct
from collections.abc import Callable
from typing import Any

import pytest
from fido2.client import ClientError, PinRequiredError
from fido2.ctap import CtapError
from fido2.ctap1 import ApduError
from fido2.hid import ConnectionFailure

from pve_auth_tui.adapters.keys.trouble import as_trouble, clean, trouble_of
from pve_auth_tui.adapters.keys.usb import UsbKey
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.simnode.softkey.authenticator import SoftKey
from tests.adapters.keys.parts import ORIGIN, PIN, RP_ID, FakeHands, Server, ids, opened, quick

CODES = range(1, 0x100)
EVERY_ERROR = [
    value
    for value in vars(builtins).values()
    if isinstance(value, type)
    and issubclass(value, Exception)
    and not issubclass(value, UnicodeError | BaseExceptionGroup)
]


@pytest.mark.parametrize("error", EVERY_ERROR, ids=lambda error: error.__name__)
def test_every_error_of_python_is_a_trouble(error: type[Exception]) -> None:
    with pytest.raises(KeyTrouble), as_trouble():
        raise error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (struct.error("short"), Kind.KEY_ERROR),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "odd"), Kind.KEY_ERROR),
        (ConnectionFailure("Wrong channel"), Kind.KEY_ERROR),
        (ApduError(0x6985), Kind.TIMEOUT),
        (ApduError(0x6A80), Kind.NOT_THIS_KEY),
        (ApduError(0x6F00), Kind.KEY_ERROR),
        (PinRequiredError(), Kind.KEY_ERROR),
        (ClientError(ClientError.ERR.TIMEOUT), Kind.TIMEOUT),
        (ClientError(ClientError.ERR.DEVICE_INELIGIBLE), Kind.NOT_THIS_KEY),
        (ClientError(ClientError.ERR.OTHER_ERROR, ApduError(0x6D00)), Kind.KEY_ERROR),
        (ClientError(ClientError.ERR.OTHER_ERROR, CtapError(0x27)), Kind.DECLINED),
        (
            ClientError(
                ClientError.ERR.CONFIGURATION_UNSUPPORTED, "User verification not configured"
            ),
            Kind.PIN_MISSING,
        ),
        (
            ClientError(ClientError.ERR.CONFIGURATION_UNSUPPORTED, ValueError("odd")),
            Kind.KEY_ERROR,
        ),
        (ClientError(ClientError.ERR.CONFIGURATION_UNSUPPORTED), Kind.UNSUPPORTED),
        (OSError(errno.EACCES, "no"), Kind.NOT_ALLOWED),
        (OSError(errno.ENOENT, "gone"), Kind.UNPLUGGED),
        (OSError(errno.EBUSY, "used"), Kind.BUSY),
        (OSError(errno.ENOSPC, "odd"), Kind.KEY_ERROR),
        (TimeoutError(), Kind.SILENT),
    ],
    ids=repr,
)
def test_what_errors_mean(error: Exception, kind: Kind) -> None:
    assert trouble_of(error).kind is kind


def test_a_library_that_cannot_be_loaded_is_named() -> None:
    told = trouble_of(ImportError("no fido2"))
    assert "python-fido2" in str(told)
    assert told.original == "no fido2"


def test_a_foreign_text_is_one_short_line() -> None:
    assert clean("a\x1b[2J\u202eb\n\tc  d") == "a [2J b c d"
    assert len(clean("x" * 10**6)) == 200
    assert "\n" not in trouble_of(ValueError("a\nb" * 999)).original


def test_what_happened_first_is_not_shown() -> None:
    with pytest.raises(KeyTrouble) as caught, as_trouble():
        raise ValueError("secret")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


# --- every status, on every command -------------------------------------------------------


def _key(**how: Any) -> tuple[SoftKey, UsbKey]:
    software = SoftKey(script=quick(), **how)
    return software, opened(software)


def _forced(software: SoftKey, command: int, code: int, call: Callable[[], object]) -> Kind | None:
    """What came of it; None: it went well all the same."""
    software.script.force_status = {command: code}
    software.replug()
    try:
        call()
    except KeyTrouble as trouble:
        return trouble.kind
    finally:
        software.script.force_status = {}
    return None


ASKS = {"pin": PIN, "make_cred_uv_not_rqd": False, "versions": ("FIDO_2_0", "FIDO_2_1")}
FINGER = {**ASKS, "builtin_uv": True}
COMMANDS = {
    "getInfo": (4, ASKS, {}),
    "makeCredential": (1, ASKS, {}),
    "getAssertion": (2, ASKS, {0x2E: None}),
    "clientPIN": (6, ASKS, {}),
    "clientPIN for a finger": (6, FINGER, {}),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_status_is_told_when_registering(command: str) -> None:
    number, how, fine = COMMANDS[command]
    software, key = _key(**how)
    asked = Server().creation(excludeCredentials=ids(b"another"))
    for code in CODES:
        kind = _forced(
            software, number, code, lambda: key.register(asked, ORIGIN, FakeHands(*[PIN] * 9))
        )
        assert (kind is None) is (code in fine), f"0x{code:02X}: {kind}"
        assert kind not in {Kind.ORIGIN, Kind.SERVER, Kind.CANCELLED}


def test_every_status_is_told_when_signing() -> None:
    software, key = _key()
    server = Server()
    server.enrol(key.register(server.creation(), ORIGIN, FakeHands()))
    asked = server.request()
    for code in CODES:
        kind = _forced(software, 2, code, lambda: key.sign(asked, ORIGIN, FakeHands()))
        assert kind is not None, f"0x{code:02X}"


def test_every_status_is_told_when_asking_silently() -> None:
    software, key = _key(pin=PIN)
    held = key.register(Server().creation(), ORIGIN, FakeHands()).credential
    for code in CODES:
        assert _forced(software, 4, code, lambda: key.holding(RP_ID, [held])) is not None
        assert _forced(software, 2, code, lambda: key.holding(RP_ID, [held])) is None
        assert _forced(software, 6, code, key.info) is None


@pytest.mark.parametrize("number", [4, 6])
def test_every_status_is_told_when_changing_the_pin(number: int) -> None:
    software, key = _key(pin=PIN)
    for code in CODES:
        kind = _forced(software, number, code, lambda: key.set_pin(Secret("neu-1234"), Secret(PIN)))
        assert kind is not None, f"0x{code:02X}"


NAMED = {
    0x19: Kind.ALREADY,
    0x26: Kind.UNSUPPORTED,
    0x27: Kind.DECLINED,
    0x28: Kind.KEY_FULL,
    0x2D: Kind.TIMEOUT,
    0x2F: Kind.TIMEOUT,
    0x31: Kind.PIN_WRONG,
    0x32: Kind.PIN_BLOCKED,
    0x34: Kind.PIN_REPLUG,
    0x35: Kind.PIN_MISSING,
    0x36: Kind.PIN_MISSING,
    0x37: Kind.PIN_CHANGE,
    0x3A: Kind.TIMEOUT,
    0x3C: Kind.FINGER_BLOCKED,
    0x3F: Kind.FINGER_BLOCKED,
    0x06: Kind.BUSY,
    0x2E: Kind.NOT_THIS_KEY,
    0x7F: Kind.KEY_ERROR,
    0xF7: Kind.KEY_ERROR,
}


@pytest.mark.parametrize("code", NAMED, ids=hex)
def test_what_a_status_means(code: int) -> None:
    software, key = _key()
    kind = _forced(
        software, 1, code, lambda: key.register(Server().creation(), ORIGIN, FakeHands())
    )
    assert kind is NAMED[code]


@pytest.mark.parametrize("instruction", [1, 2])
def test_every_status_of_u2f_is_told(instruction: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from pve_auth_tui.simnode.softkey import framing

    _, key = _key(versions=("U2F_V2",))
    server = Server()
    server.enrol(key.register(server.creation(), ORIGIN, FakeHands()))
    plain = framing.u2f.answer
    answers = {"code": 0}

    def answer(key: SoftKey, operation: Any, apdu: bytes) -> bytes:
        if apdu[1] == instruction:
            return struct.pack(">H", answers["code"])
        return plain(key, operation, apdu)

    monkeypatch.setattr(framing.u2f, "answer", answer)
    hands = FakeHands(gives_up=lambda hands: len(hands.phases) > 1)
    for code in (0x6700, 0x6984, 0x6985, 0x6A80, 0x6D00, 0x6E00, 0x6F00, 0x0000, 0x9000, 0xFFFF):
        answers["code"] = code
        hands.phases.clear()
        if instruction == 1:
            with pytest.raises(KeyTrouble):
                key.register(Server().creation(), ORIGIN, hands)
        hands.phases.clear()
        if instruction == 2:
            with pytest.raises(KeyTrouble):
                key.sign(server.request(), ORIGIN, hands)
