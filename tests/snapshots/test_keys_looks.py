"""How plugged-in keys look, and the form of a PIN."""

from __future__ import annotations

from typing import Any

import pytest

from pve_auth_tui.simnode.softbus import SoftBus
from pve_auth_tui.simnode.softkey.authenticator import SoftKey
from screens.keys import KeysScreen
from tests.screens.conftest import make_app, rack, settle, until

__all__ = ["make_app", "rack"]


async def opened(pilot: Any) -> None:
    await settle(pilot)
    pilot.app.push_screen(KeysScreen())
    await settle(pilot)
    screen = pilot.app.screen
    screen.look_for_keys()
    await until(pilot, lambda: not screen.reads and not screen._looks and screen.scan is not None)
    await settle(pilot)


def with_ports(app: Any, bus: SoftBus) -> Any:
    app.workshop.keys._bus = bus
    app.workshop.keys._silence = 0.3
    return app


@pytest.mark.parametrize("size", [(80, 24), (132, 43)], ids=["80x24", "132x43"])
def test_the_demos_key_and_others(looks_the_same, make_app, size):
    app = make_app()
    bus = app.workshop.keys._bus
    bus.look()
    bus.bus.plug(SoftKey(product="Demo Key B", pin="123456", pin_retries=2), "/dev/hidraw4")
    hung = SoftKey(product="[b]\x1b[31mevil", serial=None)
    hung.script.hang_at = "cbor:4"
    bus.bus.plug(hung, "/dev/hidraw5")
    app.workshop.keys._silence = 0.3
    looks_the_same(app, size=size, run_before=opened)


def test_no_key_in_a_virtual_machine(looks_the_same, make_app):
    bus = SoftBus(others=3)
    bus.machine = "kvm"
    looks_the_same(with_ports(make_app(), bus), size=(80, 24), run_before=opened)


def test_the_form_of_a_pin(looks_the_same, make_app):
    bus = SoftBus(others=0)
    bus.plug(SoftKey(product="Blue", pin="2580", pin_retries=1))

    async def run(pilot: Any) -> None:
        await opened(pilot)
        await pilot.press("p")
        await pilot.pause(0.1)
        await settle(pilot)

    looks_the_same(with_ports(make_app(), bus), size=(80, 24), run_before=run)
