"""Two users or API tokens side by side: where they differ, and in what; by keys alone."""

from __future__ import annotations

from screens.compare import CompareScreen
from screens.explain import ExplainScreen
from screens.pick import PickScreen
from tests.screens.conftest import (
    keys_shown,
    on_top,
    press,
    sees,
    settle,
    shown,
    status,
    table,
    type_text,
    until,
)
from widgets.detail_pane import DetailPane
from widgets.question import Question

ANNA, OMAR = "anna.admin@corp", "omar@corp"


async def ask(pilot, one=ANNA, other=OMAR):
    pilot.app.screen.compare(one, other)
    await settle(pilot)


def details(pilot):
    return " ".join(pilot.app.screen.query_one(DetailPane).text.split())


def questions(pilot):
    return [question.text for question in pilot.app.screen.query(Question)]


async def test_every_path_on_which_they_differ_has_a_row_and_the_privileges_stand_below(pilot):
    await ask(pilot)
    await until(pilot, lambda: "/vms/100" in keys_shown(pilot))
    table(pilot).go_to("/vms/100")
    await settle(pilot)
    pilot.app.screen._show_details()
    await until(pilot, lambda: "Only other VM.Backup" in details(pilot))
    await until(pilot, lambda: f"{ANNA} · {OMAR}" in details(pilot))
    await until(pilot, lambda: "web-01 on pve2" in details(pilot))


async def test_the_other_one_is_asked_for_and_p_takes_another(pilot):
    await ask(pilot, ANNA, "")
    await on_top(pilot, PickScreen)
    assert ANNA not in shown(pilot)
    await type_text(pilot, "omar@")
    await press(pilot, "enter")
    await until(pilot, lambda: pilot.app.screen.asked == (ANNA, OMAR))
    await press(pilot, "p")
    await type_text(pilot, "grafana")
    await press(pilot, "enter")
    await until(pilot, lambda: questions(pilot)[1].startswith("Other  mon@pve!grafana"))


async def test_the_same_rights_are_told(pilot):
    await ask(pilot, OMAR, OMAR)
    await until(pilot, lambda: "They may do the same everywhere." in details(pilot))


async def test_somebody_who_does_not_exist_is_told_calmly(pilot):
    await ask(pilot, ANNA, "nobody at all")
    await until(pilot, lambda: "nobody at all" in details(pilot))
    await until(pilot, lambda: table(pilot).total == 0)


async def test_enter_opens_a_row_f_saves_all_and_c_shows_lines_for_a_shell(pilot, tmp_path):
    await ask(pilot)
    await press(pilot, "enter")
    await sees(pilot, "Only other")
    await press(pilot, "escape", "f")
    await until(pilot, lambda: status(pilot).startswith("Saved as"))
    (saved,) = (tmp_path / "saved").iterdir()
    assert saved.read_text().startswith("Path,Only one,Only other,Both")
    await press(pilot, "c")
    await sees(pilot, "pveum user permissions omar@corp --path")


async def test_b_on_an_explanation_compares_its_subject(pilot):
    pilot.app.screen.explain(ANNA, "/vms/100", "VM.PowerMgmt")
    await settle(pilot)
    await press(pilot, "b")
    await on_top(pilot, PickScreen)
    assert isinstance(pilot.app.house_screen, CompareScreen)
    await press(pilot, "escape", "escape")
    await on_top(pilot, ExplainScreen)
