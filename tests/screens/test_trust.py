"""CAs by keys alone on the demo's node: the store, an import, a removal, a check of its DCs."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from pve_auth_tui.app import PveAuthApp
from pve_auth_tui.core.trust.check import Way
from screens.details import DetailsScreen
from screens.plan import PlanScreen
from screens.trust import TrustScreen
from screens.trust_check import TargetForm, TrustCheckScreen
from screens.trust_import import OfferScreen, TrustImportForm
from screens.trust_rows import row_key
from screens.typed_yes import YesScreen
from tests.authorities import certificate, der, key_pem, pem, sha256
from tests.screens.conftest import (
    MakeApp,
    listening,
    on_top,
    press,
    says,
    says_just,
    sees,
    settle,
    shown,
    status,
    table,
    type_text,
    until,
)
from widgets.detail_pane import DetailPane

# the demo's clock does not stand at the tests' own time
ROOT = certificate(begins=-3650, ends=7300)
OTHER = certificate("Other Root CA", begins=-3650, ends=7300)
LEAF = certificate("dc1.lab.test", by="Lab Root CA", ca=False, begins=-3650, ends=7300)
NAME = f"lab-root-ca-{sha256(ROOT)[:8]}.crt"
DEMO = "demo-ca.crt"
FOLDER = "usr/local/share/ca-certificates"


def trusting(pilot: Pilot[Any]) -> Any:
    app = pilot.app
    assert isinstance(app, PveAuthApp)
    return app.workshop


def put(pilot: Pilot[Any], path: str, data: bytes) -> str:
    """A file of the demo's node."""
    trusting(pilot).host.machine.files.disk.write(path.lstrip("/"), data)
    return f"/{path.lstrip('/')}"


def there(pilot: Pilot[Any]) -> list[str]:
    return list(trusting(pilot).host.machine.files.names(FOLDER))


async def opened(pilot: Pilot[Any]) -> TrustScreen:
    """The store, read."""
    await settle(pilot)
    screen = TrustScreen()
    pilot.app.push_screen(screen)
    await until(pilot, lambda: screen._store is not None)
    await settle(pilot)
    return screen


async def offered(pilot: Pilot[Any], path: str) -> None:
    """`a`, and a file that holds something."""
    await press(pilot, "a")
    await until(pilot, lambda: isinstance(pilot.app.screen, TrustImportForm))
    await pilot.pause(0.05)
    await type_text(pilot, path)
    await press(pilot, "ctrl+o")
    await until(pilot, lambda: status(pilot) != "Reading ...")


async def ran(pilot: Pilot[Any]) -> None:
    """`y` on the plan that is shown, to its end, and back."""
    await listening(pilot)
    await press(pilot, "y")
    await until(pilot, lambda: not pilot.app.is_changing and "esc" in shown(pilot).lower())
    await until(pilot, lambda: pilot.app.screen._report is not None)
    await press(pilot, "escape")
    await until(pilot, lambda: not isinstance(pilot.app.screen, PlanScreen))


def pane(pilot: Pilot[Any]) -> str:
    return " ".join(pilot.app.screen.query_one(DetailPane).text.split())


# --- the store -------------------------------------------------------------------------------


async def test_the_files_are_shown_with_what_they_hold(pilot: Pilot[None]) -> None:
    await opened(pilot)
    await sees(pilot, DEMO)
    await until(pilot, lambda: "SHA-256" in pane(pilot))
    await says(pilot, "Debian's own CAs are not listed")


async def test_what_is_wrong_with_a_file_stands_beside_it(pilot: Pilot[None]) -> None:
    await settle(pilot)
    put(pilot, f"{FOLDER}/aa.crt", der(ROOT))
    screen = await opened(pilot)
    assert screen.table.row is not None
    assert screen.table.row.cells[:2] == ("BAD", "aa.crt")
    await until(pilot, lambda: pane(pilot).startswith("aa.crt BAD It is DER, not PEM"))
    await press(pilot, "enter")
    await on_top(pilot, DetailsScreen)


async def test_r_reads_anew(pilot: Pilot[None]) -> None:
    screen = await opened(pilot)
    put(pilot, f"{FOLDER}/new.crt", pem(ROOT))
    await press(pilot, "r")
    await until(pilot, lambda: screen.table.total == 2)


# --- import ----------------------------------------------------------------------------------


async def test_a_ca_is_read_looked_at_planned_and_trusted(pilot: Pilot[None]) -> None:
    await opened(pilot)
    await offered(pilot, put(pilot, "root/ca.cer", der(ROOT)))
    await on_top(pilot, OfferScreen)
    await sees(pilot, "DER")
    await says(pilot, "Compare the SHA-256")
    await press(pilot, "a")
    await ran(pilot)
    await until(pilot, lambda: isinstance(pilot.app.screen, TrustScreen))
    await until(pilot, lambda: not pilot.app.screen.busy)
    assert there(pilot) == [DEMO, NAME]
    await until(pilot, lambda: status(pilot).startswith("Done."))


async def test_of_several_the_marked_ones_are_taken(pilot: Pilot[None]) -> None:
    await opened(pilot)
    await offered(pilot, put(pilot, "root/b.pem", pem(LEAF, ROOT, OTHER)))
    screen = pilot.app.screen
    assert isinstance(screen, OfferScreen)
    await until(pilot, lambda: table(pilot).key == sha256(ROOT))  # the first that can be trusted
    await press(pilot, "space", "space")
    await until(pilot, lambda: table(pilot).marks == {sha256(ROOT), sha256(OTHER)})
    await press(pilot, "a")
    await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen))
    await sees(pilot, "trust 2 CAs")


