"""`:keys`: what is plugged in, whose it is, and its PIN; nothing there resets a key."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from pve_auth_tui.adapters.keys.usb import UsbKeys
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.simnode.softbus import SoftBus
from pve_auth_tui.simnode.softkey.authenticator import SoftKey
from pve_auth_tui.simnode.softkey.credential import Credential, private_number, rp_hash
from screens.choose import ChooseScreen
from screens.details import DetailsScreen
from screens.key_pin_form import KeyPinForm
from screens.keys import KeysScreen
from screens.prove import ProveScreen
from tests.screens.conftest import (
    keys_shown,
    on_top,
    press,
    says,
    says_just,
    sees,
    settle,
    shown,
    status,
    type_text,
    until,
)

CANARY = "9471canary"


class CountedBus(SoftBus):
    """Counts how often each path was opened."""

    def __init__(self) -> None:
        super().__init__(others=0)
        self.opened: list[str] = []

    def open(self, path: str) -> Any:
        self.opened.append(path)
        return super().open(path)


def plain(pilot: Pilot[None]) -> str:
    return " ".join(shown(pilot).split())


def keys_of(pilot: Pilot[None]) -> UsbKeys:
    """The workshop's, with little patience."""
    keys: Any = pilot.app.workshop.keys  # type: ignore[attr-defined]
    keys._silence = 0.3
    return keys  # type: ignore[no-any-return]


@pytest.fixture
def bus(pilot: Pilot[None]) -> CountedBus:
    """In place of the demo's ports: empty ones."""
    bus = CountedBus()
    keys_of(pilot)._bus = bus
    return bus


async def opened(pilot: Pilot[None]) -> KeysScreen:
    pilot.app.push_screen(KeysScreen())
    await looked(pilot)
    screen = pilot.app.screen
    assert isinstance(screen, KeysScreen)
    return screen


async def looked(pilot: Pilot[None]) -> None:
    """What is plugged in now was seen, and every key was asked."""
    screen = pilot.app.screen
    assert isinstance(screen, KeysScreen)
    screen.look_for_keys()
    await settle(pilot)
    await until(pilot, lambda: not screen.reads and not screen._looks)
    await settle(pilot)


async def sent(pilot: Pilot[None], **pins: str) -> None:
    """As if they had been typed."""
    form = pilot.app.screen
    assert isinstance(form, KeyPinForm)
    form.form.fill({name: Secret(text) for name, text in pins.items()})
    await press(pilot, "ctrl+o")


# --- the demo's own ----------------------------------------------------------------------------


async def test_the_demos_key_its_holder_and_what_can_be_done_with_it(pilot, monkeypatch):
    ports: Any = keys_of(pilot)._bus
    opened: list[str] = []
    really = ports.open
    monkeypatch.setattr(ports, "open", lambda path: opened.append(path) or really(path))
    await press(pilot, "colon")
    await type_text(pilot, "keys")
    await press(pilot, "enter")
    await looked(pilot)
    await until(
        pilot, lambda: "> Demo Key A 0001 ok set, 8 tries left root@pam hidraw2" in plain(pilot)
    )
    await until(pilot, lambda: 'Holds ok root@pam: "rack 3"' in plain(pilot))
    await press(pilot, "enter")
    await on_top(pilot, DetailsScreen)
    await sees(pilot, "AAGUID")
    await press(pilot, "escape", "t")
    await on_top(pilot, ProveScreen)
    await sees(pilot, "Prove that root@pam can log in")
    await press(pilot, "escape")
    await looked(pilot)
    assert len(opened) == 2, "it may have other tries left now"
    await press(pilot, "question_mark")
    await until(
        pilot, lambda: "Reset is never offered: it deletes every account on the key" in plain(pilot)
    )
    await press(pilot, "escape", "e")
    await sees(pilot, "A security key for", "> root@pam")


async def test_a_key_that_two_people_use_asks_whose_login_is_tested(pilot):
    screen = await opened(pilot)
    key: Any = screen._known[screen.scan.keys[0]]  # type: ignore[union-attr]
    other = key.held[0]._replace(userid="anna@pam")
    off = key.held[0]._replace(userid="bo@pve", enabled=False)
    screen._known[key.info.place] = type(key)(key.info, (*key.held, other, off))
    screen._show_rows()
    await sees(pilot, 'anna@pam: "rack 3"', 'bo@pve: "rack 3", which is disabled')
    await press(pilot, "t")
    await on_top(pilot, ChooseScreen)
    assert "bo@pve" not in "".join(pilot.app.screen._options)
    await press(pilot, "2")
    await sees(pilot, "Prove that anna@pam can log in")


