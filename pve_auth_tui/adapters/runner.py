"""Carries out one step of a plan: the one place where a step's secrets leave for their goal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from pve_auth_tui.core.errors import AuthTuiError, Refused
from pve_auth_tui.core.host.ports import OnLine
from pve_auth_tui.core.masked import masked, without
from pve_auth_tui.core.plan import (
    ApiCall,
    DatabaseEdit,
    FileSwap,
    HostCommand,
    HostFile,
    HostStep,
    KeyCall,
    Step,
)
from pve_auth_tui.core.ports import Api
from pve_auth_tui.core.secret import Secret

RunCommand = Callable[[HostCommand, Callable[[str], None]], int]
SwapFile = Callable[[FileSwap], None]
EditDatabase = Callable[[DatabaseEdit], None]


class StepsOnHost(Protocol):
    """Carries out steps that change the node's operating system (`services.hoststeps`)."""

    def run(self, step: HostStep | HostFile, on_line: OnLine) -> Any:
        """Raises HostTrouble for a goal that was not reached, Refused and Unwritable for a file."""


_SECONDS = 60.0  # PVE waits 10 s for a lock, for each of two at the most


class StepRunner:
    """A `core.ports.Runner`. `api` gives the way to PVE's API that is in use now.

    `run_command`, `swap_file`, `edit_database` and `host_steps` are there where this program runs
    on the node.
    """

    def __init__(
        self,
        api: Callable[[], Api | None],
        run_command: RunCommand | None = None,
        swap_file: SwapFile | None = None,
        edit_database: EditDatabase | None = None,
        host_steps: StepsOnHost | None = None,
    ) -> None:
        self._api = api
        self._run_command = run_command
        self._swap_file = swap_file
        self._edit_database = edit_database
        self._host_steps = host_steps

    def run(self, step: Step, on_line: Callable[[str], None]) -> Any:
        """What the node says to it; raises what the port says."""
        match step:
            case KeyCall():
                raise Refused("What a security key answers is made at the key alone.")
            case ApiCall():
                return self._call(step)
            case HostStep() | HostFile():
                if self._host_steps is None:
                    raise _elsewhere("The node's own system is changed")
                secret = step.stdin if isinstance(step, HostStep) else None
                return self._host_steps.run(step, _without(secret, on_line))
            case HostCommand():
                if self._run_command is None:
                    raise _elsewhere("Commands run")
                return self._run_command(step, _without(step.stdin, on_line))
            case DatabaseEdit():
                if self._edit_database is None:
                    raise _elsewhere("A database is edited")
                return self._edit_database(step)
            case FileSwap():
                if self._swap_file is None:
                    raise _elsewhere("Files are replaced")
                return self._swap_file(step)

    def _call(self, step: ApiCall) -> Any:
        api = self._api()
        if api is None:
            raise Refused("There is no way to PVE's API yet, so nothing was changed.", "r looks.")
        if step.method == "GET":
            raise Refused("A step that reads is none of a plan.")
        try:
            return api.call(step.method, step.path, step.params, step.secrets, seconds=_SECONDS)
        except AuthTuiError as error:
            without(error, step.secrets.values())
            raise


def _without(secret: Secret | None, on_line: Callable[[str], None]) -> Callable[[str], None]:
    """A command that repeats its secret is not heard."""
    return (lambda line: on_line(masked(line, [secret]))) if secret else on_line


def _elsewhere(what: str) -> Refused:
    return Refused(f"{what} on the node itself only.", "Start this program there, as root.")
