"""Steps on the node's operating system: run, heard, kept, and looked at afterwards (host.md 6).

The exit code is one witness among others: `realm join` says 0 with a dead sssd, and goes on in
realmd after its client has ended. What counts is whether the step's goal is reached.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Final, NamedTuple, Protocol

from pve_auth_tui.core.commands import shown
from pve_auth_tui.core.errors import AuthTuiError, CommandFailed, Missing, ToolMissing
from pve_auth_tui.core.host.doing import doing
from pve_auth_tui.core.host.done import HostDone
from pve_auth_tui.core.host.goals import Active, Ended, FileIs, Goal, Joined, Sight
from pve_auth_tui.core.host.ports import Host, OnLine, Said
from pve_auth_tui.core.host.trouble import HostTrouble
from pve_auth_tui.core.join.causes import JoinCause
from pve_auth_tui.core.join.outcomes import classify, succeeded_but
from pve_auth_tui.core.join.words import advice
from pve_auth_tui.core.masked import masked
from pve_auth_tui.core.plan import HostFile, HostStep
from pve_auth_tui.services.hostgoals import look_for

_ALONE: Final = 10  # looks in a row at which realmd has no helper
_REALMD: Final = (  # its processes, one number a line: cgroup v2, and v1
    "sys/fs/cgroup/system.slice/realmd.service/cgroup.procs",
    "sys/fs/cgroup/systemd/system.slice/realmd.service/cgroup.procs",
)
_SLOW: Final = (Active, Joined)


class Patience(NamedTuple):
    """In seconds. `settles`: what a service may need until what it was told is seen; `quiet`: how
    long realmd may still work after its client was ended; `between`: two looks.
    """

    settles: float = 20.0
    quiet: float = 60.0
    between: float = 0.5


AT_ONCE: Final = Patience(settles=0.0, between=0.0)
"""For a node in which nothing happens by itself: the demo's."""


class Record(Protocol):
    """What one command said, line by line, for whoever looks later."""

    @property
    def name(self) -> str:
        """Where it is, "" for nowhere."""

    def line(self, text: str) -> None:
        """Never raises: a full disk ends no join."""

    def close(self) -> None:
        """No more lines."""


class Records(Protocol):
    """Keeps what commands said, each in a file of its own that only we can read."""

    def begin(self, title: str) -> Record:
        """For one command; never raises."""


class NoRecord(NamedTuple):
    """Keeps nothing: the demo's, and a test's."""

    name: str = ""

    def begin(self, title: str) -> NoRecord:
        return self

    def line(self, text: str) -> None:
        """Not kept."""

    def close(self) -> None:
        """Nothing was open."""


