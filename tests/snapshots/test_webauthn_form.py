"""How the WebAuthn settings look: as they are, and with an ID that ends every key."""

from pve_auth_tui.simnode import rack_realms
from screens.webauthn_form import WebauthnForm
from tests.screens.conftest import make_app, press, rack, settle, type_text, until
from tests.snapshots.test_looks import SIZES
from widgets.detail_pane import DetailPane

__all__ = ["make_app", "rack"]


async def _opened(pilot, words):
    await settle(pilot)
    pilot.app.push_screen(WebauthnForm())
    await settle(pilot)
    pane = pilot.app.screen.query_one("#remarks", DetailPane)
    await until(pilot, lambda: words in pane.text)
    await settle(pilot)


async def _other_id(pilot):
    await _opened(pilot, "nothing is changed yet")
    await press(pilot, "down", "backspace", "backspace", "backspace")
    await type_text(pilot, "net")
    pane = pilot.app.screen.query_one("#remarks", DetailPane)
    await until(pilot, lambda: "example.net" in pane.text)
    await pilot.pause(1.0)  # what is told of a field comes when no key came for a moment
    await settle(pilot)


@SIZES
def test_settings_that_would_end_every_key(looks_the_same, make_app, size):
    looks_the_same(make_app(), size=size, run_before=_other_id)


def test_a_proposal_where_nothing_is_set(looks_the_same, make_app, monkeypatch):
    lines = rack_realms.DATACENTER.splitlines(keepends=True)
    rest = "".join(line for line in lines if not line.startswith("webauthn"))
    monkeypatch.setattr(rack_realms, "DATACENTER", rest)

    async def proposed(pilot):
        await _opened(pilot, "stands above")

    looks_the_same(make_app(), run_before=proposed)
