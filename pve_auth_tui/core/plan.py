"""A plan is what an action would do, written down before anything is done.

Whoever wants to change something says so as an `Intent`: a function that looks at a picture and
gives a `Draft`, the calls to make. `core.planning` turns that into a `Plan`: what it changes, who
can still get in, how it is taken back. `services.plans` carries a plan out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.host.goals import Ended, Goal
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.ports import Param
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.sync.found import Found

_NOTHING: Mapping[str, Param] = MappingProxyType({})
_NO_SECRETS: Mapping[str, Secret] = MappingProxyType({})


class Weight(Enum):
    """How much a plan asks of who runs it: SMALL and ORDINARY one key, HEAVY a typed word."""

    SMALL = "SMALL"
    ORDINARY = "ORDINARY"
    HEAVY = "HEAVY"


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One call of PVE's API that changes something: POST, PUT or DELETE on a path in parts.

    `secrets` are parameters that are sent, and never shown, logged or in repr.
    """

    method: str
    path: tuple[str, ...]
    params: Mapping[str, Param] = field(default_factory=lambda: _NOTHING)
    secrets: Mapping[str, Secret] = field(default_factory=lambda: _NO_SECRETS, repr=False)


@dataclass(frozen=True, slots=True)
class KeyCall(ApiCall):
    """The second call of a security key's enrolment: what `secrets` names is made while the plan
    runs, of PVE's answer to the step before and of the key's answer to that.
    """


@dataclass(frozen=True, slots=True)
class SyncCall(ApiCall):
    """A realm's sync: `found` is what its directory was just seen to hold, so that what the sync
    will do can be foretold, guarded and taken back.
    """

    found: Found = field(default_factory=lambda: Found("", {}), repr=False)


@dataclass(frozen=True, slots=True)
class HostCommand:
    """One command on this node: `argv` with an absolute path first; a secret goes to its stdin.

    `seconds`: it is ended after that.
    """

    argv: tuple[str, ...]
    stdin: Secret | None = field(default=None, repr=False)
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class HostStep(HostCommand):
    """A command of the node's operating system: it is done when `goal` is reached, and has failed
    when it is not, whatever its exit code says.
    """

    goal: Goal = field(default_factory=Ended)


@dataclass(frozen=True, slots=True)
class HostFile:
    """A file of the node's operating system, none of PVE's, put in its place as a whole.

    `content` None removes it; it holds nothing secret. `expected`: the SHA-256 (hex) of what must
    lie at `path` until then, "" for no file.
    """

    path: str
    content: str | None
    mode: int = 0o644
    expected: str = ""


@dataclass(frozen=True, slots=True)
class FileSwap:
    """One of PVE's files replaced as a whole, for an emergency in which no service can do it.

    `path` is absolute; `content` the new bytes as Latin-1 text; `expected` the SHA-256 (hex) of
    what must lie there until then, "" for no file.
    """

    path: str
    content: Secret = field(repr=False)
    expected: str = ""


@dataclass(frozen=True, slots=True)
class DatabaseEdit(FileSwap):
    """The same file replaced in the database behind /etc/pve, while no pmxcfs runs (R11).

    `database` is its absolute path; `path` and `expected` speak of the file in it, as ever.
    """

    database: str = ""


Step: TypeAlias = ApiCall | HostCommand | HostFile | FileSwap
OnNode: TypeAlias = HostCommand | HostFile
"""What happens to the node's operating system: no picture of PVE shows what it does."""


class Draft(NamedTuple):
    """What somebody wants: a title (`disable 2 users`), calls, what the asker knows to warn of.

    `already`: those who were named, and need no call (`bob@corp`, `none, disabled already`).

    Of commands on the node the asker alone knows what they do, and says so: `told` their effects,
    `lost` what no undo takes back and how it is ended instead, `otherwise` the one command of this
    program that takes all of it back, `word` what has to be typed for them, if anything,
    `refusal` why they should not be run now. `at_most`: how much the plan asks
    for where the asker knows that nobody misses what is lost; no refusal is made lighter by it.
    """

    title: str
    steps: tuple[Step, ...]
    notes: tuple[Finding, ...] = ()
    already: tuple[Effect, ...] = ()
    told: tuple[Effect, ...] = ()
    lost: tuple[str, ...] = ()
    word: str = ""
    refusal: str = ""
    at_most: Weight = Weight.HEAVY
    otherwise: str = ""


Intent: TypeAlias = Callable[[Snapshot], Draft]
"""Raises UsageError or Refused when it makes no sense (any more) with that picture."""


class Effect(NamedTuple):
    """One line under "Changes": who or what, and what becomes of it."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class TakeBack:
    """The way back: `steps` in order, and `lost`: sentences on what no step brings back, and why.

    Without steps nothing can be taken back; then `lost` says why. `anew`: those of `lost` that
    speak of what works again, and only looks new (another id, another date). `otherwise`: the
    command that takes it back by a plan of its own, not by undo.
    """

    steps: tuple[Step, ...] = ()
    lost: tuple[str, ...] = ()
    anew: frozenset[str] = frozenset()
    otherwise: str = ""

    @property
    def gone(self) -> tuple[str, ...]:
        """What really never comes back."""
        return tuple(sentence for sentence in self.lost if sentence not in self.anew)


@dataclass(frozen=True)
class Plan:
    """A draft, judged with the picture `before`.

    `findings`: BAD and LOOK first, then who can still log in (ok). `changes` and `stays` are the
    effects in words. `refusal`: why the guard refuses it, "" if not; whoever overrides that types
    `confirm`, as for every HEAVY plan ("" for the others). `after`: the picture as it should be
    then; `touched`: the objects that differ in it. `unforeseen`: steps whose effects nobody can
    foretell from here.
    """

    title: str
    steps: tuple[Step, ...]
    findings: tuple[Finding, ...]
    changes: tuple[Effect, ...]
    stays: tuple[str, ...]
    back: TakeBack
    weight: Weight
    confirm: str
    refusal: str
    intent: Intent = field(repr=False, compare=False)
    before: Snapshot = field(repr=False, compare=False)
    after: Snapshot = field(repr=False, compare=False)
    touched: tuple[Key, ...] = ()
    unforeseen: tuple[Step, ...] = ()
