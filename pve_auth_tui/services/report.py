"""What came of a plan: step by step, as it was told while it ran, and as it was read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, NamedTuple

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.host.done import HostDone
from pve_auth_tui.core.host.trouble import HostTrouble
from pve_auth_tui.core.node import Node
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.plan import HostFile, HostStep, Plan, Step
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.upid import parse

_LONGEST: Final = 128  # characters of a value that is recorded
_RECORDED: Final = ("id", "full-tokenid", "tokenid", "task")
"""Of an answer only these fields are ever written down: the others may hold secrets (R8)."""


class State(Enum):
    """UNSURE: no answer came, and reading back did not show whether it was carried out."""

    RUNS = "runs"
    DONE = "done"
    FAILED = "failed"
    UNSURE = "unsure"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class StepResult:
    """`error`: why it failed, was not run, or nobody knows. `seen`: no answer came, and reading
    back showed that it was carried out (True) or not (False). `answer` is PVE's, with its secrets.
    `ended`: it names a task, which was followed to its end.
    """

    step: Step
    state: State
    error: AuthTuiError | None = None
    answer: Any = field(default=None, repr=False)
    seen: bool | None = None
    ended: bool = False

    @property
    def told(self) -> str:
        """What may be written down of the answer: `id=recovery`, the name of a task."""
        return told(self.answer)

    @property
    def remark(self) -> str:
        """What should not pass unseen of a step on the node that was done; "" for nothing."""
        return self.answer.remark if isinstance(self.answer, HostDone) else ""

    @property
    def left_alone(self) -> bool:
        """It changed nothing, for all that is known: a command that failed may have, in part."""
        ran = isinstance(self.error, HostTrouble) and self.error.said is not None
        return self.state in {State.FAILED, State.NOT_RUN} and not ran

    @property
    def task(self) -> str:
        """The task that goes on with it in the background; "" for none."""
        is_task = isinstance(self.answer, str) and parse(self.answer) is not None
        return self.answer if is_task and not self.ended else ""


class Progress(NamedTuple):
    """Step `number` of `of` begins or goes on (RUNS) with an untrusted `line`, or has ended."""

    number: int
    of: int
    step: Step
    state: State
    line: str = ""


@dataclass(frozen=True)
class Report:
    """`id` names it for undo. `differences`: where the node is not as foretold; `others`: what
    somebody else changed meanwhile; both sentences, with names of PVE's in them. `snapshot` and
    `node`: how it is now, or was before when it could not be read back. `deadline`: when it takes
    itself back (seconds since 1970). `undoable`: there is something to take back, and a way.
    `stopped`: it was ended between two steps because somebody wanted that. `remarks`: sentences
    about the record of it, such as a cluster log that did not take it.
    """

    id: str
    plan: Plan
    results: tuple[StepResult, ...]
    differences: tuple[str, ...]
    others: tuple[str, ...]
    snapshot: Snapshot
    node: Node
    deadline: float | None = None
    undoable: bool = False
    stopped: bool = False
    remarks: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Every step was carried out, and the node is as it was foretold."""
        return not self.differences and all(one.state is State.DONE for one in self.results)

    @property
    def nothing_done(self) -> bool:
        """No step was carried out, for all that is known."""
        return all(one.left_alone for one in self.results)

    @property
    def is_of_node(self) -> bool:
        """Every step is about the node's operating system: no picture of PVE shows any of it."""
        return all(isinstance(one.step, HostStep | HostFile) for one in self.results)

    @property
    def told_once(self) -> tuple[tuple[str, Secret], ...]:
        """Full token id and secret of the API tokens made: PVE never tells a secret again."""
        answers = [one.answer for one in self.results if isinstance(one.answer, Mapping)]
        return tuple(
            (str(answer.get("full-tokenid", "")), Secret(answer["value"]))
            for answer in answers
            if isinstance(answer.get("value"), str)
        )

    @property
    def trouble(self) -> StepResult | None:
        """The step at which it ended before its end."""
        return next((one for one in self.results if one.state is not State.DONE), None)


def told(answer: Any) -> str:
    """The fields of an answer that may be written down, or the name of a task."""
    if isinstance(answer, str) and parse(answer) is not None:
        answer = {"task": answer}
    if not isinstance(answer, Mapping):
        return ""
    found = {name: answer.get(name) for name in _RECORDED}
    return " ".join(
        f"{name}={plain(value[:_LONGEST])}"
        for name, value in found.items()
        if isinstance(value, str) and value
    )
