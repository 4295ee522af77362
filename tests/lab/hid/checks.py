"""What the program makes of real /dev/hidraw nodes. Runs as root in the virtual machine of `vm`.

Behind every node is a software key at /dev/uhid. Each check says one line: `ok NAME: what was
measured`, or `failed NAME: why`; test_hid.py makes a test of each.
"""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from pve_auth_tui.adapters.keys.hidraw import HidrawBus
from pve_auth_tui.adapters.keys.usb import UsbKeys
from pve_auth_tui.core.keys import Finger, Phase, PinAsked, PinState, Scan, ScanState
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.ports import SecurityKey
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.tfafile import encode_base64url
from pve_auth_tui.simnode.softkey.authenticator import SoftKey
from pve_auth_tui.simnode.softkey.credential import Credential
from pve_auth_tui.simnode.softkey.script import Script
from pve_auth_tui.simnode.softkey.uhid import UhidDevice, UhidKey

PIN = "123456"
NOBODY = 65534
PATIENCE = 60.0
RP = "example.com"
ORIGIN = "https://pve1.example.com:8006"
# Three buttons and two axes (Device Class Definition for HID 1.11, E.10).
MOUSE = bytes.fromhex(
    "05010902a1010901a1000509190129031500250195037501810295017505810105010930"
    "09311581257f750895028106c0c0"
)
CHECKS: dict[str, Callable[[], str]] = {}


def check(call: Callable[[], str]) -> Callable[[], str]:
    """One that is run; its name is its function's."""
    CHECKS[call.__name__] = call
    return call


class Hands:
    """Somebody who knows the PIN, and gives up when told to."""

    def __init__(self, pin: str = PIN) -> None:
        self._pin = pin
        self.phases: list[Phase] = []
        self.reached = threading.Event()
        self.gone = threading.Event()

    def waits(self, phase: Phase, seconds: float = 0.0) -> None:
        self.phases.append(phase)
        if phase is Phase.TOUCH:
            self.reached.set()

    def pin(self, asked: PinAsked) -> Secret | None:
        return Secret(self._pin)

    def given_up(self) -> bool:
        return self.gone.is_set()


def keys() -> UsbKeys:
    return UsbKeys(HidrawBus())


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("it never came true")
        time.sleep(0.02)


@contextmanager
def plugged(*several: SoftKey) -> Iterator[list[UhidKey]]:
    """Real devices, until the end of the check."""
    ports = [UhidKey(each) for each in several]
    try:
        until(lambda: len(keys().scan().keys) == len(ports))
        yield ports
    finally:
        for port in ports:
            port.unplug()
        until(lambda: not keys().scan().keys)


@contextmanager
def mouse() -> Iterator[None]:
    """A HID device that is no key."""
    device = UhidDevice("Lab mouse", "", MOUSE, lambda report: None)
    try:
        until(lambda: keys().scan().others > 0)
        yield
    finally:
        device.pull()
        until(lambda: keys().scan().others == 0)


def a_key(**parts: Any) -> SoftKey:
    parts.setdefault("script", Script(touch_delay=0.1))
    return SoftKey(**{"product": "Lab key", "serial": "lab-1", **parts})


@contextmanager
def opened(path: str | None = None) -> Iterator[SecurityKey]:
    """The one at a path, or the first one."""
    key = keys().open(path or keys().scan().keys[0].path)
    try:
        yield key
    finally:
        key.close()


def creation(*excluded: bytes) -> Mapping[str, Any]:
    """PVE's first answer (reference/fido.md 2.2)."""
    return {
        "rp": {"id": RP, "name": "rack"},
        "user": {"id": "dXNlcg", "name": "ann@pve", "displayName": "ann@pve"},
        "challenge": encode_base64url(b"c" * 32),
        "pubKeyCredParams": [{"type": "public-key", "alg": alg} for alg in (-7, -257)],
        "timeout": 60000,
        "attestation": "none",
        "authenticatorSelection": {"requireResidentKey": False, "userVerification": "discouraged"},
        "excludeCredentials": _descriptors(*excluded),
    }


def request(*allowed: bytes) -> Mapping[str, Any]:
    """What a login's challenge asks."""
    return {
        "challenge": encode_base64url(b"d" * 32),
        "timeout": 60000,
        "rpId": RP,
        "allowCredentials": _descriptors(*allowed),
        "userVerification": "discouraged",
    }


def _descriptors(*names: bytes) -> list[dict[str, str]]:
    return [{"type": "public-key", "id": encode_base64url(name)} for name in names]


def trouble(call: Callable[[], object]) -> Kind:
    """What it fails with."""
    try:
        call()
    except KeyTrouble as error:
        return error.kind
    raise AssertionError("it did not fail")


def equal(found: object, wanted: object) -> None:
    if found != wanted:
        raise AssertionError(f"{found!r} instead of {wanted!r}")


# --- what is plugged in ---------------------------------------------------------------


@check
def nothing_is_plugged_in() -> str:
    equal(keys().scan(), Scan(ScanState.NOTHING, machine="kvm"))
    return ""


