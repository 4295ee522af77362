"""`undo [ID]`: takes a change back that this program made. `undo --list` shows which there are."""

from __future__ import annotations

import argparse
import sys
from typing import Final

from pve_auth_tui.actions import once
from pve_auth_tui.actions.plainjson import applied_json
from pve_auth_tui.actions.running import carry_out
from pve_auth_tui.arguments import OK
from pve_auth_tui.core.applied import Applied
from pve_auth_tui.core.listing import Column
from pve_auth_tui.core.words import date_time
from pve_auth_tui.output import complain, json_line, table, terminal_width
from pve_auth_tui.services.plans import PlanService
from pve_auth_tui.workshop import Workshop

_COLUMNS: Final = (
    Column("ID", 22),
    Column("Time", 16),
    Column("Change", 20, grow=True),
    Column("State", 12, grow=True),
)


def run(options: argparse.Namespace, workshop: Workshop) -> tuple[int, str]:
    """The exit code and what goes to stdout. Raises what planning and applying raise, Unreadable
    when a record cannot be read, and Refused when there is nothing to take back.
    """
    if options.list:
        return OK, _listed(options, workshop.plans)
    outcome = carry_out(workshop.plans.undo(options.id), options, workshop)
    once.handed_over(outcome, options, workshop)  # a token that is back has another secret
    return outcome.code, outcome.text


def _listed(options: argparse.Namespace, plans: PlanService) -> str:
    plans.armed()  # what should have been taken back and was not goes into the journal
    history = plans.history()
    complain(plans.caution())
    if options.json:
        return json_line([applied_json(one, missed=plans.missed(one)) for one in history])
    if not history:
        return "Nothing was changed with this program yet, so there is nothing to take back.\n"
    rows = [(one.id, date_time(one.time), one.title, _state(one, plans)) for one in history]
    return table(_COLUMNS, rows, terminal_width(sys.stdout))


def _state(applied: Applied, plans: PlanService) -> str:
    if plans.missed(applied):
        return "WAS NOT TAKEN BACK in time"
    if applied.armed_until is not None:
        return f"taken back at {date_time(applied.armed_until)} unless kept"
    if applied.undone:
        return "taken back"
    if applied.purged:
        return "what undo needs was removed"
    return "done" if applied.complete else "its end was not seen"
