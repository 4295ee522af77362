"""The whole matrix: which way in survives what, how many are independent, what needs a look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.proofs import Mark
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.survive.cell import Cell
from pve_auth_tui.core.survive.cells import cell
from pve_auth_tui.core.survive.drills import drill_finding, last_mark
from pve_auth_tui.core.survive.independence import independent
from pve_auth_tui.core.survive.threat import Threat
from pve_auth_tui.core.survive.way import CONSOLE, First, Way
from pve_auth_tui.core.survive.waysin import Without, entrances
from pve_auth_tui.core.words import count_words, thousands

ENOUGH: Final = 2
"""Independent ways in; fewer need a look."""

_NAMED: Final = 4  # in one sentence
_ANOTHER: Final = (
    "Give another administrator a way in that something else takes: a key beside TOTP, a local"
    " account beside a directory."
)
_UNSEEN: Final = "Whether root could use an SSH key cannot be seen from here."
_BY_CONSOLE: Final = "As root at the console or over SSH: `pve-auth-tui recover`."


class Row(NamedTuple):
    """A way in with its cells; `mark`: when it was last seen to work, if ever."""

    way: Way
    cells: Mapping[Threat, Cell]
    mark: Mark | None


class Column(NamedTuple):
    """How many ways in survive a trouble, and of how many that cannot be told; `people`: how many
    of those that do are logins to PVE, and not the console.
    """

    threat: Threat
    alive: int
    unknown: int
    people: int


@dataclass(frozen=True)
class Survival:
    """`independent`: a largest set of independent ways in (`core.survive.independence`).

    `without`: administrators who have none today. `findings`: the worst first; the first one tells
    of the number of independent ways in.
    """

    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    independent: tuple[Way, ...]
    without: tuple[Without, ...]
    findings: tuple[Finding, ...]

    @property
    def needs_look(self) -> bool:
        return any(finding.word in ("BAD", "LOOK") for finding in self.findings)


def survival(snapshot: Snapshot, now: float) -> Survival:
    """The matrix of a picture; `now` in seconds since 1970."""
    found = entrances(snapshot, now)
    rows = tuple(
        Row(
            way,
            {threat: cell(snapshot, way, threat) for threat in Threat},
            last_mark(snapshot, way),
        )
        for way in found.ways
    )
    columns = tuple(_column(threat, rows) for threat in Threat)
    apart = independent([(row.way, row.cells) for row in rows])
    findings = (
        _number(apart),
        *sorted(_nobody(columns), key=lambda one: one.word != "BAD"),
        *_kept_out(found.without),
        drill_finding([(row.way, row.mark) for row in rows], now),
    )
    return Survival(rows, columns, apart, found.without, findings)


def _column(threat: Threat, rows: Sequence[Row]) -> Column:
    alive = [row.way for row in rows if row.cells[threat].word == "yes"]
    unknown = sum(row.cells[threat].word == "unknown" for row in rows)
    people = sum(way.first is not First.CONSOLE for way in alive)
    return Column(threat, len(alive), unknown, people)


def _number(apart: Sequence[Way]) -> Finding:
    number = len(apart)
    if not number:
        return Finding("BAD", "no way in is known to work", _BY_CONSOLE)
    named = ", ".join(f"{way.userid} ({way.shown})" for way in apart[:_NAMED])
    more = f" and {thousands(number - _NAMED)} more" if number > _NAMED else ""
    if number < ENOUGH:
        return Finding("BAD", f"only 1 independent way in: {named}", _ANOTHER)
    return Finding("ok", f"{thousands(number)} independent ways in: {named}{more}")


def _nobody(columns: Sequence[Column]) -> Iterator[Finding]:
    for column in columns:
        title = column.threat.title
        if column.alive and not column.people:
            yield Finding("LOOK", f"{title}: only the {CONSOLE} or SSH as root is left", _ANOTHER)
        elif not column.alive and column.unknown:
            yield Finding("LOOK", f"{title}: not known whether anybody gets in", _ANOTHER)
        elif not column.alive:
            yield Finding("BAD", f"{title}: nobody gets in", f"{_ANOTHER} {_UNSEEN}")


def _kept_out(without: Sequence[Without]) -> Iterator[Finding]:
    if without:
        number = count_words(len(without), "administrator has", "administrators have")
        named = "; ".join(f"{one.userid} {one.reason}" for one in without[:_NAMED])
        more = f"; and {thousands(len(without) - _NAMED)} more" if len(without) > _NAMED else ""
        yield Finding("-", f"{number} no way in today: {named}{more}")