class HostSteps:
    """An `adapters.runner.StepsOnHost`. `pause` waits so many seconds; `now` counts them."""

    def __init__(
        self,
        host: Host,
        records: Records | None = None,
        *,
        pause: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
        patience: Patience = Patience(),  # noqa: B008 (frozen)
    ) -> None:
        self._patience = patience
        self._host = host
        self._records = records or NoRecord()
        self._pause = pause
        self._now = now

    def run(self, step: HostStep | HostFile, on_line: OnLine) -> HostDone:
        """Raises HostTrouble when the goal was not reached; Refused and Unwritable for a file."""
        return self._file(step) if isinstance(step, HostFile) else self._command(step, on_line)

    # --- a file ----------------------------------------------------------------------------

    def _file(self, step: HostFile) -> HostDone:
        self._host.write(step.path, step.content, step.mode, step.expected)
        wanted = "" if step.content is None else sha256(step.content.encode()).hexdigest()
        sight = look_for(FileIs(step.path, wanted), self._host)
        if not sight.reached:
            raise HostTrouble(
                f"{step.path} does not hold what was written to it.",
                "Look at it, and at who else writes to it.",
            )
        return HostDone(sight)

    # --- a command ---------------------------------------------------------------------------

    def _command(self, step: HostStep, on_line: OnLine) -> HostDone:
        record = self._records.begin(shown(step))
        secrets = () if step.stdin is None else (step.stdin,)

        def both(line: str) -> None:
            line = masked(line, secrets)
            record.line(line)
            on_line(line)

        try:
            said = self._host.ask(step.argv, stdin=step.stdin, seconds=step.seconds, on_line=both)
        except ToolMissing as error:
            raise HostTrouble(
                str(error), error.hint, causes=(JoinCause.TOOL_MISSING,), record=record.name
            ) from error
        except CommandFailed as error:
            raise HostTrouble(str(error), error.hint, error.original) from error
        finally:
            record.close()
        said = said._replace(
            out=tuple(masked(line, secrets) for line in said.out),
            err=tuple(masked(line, secrets) for line in said.err),
        )
        if isinstance(step.goal, Ended):
            sight = Sight(said.code == 0, "")
        else:
            cut_off = said.code is None or said.code < 0  # it alone, not what it had begun
            quiet = not cut_off or self._is_quiet(said)
            sight = self._seen(step.goal, patient=cut_off or said.code == 0)
            if not sight.reached and not quiet:
                raise _trouble(step, said, sight, record.name, unsure=True)
        if not sight.reached:
            raise _trouble(step, said, sight, record.name)
        remark = "" if said.code == 0 else f"{_ended(said)} All the same it did what it is for."
        return HostDone(sight, said, remark, record.name, _causes(said, step.argv))

    def _seen(self, goal: Goal, *, patient: bool) -> Sight:
        """What there is of the goal; a service that starts gets a moment. Never raises ours."""
        until = self._now() + (
            self._patience.settles if patient and isinstance(goal, _SLOW) else 0.0
        )
        while True:
            try:
                sight = look_for(goal, self._host)
            except AuthTuiError as error:
                sight = Sight(False, f"It could not be looked at: {error}")
            if sight.reached or self._now() >= until:
                return sight
            self._pause(self._patience.between)

    def _is_quiet(self, said: Said) -> bool:
        """Whether what was asked of realmd has come to its end there, after some waiting.

        realmd works on when its client has ended, with helpers (adcli) beside it; when it has done
        nothing for a while it ends by itself.
        """
        if said.tool != "realm":
            return True
        until = self._now() + self._patience.quiet
        alone = 0
        while self._now() < until:
            alone = alone + 1 if self._realmd_is_alone() else 0
            if alone >= _ALONE:
                return True
            self._pause(self._patience.between)
        return False

    def _realmd_is_alone(self) -> bool:
        for path in _REALMD:
            try:
                return len(self._host.files.read(path).split()) <= 1
            except Missing:
                continue
            except AuthTuiError:
                return False
        return True  # it does not run


def _ended(said: Said) -> str:
    if said.code is None:
        return f"{said.tool} did not end in time."
    if said.code < 0:
        return f"{said.tool} was ended by signal {-said.code}."
    return f"{said.tool} ended with exit code {said.code}."


def _trouble(
    step: HostStep, said: Said, sight: Sight, record: str, *, unsure: bool = False
) -> HostTrouble:
    """What the user is told: how it ended, what is (not) so now, and what is known of why."""
    told = [_ended(said)]
    if sight.text:
        told.append(sight.text if said.code != 0 else f"Yet: {sight.text}")
    causes = _causes(said, step.argv)
    if causes and causes[0] in _PLAIN:
        told.append(advice(causes[0]).what)
    hint = "All it said is shown below"
    if unsure:
        hint = "realmd may still be at work: look again before anything is repeated"
    where = f", and kept in {record}." if record else "."
    return HostTrouble(
        " ".join(told),
        hint + where,
        said.text,
        causes=causes,
        said=said,
        unsure=unsure,
        record=record,
    )


_PLAIN: Final = frozenset(
    {
        JoinCause.WRONG_PASSWORD,
        JoinCause.UNKNOWN_USER,
        JoinCause.APT_LOCKED,
    }
)
"""What is told in words at once: nobody reads it out of what a tool printed."""


def _causes(said: Said, argv: Sequence[str]) -> tuple[JoinCause, ...]:
    """Why, by what it printed; where it said that all is well, by what it said beside that."""
    what = doing(argv)
    if what == "other":
        return ()
    return classify(said, what) or succeeded_but(said, what)
