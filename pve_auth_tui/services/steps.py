"""The steps of a plan, one after the other: intent, step, result (security.md R16).

Nothing is run whose intent is not on disk, nothing after a failure, and nothing raw is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

from pve_auth_tui.core.apitrouble import explained
from pve_auth_tui.core.commands import shown
from pve_auth_tui.core.errors import ApiError, AuthTuiError, Refused, Unreachable, Unwritable
from pve_auth_tui.core.host.trouble import HostTrouble
from pve_auth_tui.core.journal import Entry
from pve_auth_tui.core.keytrouble import KeyTrouble
from pve_auth_tui.core.plan import Step, SyncCall
from pve_auth_tui.core.ports import Journal, Runner
from pve_auth_tui.core.predict import forecast
from pve_auth_tui.core.readback import happened
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.sync.tasktrouble import task_trouble
from pve_auth_tui.services.following import Follower
from pve_auth_tui.services.report import Progress, State, StepResult

OnProgress = Callable[[Progress], None]

_STOPPED: Final = "You stopped it before PVE had written anything."
_WORDS: Final = {State.FAILED: "failed", State.UNSURE: "unsure", State.NOT_RUN: "not run"}


@dataclass(frozen=True)
class Story:
    """One plan's entries in the journal, all under its id and title.

    `remarks`: why some place did not take them although another did (the cluster's log), and what
    else is to be said about the record.
    """

    journal: Journal
    plan: str
    title: str
    remarks: dict[str, None] = field(default_factory=dict)

    def tell(self, event: Entry) -> None:
        """Raises Unwritable."""
        kept = self.journal.write(replace(event, plan=self.plan, title=self.title))
        self.remark(*kept.problems)

    def remark(self, *sentences: str) -> None:
        """Each is told once; "" is nothing."""
        self.remarks.update(dict.fromkeys(filter(None, sentences)))


def entry(
    event: str, *, step: int = 0, text: str = "", outcome: str = "", reason: str = ""
) -> Entry:
    """An entry without the plan's name, which its Story adds."""
    return Entry(event, "", "", step, text, outcome, reason)  # type: ignore[arg-type]


def run_steps(
    steps: Sequence[Step],
    runner: Runner,
    story: Story,
    *,
    user: str,
    title: str,
    stopped: Callable[[], bool],
    on_progress: OnProgress,
    follower: Follower | None = None,
) -> tuple[tuple[StepResult, ...], AuthTuiError | None]:
    """The result of every step, and what the journal did not take, if anything. A sync is followed
    to the end of its task by `follower`.

    Raises what is none of our errors, after it was journalled: that is a bug.
    """
    results: list[StepResult] = []
    trouble: AuthTuiError | None = None
    for number, step in enumerate(steps, 1):
        if stopped():  # nobody is told of a step that does not begin
            break
        on_progress(Progress(number, len(steps), step, State.RUNS))
        if stopped():  # asked again after the progress was told: whoever hears it may say stop
            break
        try:
            story.tell(entry("intent", step=number, text=shown(step)))
        except Unwritable as error:
            trouble = error
            break

        def on_line(line: str, number: int = number, step: Step = step) -> None:
            on_progress(Progress(number, len(steps), step, State.RUNS, line))

        action = title if len(steps) == 1 else f"carry out step {number} of {len(steps)}"
        try:
            answer = runner.run(step, on_line)
            result = StepResult(step, State.DONE, None, answer)
            if follower and result.task and isinstance(step, SyncCall):
                result = _followed(result, follower, on_line, stopped, (action, user))
        except AuthTuiError as error:
            result = _failed(step, error, action, user)
        except BaseException as error:
            _tell_bug(story, number, error)
            raise
        results.append(result)
        try:
            story.tell(entry("result", step=number, text=result.told, outcome=outcome_of(result)))
        except Unwritable as error:
            trouble = error
        on_progress(Progress(number, len(steps), step, result.state))
        if trouble or result.state is not State.DONE:
            break
    rest = [StepResult(step, State.NOT_RUN) for step in steps[len(results) :]]
    if rest and trouble:
        rest[0] = replace(rest[0], error=trouble)
    return (*results, *rest), trouble


def _failed(step: Step, error: AuthTuiError, action: str, user: str) -> StepResult:
    told = explained(error, action=action, user=user) if isinstance(error, ApiError) else error
    unsure = isinstance(told, Unreachable | HostTrouble) and told.unsure
    return StepResult(step, State.UNSURE if unsure else State.FAILED, told)


def _followed(
    result: StepResult,
    follower: Follower,
    on_line: Callable[[str], None],
    stopped: Callable[[], bool],
    told_as: tuple[str, str],
) -> StepResult:
    """What came of the task. Where nobody could look, reading back may show it."""
    try:
        end = follower.follow(result.task, on_line, stopped)
    except AuthTuiError as error:
        return replace(result, state=State.UNSURE, error=error)
    if end is None or not end.ended:
        return result
    result = replace(result, ended=True)
    if end.ok:
        return result
    if stopped():
        why: AuthTuiError = Refused(_STOPPED, "", end.exitstatus)
    else:
        why = task_trouble(end.exitstatus, *told_as)
    return replace(result, state=State.FAILED, error=why)


def _tell_bug(story: Story, number: int, error: BaseException) -> None:
    """Its kind alone: nobody knows what else it says."""
    outcome = f"broken off: {type(error).__name__}"
    with suppress(Unwritable):
        story.tell(entry("result", step=number, outcome=outcome))
        story.tell(entry("end", outcome=outcome))


def outcome_of(result: StepResult) -> str:
    """For the journal: `ok`, `failed: Refused`; of an error its kind alone (R8)."""
    seen = "" if result.seen is None else ", seen by reading back"
    if result.state is State.DONE:
        return f"ok{seen}"
    return f"{_WORDS[result.state]}{_kind_of(result.error)}{seen}"


def _kind_of(error: AuthTuiError | None) -> str:
    if isinstance(error, KeyTrouble):
        return f": KeyTrouble {error.kind.value}"
    if isinstance(error, HostTrouble):
        return " ".join((": HostTrouble", *(cause.value for cause in error.causes)))
    return f": {type(error).__name__}" if error else ""


def looked_at(
    results: Sequence[StepResult], before: Snapshot, now: Snapshot, *, at: float
) -> tuple[StepResult, ...]:
    """The same, where nobody knew whether a step was carried out and the node now shows it.

    `at`: when the plan was begun, seconds since 1970: by now a code may be too old.
    """
    looked = list(results)
    for number, result in enumerate(results):
        if result.state is State.UNSURE:
            done = [one.step for one in results[:number]]
            prior = forecast(before, done, now=at).snapshot
            then = forecast(prior, (result.step,), now=at).snapshot
            seen = happened(prior, then, now)
            if seen is not None:
                state = State.DONE if seen else State.FAILED
                looked[number] = replace(result, state=state, seen=seen)
    return tuple(looked)