# --- plugging and pulling ----------------------------------------------------------------------


async def test_nothing_plugged_in_tells_why_and_what_to_do(pilot, bus):
    bus.machine = "kvm"
    await opened(pilot)
    await until(pilot, lambda: keys_shown(pilot) == [])
    await until(
        pilot, lambda: "a key in your laptop is not visible over SSH or noVNC" in plain(pilot)
    )
    await until(pilot, lambda: "qm set <id> -usb0 host=<vid>:<pid>" in plain(pilot))
    await press(pilot, "p")
    await says_just(pilot, "There is no security key here.")
    bus.denied.add(bus.plug(SoftKey()))
    await looked(pilot)
    await until(pilot, lambda: keys_shown(pilot) == ["/dev/hidraw0"])
    await until(pilot, lambda: "Run this program as root on the node." in plain(pilot))
    await press(pilot, "p")
    await says(pilot, "cannot be opened")


async def test_keys_come_and_go_and_each_is_opened_once(pilot, bus):
    hung = SoftKey(product="Hung", serial=None)
    hung.script.hang_at = "cbor:4"
    first = bus.plug(hung)
    await opened(pilot)
    second = bus.plug(SoftKey(product="\x1b[2J[red]\u202e", serial="x" * 10_000))
    await looked(pilot)
    for _ in range(3):
        await looked(pilot)
    await until(pilot, lambda: keys_shown(pilot) == [first, second])
    await until(
        pilot,
        lambda: "BAD The key does not answer. Unplug it and plug it in again." in plain(pilot),
    )
    await sees(pilot, r"\x1b[2J[red]\u202")
    assert sorted(bus.opened) == [first, second]
    bus.pull(first)
    await looked(pilot)
    await until(pilot, lambda: keys_shown(pilot) == [second])
    hung.script.hang_at = None
    bus.plug(hung, first)
    await looked(pilot)
    await until(pilot, lambda: "Hung (hidraw0) ok" in plain(pilot))
    assert bus.opened.count(first) == 2
    await press(pilot, "r")
    await looked(pilot)
    assert bus.opened.count(second) == 2
    await says_just(pilot, "Read again.")


async def test_other_entries_on_the_node_are_reason_to_look_again(pilot, bus):
    key = SoftKey(product="Blue")
    path = bus.plug(key)
    screen = await opened(pilot)
    await until(pilot, lambda: "no entry of anybody here" in plain(pilot))
    for credential in _credentials(pilot):
        key.put(Credential(credential, rp_hash("example.com"), private_number(1)))
    screen._factors = None  # as if the picture had others
    screen.take_picture()
    await looked(pilot)
    assert bus.opened.count(path) == 2
    await sees(pilot, "Holds")
    assert "no entry of anybody here" not in plain(pilot)


def _credentials(pilot: Pilot[None]) -> list[bytes]:
    from pve_auth_tui.core.webauthn import entry_of

    snapshot: Any = pilot.app.snapshot  # type: ignore[attr-defined]
    entries = snapshot.tfa.value.users["root@pam"].entries
    return [one.credential for entry in entries if (one := entry_of(entry))]


# --- PINs --------------------------------------------------------------------------------------


async def test_the_first_pin(pilot, bus):
    bus.plug(SoftKey(product="Blue", serial="x0042"))
    await opened(pilot)
    await press(pilot, "p")
    await on_top(pilot, KeyPinForm)
    await sees(pilot, "The first PIN: Blue 0042")
    assert "PIN now" not in shown(pilot)
    await type_text(pilot, "1111")
    await until(pilot, lambda: "LOOK  All characters are the same" in shown(pilot))
    await sent(pilot, new="12", again=CANARY)
    await sees(pilot, "This key wants at least 4 characters.", "It is not the same PIN.")
    assert CANARY not in shown(pilot)
    await sent(pilot, new=CANARY)
    await until(pilot, lambda: isinstance(pilot.app.screen, KeysScreen))
    await says_just(pilot, "The PIN of Blue 0042 is set.")
    await sees(pilot, "set, 8 tries left")
    journal = pilot.app.workshop.journal.read()
    assert journal[-1].entry.title == "set the PIN of Blue 0042"
    assert CANARY not in repr(journal)


