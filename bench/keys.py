"""Security keys: the look at what is plugged in, and how soon a waiting key is left alone."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Final

from bench.results import Result
from pve_auth_tui.adapters.keys.hidraw import HidrawBus
from pve_auth_tui.adapters.keys.usb import UsbKeys
from pve_auth_tui.core.keys import Phase, PinAsked, ScanState
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.simnode.softbus import SoftBus
from pve_auth_tui.simnode.softkey.authenticator import SoftKey
from pve_auth_tui.simnode.softkey.script import Script

_DEVICES: Final = 8
_TIMES: Final = 5
# A key's report descriptor, CTAP 2.1, 11.2.8.2.
_KEY: Final = bytes.fromhex(
    "06d0f1 0901 a101 0920 1500 26ff00 7508 9540 8102 0921 1500 26ff00 7508 9540 9102 c0"
)
_ID, _ORIGIN = "pve1.example.com", "https://pve1.example.com:8006"
_OPTIONS: Final = {
    "rp": {"id": _ID, "name": "PVE"},
    "user": {"id": "AAAA", "name": "root@pam", "displayName": "root@pam"},
    "challenge": "A" * 43,
    "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
    "timeout": 60_000,
}


def measure() -> Sequence[Result]:
    return [_scan(), *(_cancel(versions) for versions in (("FIDO_2_0", "FIDO_2_1"), ("U2F_V2",)))]


def _scan() -> Result:
    """Files as the kernel shows them, all of them keys, so that all of them are opened."""
    with tempfile.TemporaryDirectory() as folder:
        dev, sysfs = Path(folder, "dev"), Path(folder, "sys")
        dev.mkdir()
        for number in range(_DEVICES):
            device = sysfs / f"hidraw{number}" / "device"
            device.mkdir(parents=True)
            (device / "report_descriptor").write_bytes(_KEY)
            (device / "uevent").write_text("HID_ID=0003:00001209:0000F1D0\nHID_NAME=Key\n")
            (dev / f"hidraw{number}").touch()
        keys = UsbKeys(HidrawBus(str(dev), str(sysfs)))
        taken = []
        for _ in range(_TIMES):
            start = time.perf_counter()
            scan = keys.scan()
            taken.append(time.perf_counter() - start)
            if scan.state is not ScanState.FOUND or len(scan.keys) != _DEVICES:
                raise AssertionError(f"{len(scan.keys)} keys were found")
    return Result("scan of HID devices", median(taken), "s", 0.3, f"{_DEVICES} keys")


def _cancel(versions: tuple[str, ...]) -> Result:
    """From giving up, while the key waits for a touch, until the call comes back."""
    bus = SoftBus()
    path = bus.plug(SoftKey(versions=versions, script=Script(touch="manual")))
    key = UsbKeys(bus).open(path)
    taken = []
    for _ in range(_TIMES):
        hands = _Leaves()
        try:
            key.register(_OPTIONS, _ORIGIN, hands)
        except KeyTrouble as trouble:
            if trouble.kind is not Kind.CANCELLED:
                raise
        taken.append(time.perf_counter() - hands.left_at)
    key.close()
    return Result("giving up at a key", max(taken), "s", 1.0, versions[-1])


class _Leaves:
    """Gives up half a second after the key begins to wait."""

    def __init__(self) -> None:
        self.left_at = 0.0

    def waits(self, phase: Phase, seconds: float = 0.0) -> None:
        if phase is Phase.TOUCH and not self.left_at:
            self.left_at = time.perf_counter() + 0.5

    def pin(self, asked: PinAsked) -> Secret | None:
        return None

    def given_up(self) -> bool:
        return bool(self.left_at) and time.perf_counter() >= self.left_at
