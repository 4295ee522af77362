"""Several keys: the touched one is meant."""

from __future__ import annotations

import pytest

from pve_auth_tui.adapters.keys.usb import UsbKeys
from pve_auth_tui.core.keys import Phase
from pve_auth_tui.core.keytrouble import Kind
from pve_auth_tui.simnode.softkey.authenticator import SoftKey
from pve_auth_tui.simnode.softkey.script import Script
from tests.adapters.keys.parts import PIN, QUICK, FakeHands, kind_of, plugged


def patient(**how: object) -> SoftKey:
    return SoftKey(script=Script(touch="manual", keepalive=0.02), **how)  # type: ignore[arg-type]


KEYS = {
    "CTAP2.1": {},
    "CTAP2.1 with PIN": {"pin": PIN},
    "U2F": {"versions": ("U2F_V2",)},
    "CTAP2.0": {"versions": ("FIDO_2_0",)},
    "CTAP2.0 with PIN": {"versions": ("FIDO_2_0",), "pin": PIN},
    "CTAP2.0 always UV": {"versions": ("FIDO_2_0",), "pin": PIN, "always_uv": True},
}


def blinks(software: SoftKey) -> bool:
    return any(line.startswith("touch-wait") for line in software.log)


@pytest.mark.parametrize("meant", KEYS)
def test_the_touched_key_is_meant_and_the_others_stop(meant: str) -> None:
    all_of_them = {name: patient(**how) for name, how in KEYS.items()}
    bus, paths = plugged(*all_of_them.values())

    def press(hands: FakeHands) -> bool:
        if all(blinks(one) for one in all_of_them.values()):
            all_of_them[meant].press()
        return False

    hands = FakeHands(gives_up=press)
    path = UsbKeys(bus, QUICK).touched(paths, hands)
    assert bus.key_at(path) is all_of_them[meant]
    assert hands.phases == [Phase.TOUCH]
    for name, software in all_of_them.items():
        if name != meant and software.has_ctap2:
            assert "cancelled" in software.log
        assert "cbor:0x07" not in software.log
        assert not software.credentials or not software.has_ctap2


def test_giving_up_stops_them_all() -> None:
    keys = [patient(), patient(versions=("FIDO_2_0",))]
    bus, paths = plugged(*keys)
    hands = FakeHands(gives_up=lambda _: all(map(blinks, keys)))
    assert kind_of(UsbKeys(bus, QUICK).touched, paths, hands) is Kind.CANCELLED
    assert all("cancelled" in one.log for one in keys)


def test_a_dead_or_pulled_key_does_not_keep_the_others_from_being_touched() -> None:
    hangs = SoftKey(script=Script(hang_at="init"))
    pulled = SoftKey(script=Script(unplug_at="touch"))
    alive = SoftKey(script=Script(touch_delay=0.3))
    bus, paths = plugged(hangs, pulled, alive)
    path = UsbKeys(bus, 5.0).touched([*paths, "/dev/hidraw99"], FakeHands())
    assert path == paths[2]


def test_where_none_is_left_the_last_trouble_is_told() -> None:
    bus, paths = plugged(SoftKey(script=Script(unplug_at="touch")))
    assert kind_of(UsbKeys(bus, QUICK).touched, paths, FakeHands()) is Kind.UNPLUGGED
    assert kind_of(UsbKeys(bus, QUICK).touched, [], FakeHands()) is Kind.UNPLUGGED
    denied, paths = plugged(SoftKey())
    denied.denied.update(paths)
    assert kind_of(UsbKeys(denied, QUICK).touched, paths, FakeHands()) is Kind.NOT_ALLOWED


@pytest.mark.parametrize("versions", [("FIDO_2_0", "FIDO_2_1"), ("FIDO_2_0",)])
def test_a_key_that_stops_blinking_by_itself_begins_again(versions: tuple[str, ...]) -> None:
    software = SoftKey(
        versions=versions, script=Script(touch="manual", touch_timeout=0.05, keepalive=0.01)
    )
    bus, [path] = plugged(software)

    def press(hands: FakeHands) -> bool:
        if software.log.count("touch-timeout") > 1:
            software.press()
        return False

    assert UsbKeys(bus, QUICK).touched([path], FakeHands(gives_up=press)) == path


def test_every_status_of_a_selection_is_told() -> None:
    software = SoftKey(script=Script(touch_delay=0.0))
    bus, [path] = plugged(software)
    keys = UsbKeys(bus, QUICK)
    for code in range(1, 0x100):
        software.script.force_status = {0x0B: code}
        hands = FakeHands(gives_up=lambda _: software.log.count("cbor:0x0b") > 1)
        software.log.clear()
        assert kind_of(keys.touched, [path], hands) is not None
