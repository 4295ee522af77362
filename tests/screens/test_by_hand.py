"""What was found by hand, with keys alone: sentences that said something else than was so."""

from __future__ import annotations

from screens.plan import PlanScreen
from screens.trust_import import TrustImportForm
from tests.screens.conftest import press, status, table, until
from widgets.form import Form

MORE = "PgDn shows more."


async def told(pilot, text):
    """Wait until the status line holds it."""
    await until(pilot, lambda: text in status(pilot))


def field_of(pilot):
    """Which one of an import has the keys; "" while there is none."""
    screen = pilot.app.screen
    if not isinstance(screen, TrustImportForm) or not screen.query(Form):
        return ""
    return screen.form.focused.ident if screen.form.focused else ""


async def plan_of_many(pilot):
    """A plan that does not fit, of removing eight users."""
    await press(pilot, "2")
    everybody = sorted(pilot.app.snapshot.access.value.users)
    table(pilot).set_marks(frozenset(everybody[:8]))
    await press(pilot, "d")
    await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen))
    await until(pilot, lambda: "listens half a second" not in pilot.app.screen.why_not_run())
    await told(pilot, MORE)


async def test_a_plan_that_was_read_to_its_end_says_no_more_that_there_is_more(pilot):
    await plan_of_many(pilot)
    without = status(pilot).removeprefix(MORE).strip()
    await press(pilot, "down")
    assert status(pilot).startswith(MORE)
    await press(pilot, "end")
    await until(pilot, lambda: status(pilot) == without)


async def test_what_asks_to_read_a_heavy_plan_goes_when_it_was_read(pilot):
    await plan_of_many(pilot)
    await press(pilot, "y")
    await told(pilot, "page through it to the end")
    await press(pilot, "end")
    await told(pilot, "y asks you to type a word")
    await press(pilot, "y")
    await told(pilot, "before the word is typed")


async def test_a_key_that_does_nothing_in_a_line_of_text_speaks_of_no_arrows(pilot):
    pilot.app.push_screen(TrustImportForm(lambda _: None))
    await until(pilot, lambda: field_of(pilot) == "path")
    await press(pilot, "ctrl+p")
    await told(pilot, "That key does nothing here")
    await press(pilot, "up")
    await until(pilot, lambda: field_of(pilot) == "source")
    await press(pilot, "ctrl+p")
    await told(pilot, "the arrows left and right change it")
