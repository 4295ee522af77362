"""Demo stories about what stands around the node: the directory of realm corp and the provider."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pve_auth_tui.simnode.outside import DC1, DC2, PROVIDER, Outside


@dataclass(frozen=True)
class _OutsideSwitch:
    """`fault` stands at all these hosts, or at none."""

    name: str
    text: str
    fault: str
    hosts: tuple[str, ...] = (DC1, DC2)


_SWITCHES: Final = (
    _OutsideSwitch("directory down", "no server of realm corp takes connections", "refused"),
    _OutsideSwitch("empty answer", "the directory of realm corp sends nobody", "empty answer"),
    _OutsideSwitch("sync cut", "the directory sends 50 entries and no more", "size limit"),
    _OutsideSwitch(
        "certificate ended", "the certificates of the directory have ended", "expired certificate"
    ),
    _OutsideSwitch(
        "TLS 1.3 only", "the directory speaks it alone, PVE asks for 1.2", "tls 1.3 only"
    ),
    _OutsideSwitch(
        "provider down", "realm entra's provider answers with errors", "unavailable", (PROVIDER,)
    ),
    _OutsideSwitch(
        "secret expired",
        "the client secret of realm entra has expired",
        "secret expired",
        (PROVIDER,),
    ),
)


class OutsideStories:
    """What `stories.DemoStories` has of them."""

    def __init__(self, outside: Outside) -> None:
        self._faults = outside.faults

    @property
    def switches(self) -> tuple[tuple[str, str, bool], ...]:
        """Name, text, and whether it is broken now."""
        return tuple((one.name, one.text, self._is_on(one)) for one in _SWITCHES)

    def turn(self, name: str, *, on: bool) -> None:
        """Break it, or mend it; an unknown name does nothing."""
        for one in _SWITCHES:
            if one.name == name:
                for host in one.hosts:
                    held = self._faults[host]
                    (held.add if on else held.discard)(one.fault)

    def mend(self) -> None:
        """All of them."""
        for one in _SWITCHES:
            self.turn(one.name, on=False)

    def _is_on(self, switch: _OutsideSwitch) -> bool:
        return all(switch.fault in self._faults[host] for host in switch.hosts)
