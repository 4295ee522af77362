"""systemd's units on the simulated node, as far as a join knows them: sssd, realmd, packagekit.

sssd reads its configuration when it starts, and not again. Its unit is started five times in 50
seconds at most (`StartLimitBurst`, Debian 13), then it has failed until somebody resets that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

State = Literal["active", "inactive", "failed"]

BURST: Final = 5
WITHIN: Final = 50.0  # seconds
SSSD: Final = "sssd"
PACKAGE_OF: Final = {
    "sssd": "sssd-common",
    "sssd-kcm": "sssd-common",
    "realmd": "realmd",
    "packagekit": "packagekit",
    "oddjobd": "oddjob",
    "chrony": "chrony",
}
TOO_OFTEN: Final = (
    "Job for {0}.service failed because start of the service was attempted too often.\n"
    'See "systemctl status {0}.service" and "journalctl -xeu {0}.service" for details.\n'
    'To force a start use "systemctl reset-failed {0}.service"\n'
    'followed by "systemctl start {0}.service" again.'
)
DIED: Final = (
    "Job for {0}.service failed because the control process exited with error code.\n"
    'See "systemctl status {0}.service" and "journalctl -xeu {0}.service" for details.'
)
MASKED: Final = "Failed to {1} {0}.service: Unit {0}.service is masked."


@dataclass
class Unit:
    """`result`: why it failed, as systemd's Result says it."""

    state: State = "inactive"
    enabled: bool = True
    masked: bool = False
    result: str = "success"
    starts: list[float] = field(default_factory=list)


class Units:
    """`there(unit)`: its package is installed. `starts(unit)`: whether it runs when it is started;
    what it reads is read then.
    """

    def __init__(
        self,
        now: Callable[[], float],
        there: Callable[[str], bool],
        starts: Callable[[str], bool],
    ) -> None:
        self._now = now
        self._there = there
        self._starts = starts
        self._units: dict[str, Unit] = {"chrony": Unit("active")}

    def get(self, name: str) -> Unit | None:
        """None when there is no such unit. Those of a purged package are forgotten."""
        if not self._there(name):
            held = self._units.pop(name, None)
            if held and held.masked:
                self._units[name] = Unit(masked=True)
                return self._units[name]
            return None
        if name not in self._units:
            self._units[name] = Unit(enabled=name != "realmd")
        return self._units[name]

    def installed(self, name: str) -> bool:
        """Whether its package is: a unit can be masked without one."""
        return self._there(name)

    def mask(self, name: str, *, on: bool) -> None:
        unit = self.get(name) or self._units.setdefault(name, Unit())
        unit.masked = on

    def start(self, name: str, *, again: bool = False, refused: bool = False) -> str:
        """What systemctl complains of, "" for well done. `refused`: as if it were too often."""
        unit = self.get(name)
        if unit is None:
            return f"Failed to start {name}.service: Unit {name}.service not found."
        if unit.masked:
            return MASKED.format(name, "restart" if again else "start")
        if unit.state == "active" and not again:
            return ""
        recent = [time for time in unit.starts if time > self._now() - WITHIN]
        if refused or (name == SSSD and len(recent) >= BURST):
            unit.state, unit.result = "failed", "start-limit-hit"
            return TOO_OFTEN.format(name)
        unit.starts = [*recent, self._now()]
        if not self._starts(name):
            unit.state, unit.result = "failed", "exit-code"
            return DIED.format(name)
        unit.state, unit.result = "active", "success"
        return ""

    def stop(self, name: str) -> None:
        """What has failed stays failed."""
        unit = self.get(name)
        if unit is not None and unit.state == "active":
            unit.state = "inactive"

    def reset_failed(self, name: str) -> None:
        unit = self.get(name)
        if unit is not None:
            unit.starts.clear()
            unit.result = "success"
            if unit.state == "failed":
                unit.state = "inactive"
