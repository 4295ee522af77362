"""What was found by hand, with keys alone: sentences that said something else than was so."""

from __future__ import annotations

from dataclasses import replace

from pve_auth_tui.core.errors import AuthTuiError, Refused
from pve_auth_tui.services.join import JoinDone
from pve_auth_tui.services.joinready import AccountRefused
from pve_auth_tui.services.report import State
from screens.join import JoinScreen
from screens.join_forms import AccountForm, LoginsForm
from screens.plan import PlanScreen
from screens.trust_import import TrustImportForm
from tests.screens.conftest import listening, on_top, press, sees, shown, status, table, until
from tests.screens.jointesting import DOMAIN, Joins
from tests.screens.test_join import check, name_a_group, opened, to_the_plan
from widgets.form import Form

MORE = "PgDn shows more."
GOES_BACK = "It did not go to its end. What comes now:"


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


# --- a join --------------------------------------------------------------------------------------


class RefusedJoins(Joins):
    """A join's last look refuses, with `error`; `asked` counts how often it looked."""

    error: AuthTuiError = Refused("PVE1$ is there since the plan was made: nothing was done.")
    asked = 0

    def apply(self, plan, **how):
        self.asked += 1
        raise self.error


async def refused(pilot, joins):
    """The plan of a join, after its last look has refused it."""
    await opened(pilot, joins)
    await to_the_plan(pilot)
    await press(pilot, "end", "y")
    await told(pilot, "Nothing was done. Esc goes back.")


async def back_at_the_join(pilot):
    await press(pilot, "escape")
    await on_top(pilot, JoinScreen)


async def test_a_password_that_a_join_was_refused_with_is_asked_for_anew(pilot):
    """AD counts every wrong one, and locks the account after a few."""
    joins = RefusedJoins()
    joins.error = AccountRefused("The domain does not take this password.", "Type it again.")
    await refused(pilot, joins)
    await press(pilot, "y")
    await until(pilot, lambda: not pilot.app.screen._runs)
    await told(pilot, "Nothing was done. Esc goes back.")
    assert joins.asked == 1
    await back_at_the_join(pilot)
    await told(pilot, "n asks for the password anew.")
    assert pilot.app.screen.flow.password is None
    await press(pilot, "n")
    await on_top(pilot, AccountForm)
    joins.error = Refused("Somebody has made PVE1$.")
    await press(pilot, *"another", "ctrl+o")
    await listening(pilot)
    await press(pilot, "end", "y")
    await until(pilot, lambda: joins.asked == 2)


async def test_a_join_that_was_refused_shows_why_and_no_more_the_stop_before_it(pilot):
    joins = RefusedJoins()
    await refused(pilot, joins)
    stopped = replace(joins._report(pilot.app.screen.plan, State.DONE), stopped=True)
    await back_at_the_join(pilot)
    await told(pilot, "n shows the plan again.")
    screen = pilot.app.screen
    assert screen.flow.password is not None
    screen.flow.done = JoinDone(stopped, None, ("PVE1$ stays in the domain.",))
    screen.show()
    await sees(pilot, "PVE1$ is there since the plan was made", "PVE1$ stays in the domain.")
    assert "You stopped it" not in shown(pilot)


async def test_who_may_log_in_is_asked_before_the_plan_is_spoken_of(pilot):
    await opened(pilot, Joins())
    await check(pilot)
    await press(pilot, "n")
    await on_top(pilot, LoginsForm)
    await back_at_the_join(pilot)
    await told(pilot, "n asks who may log in; nobody is an answer, too.")
    await name_a_group(pilot)
    await told(pilot, "n goes on to the plan of the join.")


class StoppedJoins(Joins):
    """Somebody stops the join, and it is rolled back."""

    def apply(self, plan, **how):
        how["on_roll_back"](replace(plan, title=f"roll back the join to {DOMAIN}"))
        stopped = replace(self._report(plan, State.NOT_RUN), stopped=True)
        return JoinDone(stopped, self._report(plan, State.DONE))


async def test_a_join_that_somebody_stopped_is_not_told_as_gone_wrong(pilot, monkeypatch):
    heard = []
    monkeypatch.setattr(PlanScreen, "goes_on", lambda screen, sentence: heard.append(sentence))
    await opened(pilot, StoppedJoins())
    await to_the_plan(pilot)
    plan = pilot.app.screen
    await press(pilot, "end", "y")
    await until(pilot, lambda: plan._report is not None)
    await until(pilot, lambda: heard)
    assert heard == [f"LOOK  {GOES_BACK} roll back the join to {DOMAIN} ..."]
    await back_at_the_join(pilot)
    await told(pilot, "You stopped it. n asks for the password, and shows the plan anew.")