@check
def a_mouse_is_no_key() -> str:
    with mouse():
        equal(keys().scan(), Scan(ScanState.NO_KEY, others=1, machine="kvm"))
    return ""


@check
def several_keys_and_a_mouse_are_told_apart() -> str:
    with mouse(), plugged(a_key(), a_key(product="Other key", serial=None)):
        scan = keys().scan()
        equal(scan.state, ScanState.FOUND)
        names = [(key.product, key.serial, key.vendor_id, key.product_id) for key in scan.keys]
        equal(names, [("Lab key", "lab-1", 0x1209, 0xF1D0), ("Other key", "", 0x1209, 0xF1D0)])
        equal((len(set(scan.keys)), scan.others, scan.denied), (2, 1, ()))
        return ", ".join(key.path for key in scan.keys)


@check
def eight_devices_are_looked_at() -> str:
    with plugged(*(a_key(serial=f"lab-{number}") for number in range(8))):
        begun = time.monotonic()
        equal(len(keys().scan().keys), 8)
        return f"{(time.monotonic() - begun) * 1000:.0f} ms"


@check
def a_key_that_is_pulled_is_gone_at_the_next_look() -> str:
    with plugged(a_key()) as [port]:
        equal(keys().scan().state, ScanState.FOUND)
        port.unplug()
        begun = time.monotonic()
        until(lambda: keys().scan().state is ScanState.NOTHING)
        return f"{(time.monotonic() - begun) * 1000:.0f} ms"


@check
def nobody_else_than_root_may_open_a_key() -> str:
    with plugged(a_key()):
        [place] = keys().scan().keys
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            scan = keys().scan()
            said = f"{scan.state.name} {scan.keys} {scan.denied} "
            os.write(writer, (said + trouble(lambda: keys().open(place.path)).name).encode())
            os._exit(0)
        os.close(writer)
        said = os.read(reader, 1000).decode()
        os.waitpid(child, 0)
        os.close(reader)
        equal(said, f"DENIED () ('{place.path}',) NOT_ALLOWED")
    return ""


# --- work with a key ------------------------------------------------------------------


@check
def a_key_tells_what_it_is() -> str:
    with plugged(a_key(pin=PIN, builtin_uv=True)), opened() as key:
        key.info()  # imports what it needs
        begun = time.monotonic()
        info = key.info()
        took = time.monotonic() - begun
        equal((info.pin, info.finger, info.pin_tries), (PinState.SET, Finger.ENROLLED, 8))
        equal(info.versions, ("U2F_V2", "FIDO_2_0", "FIDO_2_1"))
        return f"{took * 1000:.0f} ms"


def _all_of_it(key: SoftKey, phases: list[Phase]) -> str:
    """Registers, is known, is refused, signs."""
    with plugged(key), opened() as device:
        hands = Hands()
        begun = time.monotonic()
        made = device.register(creation(), ORIGIN, hands)
        took = time.monotonic() - begun
        equal([phase for phase in dict.fromkeys(hands.phases) if phase in phases], phases)
        equal(list(key.credentials), [made.credential])
        stranger = b"x" * 64
        equal(device.holding(RP, [stranger, made.credential]), frozenset([made.credential]))
        equal(
            trouble(lambda: device.register(creation(made.credential), ORIGIN, Hands())),
            Kind.ALREADY,
        )
        equal(trouble(lambda: device.sign(request(stranger), ORIGIN, Hands())), Kind.NOT_THIS_KEY)
        signed = device.sign(request(stranger, made.credential), ORIGIN, Hands())
        equal(signed.credential, made.credential)
        data = signed.data + hashlib.sha256(signed.client).digest()
        _verify(key.credentials[made.credential], signed.signature, data)
        equal([line for line in key.log if line.startswith("bug:")], [])
        return f"registered in {took * 1000:.0f} ms"


def _verify(held: Credential, signature: bytes, data: bytes) -> None:
    public = held.key.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    public.verify(signature, data, ec.ECDSA(SHA256()))


@check
def a_key_with_a_pin_registers_and_signs() -> str:
    return _all_of_it(a_key(pin=PIN, make_cred_uv_not_rqd=False), [Phase.PIN, Phase.TOUCH])


@check
def an_older_key_with_a_pin_registers_and_signs() -> str:
    return _all_of_it(
        a_key(pin=PIN, versions=("FIDO_2_0",), pin_protocols=(1,)), [Phase.PIN, Phase.TOUCH]
    )


@check
def a_key_with_a_finger_registers_and_signs() -> str:
    return _all_of_it(a_key(builtin_uv=True, make_cred_uv_not_rqd=False), [Phase.FINGER])


@check
def a_u2f_key_registers_and_signs() -> str:
    return _all_of_it(a_key(versions=("U2F_V2",)), [Phase.TOUCH])


@check
def a_pin_is_set_and_changed() -> str:
    with plugged(a_key()), opened() as key:
        key.set_pin(Secret(PIN))
        equal(key.info().pin, PinState.SET)
        equal(trouble(lambda: key.set_pin(Secret("654321"), Secret("000000"))), Kind.PIN_WRONG)
        key.set_pin(Secret("654321"), Secret(PIN))
        equal(key.info().pin_tries, 8)
    return ""


