"""The demo's keys: one of them really is root@pam's, and stories plug, pull and break them."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

import pytest
from fido2.client import DefaultClientDataCollector, Fido2Client
from fido2.ctap import CtapError
from fido2.ctap1 import Ctap1
from fido2.ctap2 import ClientPin, Ctap2
from fido2.hid import CAPABILITY
from fido2.webauthn import AuthenticatorAttachment

from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.arguments import parse
from pve_auth_tui.core.keys import ScanState
from pve_auth_tui.core.ports import HidWire
from pve_auth_tui.core.tfafile import encode_base64url
from pve_auth_tui.simnode import demousb
from pve_auth_tui.simnode.demo import DEMO_NOW, PASSWORD, demo_tree
from pve_auth_tui.simnode.demousb import DEMO_PIN, FIRST_PORT, SECOND_PORT, DemoUsb
from pve_auth_tui.simnode.faults import Faults
from pve_auth_tui.simnode.node import SimNode
from pve_auth_tui.simnode.proxy import HttpRequest, Proxy
from pve_auth_tui.simnode.softkey.status import Unplugged
from pve_auth_tui.simnode.stories import DemoStories
from pve_auth_tui.wiring import wired
from tests.simnode.fidoclient import RP, Owner, Site, device_on

HOST = "pve1.example.com:8006"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demousb, "TOUCH_SECONDS", 0.02)


@pytest.fixture
def usb() -> DemoUsb:
    return DemoUsb()


@pytest.fixture
def stories(usb: DemoUsb) -> DemoStories:
    return DemoStories(Faults(), usb)


def products(usb: DemoUsb) -> list[str]:
    return [place.product for place in usb.look().keys]


def ctap(usb: DemoUsb, path: str = FIRST_PORT) -> Ctap2:
    return Ctap2(device_on(usb.open(path)))


class Login:
    """Somebody's two steps through pveproxy."""

    def __init__(self, node: SimNode, userid: str) -> None:
        self._userid = userid
        self._proxy = Proxy(node)
        ticket = self._post(password=PASSWORD)["ticket"]
        self._ticket = ticket
        asked = json.loads(unquote(ticket.split(":")[1]).removeprefix("!tfa!"))
        self.options: dict[str, Any] = asked["webauthn"]["publicKey"]

    def finish(self, wire: HidWire) -> str:
        """With the key behind the wire; the user name of the whole ticket."""
        client = Fido2Client(
            device_on(wire), DefaultClientDataCollector(f"https://{HOST}"), user_interaction=Owner()
        )
        answer = client.get_assertion(self.options).get_response(0)
        assert answer.authenticator_attachment is AuthenticatorAttachment.CROSS_PLATFORM
        value = json.dumps({**dict(answer), "challenge": self.options["challenge"]})
        data = self._post(password=f"webauthn:{value}", **{"tfa-challenge": self._ticket})
        assert data["ticket"].startswith(f"PVE:{self._userid}:")
        return str(data["username"])

    def _post(self, **params: str) -> dict[str, Any]:
        params = {"username": self._userid, **params}
        request = HttpRequest("POST", "/access/ticket", params, {"host": HOST}, "192.0.2.9", "json")
        reply = self._proxy.answer(request)
        assert reply.status == 200, reply
        return dict(reply.body["data"])


@pytest.mark.parametrize("size", [[], ["--users", "1000"]])
def test_root_logs_in_to_the_demo_with_the_key_that_is_plugged_in(size: list[str]) -> None:
    found = wired(parse(["demo", *size]), FixedClock(DEMO_NOW))
    assert found.simulated is not None
    assert found.bus is not None
    login = Login(found.simulated(), "root@pam")
    assert login.finish(found.bus.open(FIRST_PORT)) == "root@pam"
    again = Login(found.simulated(), "root@pam")
    assert again.finish(found.bus.open(FIRST_PORT)) == "root@pam"


@pytest.mark.parametrize(
    ("port", "userid", "product"),
    [(FIRST_PORT, "root@pam", DemoUsb.KEY_A), (SECOND_PORT, "bob.admin@corp", DemoUsb.KEY_B)],
)
def test_the_keys_hold_what_their_owners_registered(port: str, userid: str, product: str) -> None:
    usb = DemoUsb()
    usb.put_second(True)
    assert product in products(usb)
    key = usb.bus.key_at(port)
    assert key is not None
    [held] = key.credentials.values()
    stored = json.loads(demo_tree().read("etc/pve/priv/tfa.cfg"))["users"][userid]
    entry = stored["webauthn"][0]["entry"]
    assert encode_base64url(held.id) == entry["cred_id"]
    point = entry["cred"]["key"]["EC_EC2"]
    assert [encode_base64url(held.cose[each]) for each in (-2, -3)] == [point["x"], point["y"]]
    assert key.counter == entry["counter"]


def test_at_the_start_one_key_is_in_with_a_pin_that_enrolling_asks_for(usb: DemoUsb) -> None:
    scan = usb.look()
    assert (scan.state, [tuple(place) for place in scan.keys]) == (
        ScanState.FOUND,
        [(FIRST_PORT, "Demo Key A", "DEMO-0001", 0x1209, 0xF1D0)],
    )
    options = ctap(usb).info.options
    assert options["clientPin"]
    assert not options["makeCredUvNotRqd"]
    assert ClientPin(ctap(usb)).get_pin_token(DEMO_PIN, ClientPin.PERMISSION.GET_ASSERTION, RP)