async def test_a_wrong_pin_tells_the_tries_and_the_third_one_the_way_out(pilot, bus):
    key = SoftKey(product="Blue", pin="2580", pin_retries=4)
    path = bus.plug(key)
    await opened(pilot)
    await press(pilot, "p")
    await sees(pilot, "4 tries left.")
    await sent(pilot, old="0000", new=CANARY, again=CANARY)
    await until(pilot, lambda: "3 tries left" in status(pilot))
    await until(pilot, lambda: "That is not the key's PIN: 3 tries left." in plain(pilot))
    assert "•" not in shown(pilot), "what was typed is gone"
    await until(pilot, lambda: "LOOK  3 tries left." in shown(pilot))
    await press(pilot, "escape")
    await until(pilot, lambda: "set, 3 tries left" in shown(pilot))  # also when the form is left
    await press(pilot, "p")
    for wrong in ("0001", "0002"):
        await sent(pilot, old=wrong, new=CANARY, again=CANARY)
        await settle(pilot)
    await until(pilot, lambda: isinstance(pilot.app.screen, KeysScreen))
    await says(pilot, "wants to be unplugged")
    await looked(pilot)
    await until(pilot, lambda: "LOOK Three wrong PINs in a row" in plain(pilot))
    await press(pilot, "p")
    await says(pilot, "unplug the key and plug it in again")
    bus.pull(path)
    await looked(pilot)
    bus.plug(key, path)
    await looked(pilot)
    await press(pilot, "p")
    await until(
        pilot, lambda: "1 try left. Another wrong one blocks the PIN for good." in plain(pilot)
    )
    await sent(pilot, old="2580", new=CANARY, again=CANARY)
    await until(pilot, lambda: isinstance(pilot.app.screen, KeysScreen))
    await says(pilot, "is changed.")
    await sees(pilot, "set, 8 tries left")


async def test_unplugged_while_its_pin_is_being_changed(pilot, bus):
    key = SoftKey(product="Blue", pin="2580")
    bus.plug(key)
    await opened(pilot)
    await press(pilot, "p")
    key.script.unplug_at = "cbor:6"
    await sent(pilot, old="2580", new=CANARY, again=CANARY)
    await until(pilot, lambda: isinstance(pilot.app.screen, KeysScreen))
    await says(pilot, "unplugged")
    await looked(pilot)
    await until(pilot, lambda: keys_shown(pilot) == [])


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (SoftKey(versions=("U2F_V2",)), "This key cannot have a PIN"),
        (SoftKey(pin_protocols=()), "This key cannot have a PIN"),
        (SoftKey(pin="2580", pin_retries=0), "Only a reset helps"),
    ],
    ids=["U2F", "no PIN", "blocked"],
)
async def test_where_no_pin_can_be_set_that_is_said(pilot, bus, key, said):
    bus.plug(key)
    await opened(pilot)
    await press(pilot, "p")
    await on_top(pilot, KeysScreen)
    await says(pilot, said)
    await press(pilot, "t")
    await says(pilot, "holds nobody's entry")


async def test_leaving_keeps_nothing_of_what_was_typed(pilot, bus):
    bus.plug(SoftKey(pin="2580"))
    await opened(pilot)
    await press(pilot, "p")
    await type_text(pilot, CANARY)
    await press(pilot, "escape", "p")
    await until(pilot, lambda: "•" not in shown(pilot))
    await press(pilot, "escape", "escape")
    await until(pilot, lambda: not isinstance(pilot.app.screen, KeysScreen))


async def test_a_kernel_that_answers_oddly_for_a_moment_is_asked_again(pilot, bus, monkeypatch):
    await opened(pilot)

    def odd() -> Any:
        raise OSError("not now")

    with monkeypatch.context() as moment:
        moment.setattr(bus, "look", odd)
        screen = pilot.app.screen
        screen.look_for_keys()
        await settle(pilot)
    bus.plug(SoftKey(product="Late key"))
    await until(pilot, lambda: "Late key" in shown(pilot))
