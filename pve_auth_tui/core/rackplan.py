"""What a rack wants of PVE: one plan to agree to, and each cell's own when its key is there. Pure.

A cell can only be carried out while its key is plugged in, so each is applied by itself. That our
own cells before it have changed the node is no news; everything else is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.intents.factors import add_key
from pve_auth_tui.core.plan import ApiCall, Draft, Intent, Plan, Step
from pve_auth_tui.core.planning import together
from pve_auth_tui.core.predict import forecast
from pve_auth_tui.core.rack import Place, Rack, State
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.words import count_words

_IF_ENDED: Final = Finding(
    "-",
    "Each key is carried out when it is plugged in. One that is ended before it is stored leaves"
    " no entry; a mark stays in user.cfg (keys=x), which does nothing.",
)


@dataclass(frozen=True)
class Agreed:
    """The plan of `places` that somebody said yes to, with the word that it asked for, if any:
    a cell asks for no more than the whole does, so its own is typed by the program.
    """

    plan: Plan
    places: tuple[Place, ...]


def wanted(rack: Rack) -> Intent:
    """Everything that is still open, in one plan."""
    open_cells = rack.unfinished
    keys = count_words(len(open_cells), "security key", "security keys")
    people = len({place.person for place in open_cells})
    title = f"enrol {keys} for {count_words(people, 'user', 'users')}"
    each = together([of_cell(rack, place) for place in open_cells], title)

    def intent(snapshot: Snapshot) -> Draft:
        draft = each(snapshot)
        notes = [note for note in draft.notes if note.word != "-"]  # the same for everybody
        return draft._replace(notes=(*notes, _IF_ENDED))

    return intent


def of_cell(rack: Rack, place: Place) -> Intent:
    """One key for one person."""
    return add_key(rack.userid(place), rack.description(place))


def foreseen(rack: Rack, agreed: Agreed, now: float) -> Snapshot:
    """The picture that the plan was agreed to with, and our own cells since carried out on it.

    `now` in seconds since 1970. Raises what the intents raise.
    """
    done = [place for place in agreed.places if rack.cell(place).state is State.STORED]
    picture = agreed.plan.before
    for place in sorted(done, key=lambda place: rack.cell(place).at):
        draft = of_cell(rack, place)(picture)
        picture = forecast(picture, draft.steps, now=now).snapshot
    return picture


def says_no_more(now: Plan, foretold: Plan) -> bool:
    """Whether a cell's plan does and warns of nothing that was not foretold of it."""
    return (
        _calls(now.steps) == _calls(foretold.steps)
        and now.refusal == foretold.refusal
        and set(now.changes) <= set(foretold.changes)
        and _warnings(now) <= _warnings(foretold)
        and set(now.back.lost) <= set(foretold.back.lost)
    )


def _calls(steps: tuple[Step, ...]) -> list[object]:
    return [
        (step.method, step.path, dict(step.params)) if isinstance(step, ApiCall) else step
        for step in steps
    ]


def _warnings(plan: Plan) -> set[str]:
    return {finding.text for finding in plan.findings if finding.word in {"BAD", "LOOK"}}