def test_every_story_of_keys_comes_and_goes(usb: DemoUsb, stories: DemoStories) -> None:
    here = products(usb)
    for story in stories.stories:
        if story.name == "next key":
            continue
        assert not story.on
        stories.turn(story.name, on=True)
        assert [each.on for each in stories.stories if each.name == story.name] == [True]
        stories.turn(story.name, on=False)
        assert not [each.name for each in stories.stories if each.on]
        assert products(usb) == here


def test_all_well_brings_the_start_back(usb: DemoUsb, stories: DemoStories) -> None:
    for story in stories.stories:
        stories.turn(story.name, on=True)
    stories.mend()
    assert not [each.name for each in stories.stories if each.on]
    assert products(usb) == ["Demo Key A"]
    assert ClientPin(ctap(usb)).get_pin_retries() == (5, None)


def test_without_a_usb_there_are_no_stories_of_keys() -> None:
    stories = DemoStories(Faults())
    stories.turn("no key", on=True)
    assert "no key" not in [story.name for story in stories.stories]


def test_the_menu_fits_a_console_of_80_columns(stories: DemoStories) -> None:
    assert all(len(f" > 1 {story.name:15} BROKEN  {story.text}") <= 80 for story in stories.stories)


def test_a_key_that_is_pulled_is_gone_for_whoever_has_it_open(
    usb: DemoUsb, stories: DemoStories
) -> None:
    wire = usb.open(FIRST_PORT)
    stories.turn("no key", on=True)
    assert usb.look().state is ScanState.NO_KEY
    with pytest.raises(Unplugged):
        wire.read(1.0)
    with pytest.raises(FileNotFoundError):
        usb.open(FIRST_PORT)


def test_every_next_key_is_another_fresh_one_with_the_pin(
    usb: DemoUsb, stories: DemoStories
) -> None:
    seen = []
    for _ in range(3):
        stories.turn("next key", on=True)
        [place] = usb.look().keys
        seen.append((place.product, place.serial))
        key = usb.bus.key_at(FIRST_PORT)
        assert key is not None
        assert not key.credentials
        assert ClientPin(ctap(usb)).get_pin_token(DEMO_PIN, ClientPin.PERMISSION(1), RP)
    assert seen == [(f"Demo Key {n}", f"DEMO-000{n}") for n in (3, 4, 5)]


def test_what_is_registered_on_a_key_stays_on_it(usb: DemoUsb, stories: DemoStories) -> None:
    first = usb.look() and usb.bus.key_at(FIRST_PORT)
    assert first is not None
    Site(first, DEMO_PIN).register()
    stories.turn("next key", on=True)
    stories.mend()
    usb.look()
    again = usb.bus.key_at(FIRST_PORT)
    assert again is not None
    assert len(again.credentials) == 2


def test_the_second_key_wants_a_finger_and_has_no_pin(usb: DemoUsb, stories: DemoStories) -> None:
    stories.turn("second key", on=True)
    assert products(usb) == ["Demo Key A", "Demo Key B"]
    options = ctap(usb, SECOND_PORT).info.options
    assert (options["uv"], options["clientPin"]) == (True, False)


def test_the_old_key_speaks_u2f_alone(usb: DemoUsb, stories: DemoStories) -> None:
    stories.turn("U2F key", on=True)
    device = device_on(usb.open(FIRST_PORT))
    assert not device.capabilities & CAPABILITY.CBOR
    assert Ctap1(device).get_version() == "U2F_V2"


def test_a_hung_key_tells_what_it_is_and_dies_at_the_touch(
    usb: DemoUsb, stories: DemoStories
) -> None:
    stories.turn("hung key", on=True)
    wire = usb.open(FIRST_PORT)
    device = device_on(wire)
    assert Ctap2(device).info.versions
    device._connection.write_packet(bytes.fromhex("00010000900001" + "0b").ljust(64, b"\0"))
    with pytest.raises(TimeoutError):
        wire.read(0.3)
    stories.turn("hung key", on=False)
    with pytest.raises(Unplugged):
        wire.read(1.0)
    ctap(usb).selection()


def test_a_key_in_use_is_busy(usb: DemoUsb, stories: DemoStories) -> None:
    stories.turn("key in use", on=True)
    wire = usb.open(FIRST_PORT)
    device = device_on(wire)
    wire.write(bytes.fromhex("00010000900001" + "04").ljust(64, b"\0"))
    assert wire.read(1.0)[:8] == bytes.fromhex("00010000bf000106")
    stories.turn("key in use", on=False)
    assert Ctap2(device).info.versions


def test_after_three_wrong_pins_only_pulling_it_helps(usb: DemoUsb, stories: DemoStories) -> None:
    stories.turn("wrong PINs", on=True)
    with pytest.raises(CtapError) as caught:
        ClientPin(ctap(usb)).get_pin_token(DEMO_PIN, ClientPin.PERMISSION(1), RP)
    assert caught.value.code == CtapError.ERR.PIN_AUTH_BLOCKED
    stories.turn("no key", on=True)
    stories.turn("no key", on=False)
    assert ClientPin(ctap(usb)).get_pin_retries()[0] == 5
    assert ClientPin(ctap(usb)).get_pin_token(DEMO_PIN, ClientPin.PERMISSION(1), RP)
    assert not [each.name for each in stories.stories if each.on]
