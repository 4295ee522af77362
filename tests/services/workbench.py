"""Plans run on a small simulated node, with everything around them in reach of a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from pve_auth_tui.adapters.ladder import LadderApi, Way
from pve_auth_tui.adapters.runner import StepRunner
from pve_auth_tui.adapters.saved import MemorySaved
from pve_auth_tui.core.errors import Refused, Unwritable
from pve_auth_tui.core.journal import Entry, Kept, Who, Written
from pve_auth_tui.core.journalcheck import Verdict
from pve_auth_tui.core.ports import Timers
from pve_auth_tui.services.node import NodeService
from pve_auth_tui.services.outlook import OutlookService
from pve_auth_tui.services.plans import PlanService, Progress, Report
from pve_auth_tui.services.snapshots import SnapshotService
from pve_auth_tui.simnode.direct import DirectApi
from pve_auth_tui.simnode.disk import Disk, FolderDisk
from pve_auth_tui.simnode.node import SimNode
from tests.simnode.small import NOW, small_node

ROOT_LOGS_IN = "root:$y$j9T$0123456789$abcdefghijklmnopqrstuvwxyz:19000:0:99999:7:::\n"
USERS = (
    "user:root@pam:1:0:::::\n"
    "user:ann@pve:1:0:Ann::ann@example.com:::\n"
    "user:bob@pve:1:0::::::\n"
    "user:eve@pve:1:0::::::\n"
    "group:ops:ann@pve:Operators:\n"
)


_PVE_FILES = ("user.cfg", "domains.cfg", "datacenter.cfg", "priv/tfa.cfg", "priv/shadow.cfg")


class SteppedClock:
    """Time that a test turns on."""

    def __init__(self, at: float = NOW) -> None:
        self.at = float(at)

    def now(self) -> float:
        return self.at


class ListJournal:
    """Entries in a list. `full_after`: so many are taken; `on_write` is called before each."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.full_after: int | None = None
        self.on_write: Callable[[Entry], None] = lambda entry: None
        self.problems: tuple[str, ...] = ()

    def write(self, entry: Entry) -> Kept:
        self.on_write(entry)
        if self.full_after is not None and len(self.entries) >= self.full_after:
            raise Unwritable("No space left on device.", "Make room.")
        self.entries.append(entry)
        return Kept(("file",), self.problems)

    def read(self) -> tuple[Written, ...]:
        nobody = Who("nobody")
        return tuple(Written(n, 0.0, nobody, e, "") for n, e in enumerate(self.entries, 1))

    def verify(self, head: str = "") -> Verdict:
        raise NotImplementedError

    @property
    def told(self) -> list[str]:
        """`result 1 ok`, one for each entry."""
        return [f"{e.event} {e.step} {e.outcome}".strip() for e in self.entries]


class HeldTimers:
    """Timers that fire when a test says so."""

    def __init__(self, trouble: str = "") -> None:
        self.armed: dict[str, float] = {}
        self.trouble = trouble

    def problem(self) -> str:
        return self.trouble

    def arm(self, plan: str, seconds: float) -> None:
        if self.trouble:
            raise Refused(self.trouble)
        self.armed[plan] = seconds

    def disarm(self, plan: str) -> None:
        self.armed.pop(plan, None)


class HookedApi(DirectApi):
    """The node, with something happening before or after its n-th write (from 1)."""

    def __init__(self, node: SimNode) -> None:
        super().__init__(node)
        self.writes: list[tuple[str, ...]] = []
        self.before: dict[int, Callable[[], None]] = {}
        self.after: dict[int, Callable[[], None]] = {}
        self.dead: Exception | None = None

    def call(
        self, method: str, path: Any, params: Any = None, secrets: Any = None, **more: Any
    ) -> Any:
        if self.dead:
            raise self.dead
        if method == "GET":
            return super().call(method, path, params, secrets, **more)
        self.writes.append((method, *path))
        number = len(self.writes)
        self.before.get(number, _nothing)()
        answer = super().call(method, path, params, secrets, **more)
        self.after.get(number, _nothing)()
        return answer


def _nothing() -> None:
    """Nothing happens."""


def _in_folder(made: Disk, folder: Path) -> Disk:
    is_new = not folder.exists()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    disk = FolderDisk(folder)
    if is_new:
        for path in ("etc/hostname", "etc/shadow", *(f"etc/pve/{name}" for name in _PVE_FILES)):
            if (data := made.read(path)) is not None:
                disk.write(path, data)
    return disk


class Bench:
    """A node and a PlanService on it; with `folder` its files stay there for another bench."""

    def __init__(
        self,
        acl: str = "",
        *,
        timers: Timers | None = None,
        folder: Path | None = None,
        **files: str,
    ) -> None:
        given = {"users": USERS, "linux": ROOT_LOGS_IN, **files}
        self.clock = SteppedClock()
        made = small_node(acl, **given)  # type: ignore[arg-type]
        disk = made.disk if folder is None else _in_folder(made.disk, folder)
        sources = replace(made.sources, now=self.clock.now)
        self.node = SimNode(disk, sources, made.faults)
        self.api = HookedApi(self.node)
        self.journal = ListJournal()
        self.saved = MemorySaved(self.clock)
        self.timers = timers
        self.ladder = LadderApi([Way("direct", lambda: self.api)])
        self.pictures = SnapshotService(self.node.tree, self.clock)
        self.nodes = NodeService(lambda: self.ladder, self.clock)
        self.outlooks = OutlookService(self.pictures, self.nodes)
        self.plans = self.service()

    def service(self, **more: Any) -> PlanService:
        """Another session on the same node, with the same records."""
        parts: dict[str, Any] = {"timers": self.timers, **more}
        return PlanService(
            parts.pop("world", self.outlooks),
            StepRunner(lambda: self.ladder),
            self.journal,
            self.saved,
            self.clock,
            **parts,
        )

    def review(self, intent: Any) -> Any:
        return self.plans.review(intent, self.outlooks.fresh())

    def apply(self, intent: Any, **more: Any) -> Report:
        return self.plans.apply(self.review(intent), **more)

    def behind_our_back(self, method: str, path: str, **params: Any) -> None:
        """Somebody else changes something."""
        self.node.answer(method, path, params)

    def user(self, userid: str) -> Any:
        return self.node.state.access.users.get(userid)


def heard() -> tuple[list[Progress], Callable[[Progress], None]]:
    """What was told while a plan ran, and who takes it."""
    told: list[Progress] = []
    return told, told.append