@check
def giving_up_ends_the_wait_for_a_touch() -> str:
    hands, told = Hands(), []
    with plugged(a_key(script=Script(touch="manual"))), opened() as key:
        waiting = _in_background(
            lambda: told.append(trouble(lambda: key.register(creation(), ORIGIN, hands)))
        )
        hands.reached.wait(PATIENCE)
        begun = time.monotonic()
        hands.gone.set()
        waiting.join(PATIENCE)
        took = time.monotonic() - begun
        equal(told, [Kind.CANCELLED])
        equal(key.info().is_ctap2, True)  # and the key is free again
        return f"{took * 1000:.0f} ms"


@check
def a_key_that_is_pulled_during_the_touch_says_so() -> str:
    hands, told = Hands(), []
    with plugged(a_key(script=Script(touch="manual"))) as [port], opened() as key:
        waiting = _in_background(
            lambda: told.append(trouble(lambda: key.register(creation(), ORIGIN, hands)))
        )
        hands.reached.wait(PATIENCE)
        begun = time.monotonic()
        port.unplug()
        waiting.join(PATIENCE)
        took = time.monotonic() - begun
        equal(told, [Kind.UNPLUGGED])
        equal(trouble(key.info), Kind.UNPLUGGED)
        return f"{took * 1000:.0f} ms"


@check
def a_key_that_hangs_is_given_up() -> str:
    with plugged(a_key(script=Script(hang_at="touch"))), opened() as key:
        begun = time.monotonic()
        equal(trouble(lambda: key.register(creation(), ORIGIN, Hands())), Kind.SILENT)
        return f"{time.monotonic() - begun:.1f} s"


@check
def two_programs_at_one_key_do_not_disturb_each_other() -> str:
    key, hands, made = a_key(script=Script(touch="manual")), Hands(), []
    with plugged(key), opened() as one, opened() as other:
        waiting = _in_background(
            lambda: made.append(one.register(creation(), ORIGIN, hands).credential)
        )
        hands.reached.wait(PATIENCE)
        begun = time.monotonic()
        equal(trouble(lambda: other.register(creation(), ORIGIN, Hands())), Kind.BUSY)
        took = time.monotonic() - begun
        key.press()
        waiting.join(PATIENCE)
        equal(made, list(key.credentials))
        equal(other.info().is_ctap2, True)
        return f"busy after {took * 1000:.0f} ms"


@check
def of_two_keys_the_touched_one_is_chosen() -> str:
    first = a_key(script=Script(touch="manual"))
    second = a_key(script=Script(touch="manual"), serial="lab-2")
    with plugged(first, second):
        paths = {place.serial: place.path for place in keys().scan().keys}
        chosen: list[str] = []
        waiting = _in_background(
            lambda: chosen.append(keys().touched(tuple(paths.values()), Hands()))
        )
        until(lambda: all(any("touch-wait" in line for line in k.log) for k in (first, second)))
        second.press()
        waiting.join(PATIENCE)
        equal(chosen, [paths["lab-2"]])
        until(lambda: "cancelled" in first.log)
    return ""


# --- the software key, read by somebody else ------------------------------------------


def _by_libfido2(**parts: Any) -> str:
    """A key registers and signs for fido2-tools, which is libfido2: written by others, in C."""
    with plugged(a_key(**parts)):
        [place] = keys().scan().keys
        shown = _run("fido2-token", "-L")
        equal(shown.startswith(f"{place.path}: vendor=0x1209, product=0xf1d0"), True)
        challenge, user = base64.b64encode(b"c" * 32).decode(), base64.b64encode(b"user").decode()
        made = _run("fido2-cred", "-M", place.path, said=f"{challenge}\n{RP}\nann\n{user}\n")
        name, public = _run("fido2-cred", "-V", said=made).split("\n", 1)
        asked = f"{challenge}\n{RP}\n{name}\n"
        signed = _run("fido2-assert", "-G", place.path, said=asked)
        file = Path("/run/public.pem")
        file.write_text(public)
        _run("fido2-assert", "-V", str(file), "es256", said=signed)
    return ""


def _run(*argv: str, said: str = "") -> str:
    done = subprocess.run(
        argv, input=said, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    if done.returncode != 0:
        raise AssertionError(f"{argv} ends with {done.returncode}: {done.stderr}")
    return done.stdout


@check
def libfido2_takes_the_software_key() -> str:
    return _by_libfido2()


@check
def libfido2_takes_an_older_software_key() -> str:
    return _by_libfido2(versions=("FIDO_2_0",), attestation="self")


@check
def libfido2_takes_a_u2f_software_key() -> str:
    return _by_libfido2(versions=("U2F_V2",))


def _in_background(call: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    return thread


def main() -> int:
    """All of them, one line each."""
    for name, call in CHECKS.items():
        begun = time.monotonic()
        try:
            measured = call()
        except Exception as error:  # noqa: BLE001 - it is said, and the next one is tried
            traceback.print_exc()
            print(f"failed {name}: {type(error).__name__}: {error}".replace("\n", " "))
        else:
            print(f"ok {name}: {measured or f'{time.monotonic() - begun:.1f} s'}")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
