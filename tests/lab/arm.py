"""Run inside the machine: a change that takes itself back in a second, and one that was kept."""

from __future__ import annotations

import sys

from pve_auth_tui.adapters.clock import SystemClock
from pve_auth_tui.adapters.saved import FileSaved
from pve_auth_tui.adapters.timers import SystemdTimers
from pve_auth_tui.core.applied import Applied
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.takeback import Changed
from pve_auth_tui.environment import own_folder

CHANGES = (Changed(Key("group", "ops"), None, {"comment": "", "members": ""}),)


def main(program: str) -> None:
    clock = SystemClock()
    saved = FileSaved(own_folder(), clock)
    # Where this project lies is not for the test to choose: it may be open to others.
    timers = SystemdTimers((sys.executable, "-I", program), changeable_by_others=lambda command: "")
    if problem := timers.problem():
        raise SystemExit(problem)
    for name, seconds in (("fires", 1.0), ("kept", 600.0)):
        end = clock.now() + seconds
        saved.put(Applied(name, f"add group {name}", clock.now(), CHANGES, armed_until=end))
        timers.arm(name, seconds)
    timers.disarm("kept")
    timers.disarm("kept")  # one that is gone is none


if __name__ == "__main__":
    main(sys.argv[1])
