"""What becomes of a step on the node that runs when somebody says stop."""

from __future__ import annotations

from typing import Final

from pve_auth_tui.core.host.goals import Installed, Joined, NotJoined, Purged
from pve_auth_tui.core.plan import HostStep, Step

ORDINARY: Final = "Esc: the running step ends, no other starts."
GOES_BACK: Final = "It is being taken back, to the end: that is not stopped."
_STOPS: Final = "The running step ends, no other starts ..."


def while_it_runs(step: Step) -> str:
    """What a stop would do, said before anybody wants it."""
    match step:
        case HostStep(goal=Joined()):
            return (
                "realmd joins now, and cannot be stopped. Esc: when it has ended, no step starts."
            )
        case HostStep(goal=NotJoined()):
            return "realmd leaves now, and cannot be stopped. Esc: no other step starts."
        case HostStep(goal=Installed() | Purged()):
            return "apt works now, and is not stopped in a package. Esc: no other step starts."
    return ORDINARY


def when_stopped(step: Step | None) -> str:
    """What happens now that somebody has said it."""
    match step:
        case HostStep(goal=Joined()):
            return (
                "The join goes on in realmd: its end is waited for, and then it is taken back ..."
            )
        case HostStep(goal=NotJoined()):
            return "realmd goes on leaving: its end is waited for, no other step starts ..."
        case HostStep(goal=Installed() | Purged()):
            return "apt goes on to its end, so that no package is left half done ..."
    return _STOPS
