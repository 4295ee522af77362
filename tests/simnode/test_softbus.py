"""The demo's USB: what a look finds there, and what happens to keys that are open."""

from __future__ import annotations

import threading

import pytest

from pve_auth_tui.core.keys import KeyPlace, Scan, ScanState
from pve_auth_tui.simnode.softbus import SoftBus
from pve_auth_tui.simnode.softkey.authenticator import SoftKey
from pve_auth_tui.simnode.softkey.script import Script
from pve_auth_tui.simnode.softkey.status import Unplugged
from tests.simnode.fidoclient import Site


def key(name: str = "Software key") -> SoftKey:
    return SoftKey(product=name, serial=None, script=Script(touch_delay=0.02))


def test_a_look_tells_what_is_plugged_in_and_how_much_else_there_is() -> None:
    bus = SoftBus(others=1)
    assert bus.look() == Scan(ScanState.NO_KEY, others=1)
    path = bus.plug(key("One"))
    assert path == "/dev/hidraw1"
    one = KeyPlace(path, "One", "", 0x1209, 0xF1D0)
    assert bus.look() == Scan(ScanState.FOUND, (one,), others=1)
    bus.pull(path)
    bus.others = 0
    assert bus.look() == Scan(ScanState.NOTHING)


def test_keys_are_named_in_the_order_of_their_numbers() -> None:
    bus = SoftBus(others=0)
    for number in (10, 9, 2):
        bus.plug(key(), f"/dev/hidraw{number}")
    assert [place.path[11:] for place in bus.look().keys] == ["2", "9", "10"]
    assert bus.plug(key()) == "/dev/hidraw0"
    bus.machine = "kvm"
    assert bus.look().machine == "kvm"


def test_what_is_plugged_in_at_a_place_that_is_taken_pulls_what_was_there() -> None:
    bus = SoftBus()
    wire = bus.open(bus.plug(key("One"), "/dev/hidraw5"))
    bus.plug(key("Two"), "/dev/hidraw5")
    with pytest.raises(Unplugged):
        wire.read(1.0)
    assert [place.product for place in bus.look().keys] == ["Two"]


def test_what_may_not_be_opened_is_told_and_not_opened() -> None:
    bus = SoftBus()
    path = bus.plug(key())
    bus.denied.add(path)
    assert bus.look() == Scan(ScanState.DENIED, denied=(path,), others=2)
    with pytest.raises(PermissionError):
        bus.open(path)
    other = bus.plug(key("Other"))
    found = bus.look()
    assert (found.state, found.keys[0].path, found.denied) == (ScanState.FOUND, other, (path,))


def test_a_container_does_not_see_what_the_machine_has() -> None:
    bus = SoftBus()
    path = bus.plug(key())
    bus.container = True
    assert bus.look() == Scan(ScanState.CONTAINER, others=2)
    with pytest.raises(FileNotFoundError):
        bus.open(path)


def test_what_is_not_there_cannot_be_opened_and_pulling_it_does_no_harm() -> None:
    bus = SoftBus()
    bus.pull("/dev/hidraw7")
    assert bus.key_at("/dev/hidraw7") is None
    with pytest.raises(FileNotFoundError):
        bus.open("/dev/hidraw7")


def test_a_key_that_is_pulled_keeps_what_it_holds_and_forgives_wrong_pins() -> None:
    bus, one = SoftBus(), key()
    path = bus.plug(one)
    Site(one).register()
    one.pin.fail_three_times()
    bus.pull_all()
    assert bus.plug(one) == path
    assert bus.key_at(path) is one
    assert len(one.credentials) == 1
    assert not one.pin.waits_for_replug


def test_a_key_that_its_script_pulls_is_not_found_any_more() -> None:
    bus, one = SoftBus(), key()
    path = bus.plug(one)
    wire = bus.open(path)
    one.script.unplug_at = "read"
    with pytest.raises(Unplugged):
        wire.read(1.0)
    assert bus.look().state is ScanState.NO_KEY
    with pytest.raises(FileNotFoundError):
        bus.open(path)


def test_pulling_ends_a_wait_at_once() -> None:
    bus = SoftBus()
    path = bus.plug(key())
    wire = bus.open(path)
    told: list[type[BaseException]] = []

    def wait() -> None:
        try:
            wire.read(600.0)
        except OSError as error:
            told.append(type(error))

    waiting = threading.Thread(target=wait)
    waiting.start()
    bus.pull(path)
    waiting.join(60.0)
    assert told == [Unplugged]


def test_all_who_have_a_key_open_hear_what_it_says_to_one() -> None:
    bus = SoftBus()
    path = bus.plug(key())
    first, second, closed = (bus.open(path) for _ in range(3))
    closed.close()
    nonce = b"nonce..8"
    first.write((b"\xff" * 4 + b"\x86\x00\x08" + nonce).ljust(64, b"\0"))
    said = first.read(20.0)
    assert said[7:15] == nonce
    assert second.read(20.0) == said
    with pytest.raises(TimeoutError):
        second.read(0.0)