async def test_a_server_s_certificate_cannot_be_taken_and_says_why(pilot: Pilot[None]) -> None:
    await opened(pilot)
    await offered(pilot, put(pilot, "root/leaf.pem", pem(LEAF)))
    await on_top(pilot, OfferScreen)
    await press(pilot, "a")
    await says(pilot, "It is no CA's certificate")


async def test_a_private_key_is_refused_in_the_form(pilot: Pilot[None]) -> None:
    await opened(pilot)
    await offered(pilot, put(pilot, "root/key.pem", pem(ROOT) + key_pem("Lab Root CA")))
    await on_top(pilot, TrustImportForm)
    await says(pilot, "holds a private key")


async def test_what_is_pasted_is_read_and_stays_hidden(pilot: Pilot[None]) -> None:
    from textual.events import Paste

    await opened(pilot)
    await press(pilot, "a")
    await until(pilot, lambda: isinstance(pilot.app.screen, TrustImportForm))
    await pilot.pause(0.05)
    await press(pilot, "up", "space", "down")
    focused = pilot.app.screen.focused
    assert focused is not None
    focused.post_message(Paste(pem(ROOT).decode()))
    await until(pilot, lambda: "characters, hidden" in status(pilot))
    await press(pilot, "ctrl+o")
    await until(pilot, lambda: isinstance(pilot.app.screen, OfferScreen))
    await until(pilot, lambda: table(pilot).key == sha256(ROOT))


# --- remove ----------------------------------------------------------------------------------


async def test_a_removal_asks_the_realms_then_shows_its_plan_and_is_done(
    pilot: Pilot[None],
) -> None:
    await settle(pilot)
    put(pilot, f"{FOLDER}/aa.crt", pem(ROOT))
    await opened(pilot)
    await press(pilot, "d")
    await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen))
    await sees(pilot, "no longer trust aa.crt")
    await ran(pilot)
    await until(pilot, lambda: not pilot.app.screen.busy)
    assert there(pilot) == [DEMO]


async def test_read_only_changes_nothing_and_says_so(pilot: Pilot[None]) -> None:
    await settle(pilot)
    app = pilot.app
    assert isinstance(app, PveAuthApp)
    assert app.outlook is not None
    app.outlook = replace_node(app.outlook)
    await opened(pilot)
    await press(pilot, "a")
    await says(pilot, "--read-only")


def replace_node(outlook: Any) -> Any:
    """The same picture, of a program that was started with --read-only."""
    from dataclasses import replace

    node = replace(outlook.node, read_only=True)
    return outlook._replace(node=node)


# --- check -----------------------------------------------------------------------------------


async def checked(pilot: Pilot[Any], target: str) -> TrustCheckScreen:
    await settle(pilot)
    screen = TrustCheckScreen(target)
    pilot.app.push_screen(screen)
    await until(pilot, lambda: pilot.app.screen is screen and bool(screen._check))
    await until(pilot, lambda: not screen.busy)
    return screen


async def test_all_controllers_of_the_demo_s_domain_are_asked_both_ways(
    pilot: Pilot[None],
) -> None:
    screen = await checked(pilot, "example.com")
    keys = [row.key for row in screen.table.rows_shown]
    assert row_key("dc01.example.com", Way.STARTTLS) in keys
    assert row_key("dc01.example.com", Way.LDAPS) in keys
    await until(pilot, lambda: "Verify code" in pane(pilot))


async def test_a_server_is_asked_for_and_known_ones_are_offered(pilot: Pilot[None]) -> None:
    await opened(pilot)
    await press(pilot, "t")
    await until(pilot, lambda: isinstance(pilot.app.screen, TargetForm))
    form = pilot.app.screen
    assert isinstance(form, TargetForm)
    assert "dc01.example.com" in [one.value for one in form.form.field("target").choices]
    await press(pilot, "escape")
    await until(pilot, lambda: isinstance(pilot.app.screen, TrustScreen))


async def test_an_untrusted_root_that_was_sent_is_imported_only_after_a_typed_yes(
    pilot: Pilot[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pve_auth_tui.core.directory.ports import Handshake

    await settle(pilot)
    trust = trusting(pilot).trust
    chain = (der(LEAF), der(ROOT))
    answer = Handshake("TLSv1.3", "x", chain, 19, "self-signed in chain", "192.0.2.1")
    monkeypatch.setattr(trust._directories, "handshake", lambda *given, **more: answer)
    monkeypatch.setattr(trust._directories, "locate", lambda domain: ())
    await checked(pilot, "dc9.example.com")
    await until(pilot, lambda: "This node does not trust the CA" in pane(pilot))
    await press(pilot, "a")
    await until(pilot, lambda: isinstance(pilot.app.screen, YesScreen))
    await press(pilot, "escape")
    await until(pilot, lambda: isinstance(pilot.app.screen, TrustCheckScreen))
    await says_just(pilot, "Nothing was imported.")
    await press(pilot, "a")
    await until(pilot, lambda: isinstance(pilot.app.screen, YesScreen))
    await type_text(pilot, "yes")
    await press(pilot, "enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, OfferScreen))
    await until(pilot, lambda: table(pilot).key == sha256(ROOT))
    await press(pilot, "a")
    await ran(pilot)
    assert NAME in there(pilot)


async def test_there_is_nothing_to_import_where_all_is_trusted(
    pilot: Pilot[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    await checked(pilot, "dc01.example.com")
    await press(pilot, "a")
    await until(
        pilot, lambda: "nothing to import" in status(pilot) or "does not send" in status(pilot)
    )


async def test_it_fits_a_small_screen(make_app: MakeApp) -> None:
    async with make_app().run_test(size=(40, 12)) as pilot:
        await opened(pilot)
        await sees(pilot, DEMO[:6], "> ")
