"""CAs with a private key at hand, as `scenes` has the rest."""

from __future__ import annotations

from typing import cast

from pve_auth_tui.core.secret import Secret
from screens.details import DetailsScreen
from screens.plan import PlanScreen
from screens.trust import TrustScreen
from screens.trust_check import TargetForm, TrustCheckScreen
from screens.trust_import import OfferScreen, TrustImportForm
from tests.authorities import certificate, pem
from tests.canary.formscenes import fill, to_field
from tests.canary.planted import NEW_CLIENT_KEY
from tests.canary.scenes import back_to_start
from tests.canary.stage import Stage

_ROOT = certificate(begins=-3650, ends=7300)


async def _opened(stage: Stage) -> TrustScreen:
    await back_to_start(stage)
    await stage.command("ca")
    await stage.on(TrustScreen)
    screen = cast(TrustScreen, stage.app.screen)
    await stage.until(lambda: screen._store is not None, "the store")
    return screen


async def a_ca_is_imported(stage: Stage) -> None:
    """A private key is pasted by mistake; then a certificate, looked at and taken."""
    screen = await _opened(stage)
    await stage.command("mark", "open")
    await stage.on(DetailsScreen)
    await stage.press("escape")
    await stage.command("back", "reload")
    await stage.until(lambda: not screen.busy, "the store again")
    await stage.command("import")
    await stage.on(TrustImportForm)
    form = cast(TrustImportForm, stage.app.screen).form
    begins = form.field("path")
    await stage.until(lambda: form.focused is begins, "the field that it begins on")
    await to_field(stage, "source")
    await stage.press("right")
    await fill(stage, pasted=f"PRIVATE KEY-----{NEW_CLIENT_KEY}")
    await stage.command("help", "read")
    await stage.settle()
    form.fill({"pasted": Secret(pem(_ROOT).decode().replace("\n", " "))})
    await stage.command("read")
    await stage.on(OfferScreen)
    await stage.command("mark", "open")
    await stage.on(DetailsScreen)
    await stage.press("escape")
    await stage.command("import")
    await stage.on(PlanScreen)
    await stage.press("escape")
    await stage.on(OfferScreen)
    await stage.command("back")
    await stage.on(TrustImportForm)
    await stage.command("back")
    await stage.on(TrustScreen)


async def a_ca_is_removed_and_servers_are_checked(stage: Stage) -> None:
    """Up to the plan; and every key of a check."""
    screen = await _opened(stage)
    await stage.command("remove")
    await stage.on(PlanScreen)
    await stage.press("escape")
    await stage.on(TrustScreen)
    await stage.command("test")
    await stage.on(TargetForm)
    await stage.command("help", "back")
    await stage.on(TrustScreen)
    await stage.command("test")
    await stage.on(TargetForm)
    await fill(stage, target="dc01.example.com")
    await stage.command("test")
    await stage.on(TrustCheckScreen)
    check = cast(TrustCheckScreen, stage.app.screen)
    await stage.until(lambda: not check.busy and check._check is not None, "a check")
    await stage.command("open")
    await stage.on(DetailsScreen)
    await stage.press("escape")
    await stage.command("import", "reload")
    await stage.until(lambda: not check.busy and check._check is not None, "a check again")
    await stage.command("another")
    await stage.on(TargetForm)
    await stage.command("back")
    await stage.on(TrustCheckScreen)
    await stage.command("back")
    await stage.until(lambda: stage.app.screen is screen, "the store")
