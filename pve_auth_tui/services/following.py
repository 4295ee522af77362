"""A sync is followed to its end: what it does PVE does in a task, after the call was answered."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.ports import Api
from pve_auth_tui.core.sync.dryrun import Thinned
from pve_auth_tui.core.upid import parse
from pve_auth_tui.services.tasks import TaskEnd, TaskService

_SECONDS: Final = 3600.0
_TO_STOP: Final = 30.0  # seconds until PVE has ended a task that was told to stop
_STOPPING: Final = (
    "Stopping PVE's task. It writes users and groups in one go at its end, so nothing is half done."
)


class Follower:
    """Blocking. `api` gives the way to PVE in use; `wait` sleeps some seconds."""

    def __init__(
        self, api: Callable[[], Api | None], *, wait: Callable[[float], None] = time.sleep
    ) -> None:
        self._api = api
        self._wait = wait

    def follow(
        self, upid: str, on_line: Callable[[str], None], stopped: Callable[[], bool]
    ) -> TaskEnd | None:
        """How the task ended; None where there is no way to look. When somebody says stop PVE is
        told to end it, and what came of that is waited for. Raises what `Api.call` raises.
        """
        api = self._api()
        if api is None:
            return None
        tasks, thinned = TaskService(api, wait=self._wait), Thinned()

        def tell(line: str) -> None:
            if text := thinned.told(line):
                on_line(text)

        end = tasks.follow(upid, tell, stopped, _SECONDS)
        if end.ended or not stopped():
            return end
        on_line(_STOPPING)
        task = parse(upid)
        if task is not None:
            with suppress(AuthTuiError):  # it may have ended by itself just now
                api.call("DELETE", ("nodes", task.node, "tasks", upid))
        return tasks.follow(upid, seconds=_TO_STOP)
