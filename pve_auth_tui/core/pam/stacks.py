"""A service's stacks as libpam loads them: pam_handlers.c, with Debian's `@include`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final, NamedTuple, NoReturn

from pve_auth_tui.core.pam.codes import ALL_BAD, Actions
from pve_auth_tui.core.pam.lines import Rule, control, logical_lines, rule
from pve_auth_tui.core.pam.model import Phase, Place

Reader = Callable[[str], str | None]
"""A file by its absolute path; None where there is none."""

FOLDERS: Final = ("/etc/pam.d", "/usr/lib/pam.d")
"""Where a service's file is looked for, the first one wins. Debian's libpam looks for what a line
includes in the first alone.
"""
OTHER: Final = "other"
_DEEPEST: Final = 16  # PAM_SUBSTACK_MAX_LEVEL


class Kind(Enum):
    """What a line has become."""

    MODULE = "module"
    MUST_FAIL = "must-fail"
    SUBSTACK = "substack"
    CHANCE = "chance"
    """A no that libpam takes by whatever an earlier line, or nobody, has left in its memory."""


@dataclass(frozen=True, slots=True)
class Handler:
    """A line in a stack. `level`: of the substack it is in. `place` and `code`: where it is from.

    `module`: as it is named there, "" where there is none.
    """

    kind: Kind
    level: int
    actions: Actions
    place: Place
    code: str
    module: str = ""
    arguments: tuple[str, ...] = ()
    silent: bool = False

    @property
    def name(self) -> str:
        """`pam_unix`, whatever path it is named with."""
        return self.module.rpartition("/")[2].removesuffix(".so")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that libpam rejects. `fatal`: of this service it then reads nothing at all.

    `chance`: what comes of it is not settled, or not the same on Debian 12 and 13.
    """

    place: Place
    code: str
    text: str
    fatal: bool = False
    chance: bool = False


@dataclass(frozen=True, slots=True)
class Stack:
    """What libpam has loaded for a service. `own` is "" where `other` stands in for its file.

    `broken`: why it loads nothing, so that every call fails. `files`: all that were opened.
    """

    service: str
    own: str
    handlers: Mapping[Phase, tuple[Handler, ...]]
    fallback: Mapping[Phase, tuple[Handler, ...]]
    files: tuple[str, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def broken(self) -> Problem | None:
        return next((one for one in self.problems if one.fatal), None)

    def of(self, phase: Phase) -> tuple[Handler, ...]:
        """A phase of which the service says nothing is that of `other`."""
        return self.handlers[phase] or self.fallback[phase]

    def left_to_chance(self, phase: Phase) -> Problem | None:
        """Why nobody can tell what libpam makes of a phase."""
        if self.broken is not None:
            return self.broken if self.broken.chance else None
        places = {one.place for one in self.of(phase) if one.kind is Kind.CHANCE}
        return next((one for one in self.problems if one.chance and one.place in places), None)


def load(service: str, read: Reader) -> Stack:
    """Whatever stands in the files; nothing makes it fail."""
    loader = _Loader(read)
    own = _path_of(service, read)
    conf, fallback = _nothing(), _nothing()
    try:
        if own:
            loader.whole(own, _Here(conf))
        stand_in = _path_of(OTHER, read)
        if stand_in:
            loader.whole(stand_in, _Here(fallback))
        elif not own:
            loader.fail(Place(f"{FOLDERS[0]}/{OTHER}"), "", "is not there, nor is the service")
    except _Abort:
        pass
    return Stack(
        service,
        own,
        {phase: tuple(found) for phase, found in conf.items()},
        {phase: tuple(found) for phase, found in fallback.items()},
        tuple(dict.fromkeys(loader.files)),
        tuple(dict.fromkeys(loader.problems)),
    )


_Lists = dict[Phase, list[Handler]]


def _nothing() -> _Lists:
    return {phase: [] for phase in Phase}


def _path_of(name: str, read: Reader) -> str:
    """Where a service's file lies; "" for nowhere."""
    places = [name] if name.startswith("/") else [f"{folder}/{name}" for folder in FOLDERS]
    return next((path for path in places if read(path) is not None), "")


def _included(name: str, read: Reader) -> str:
    """Where a file lies that a line includes; "" for nowhere."""
    path = name if name.startswith("/") else f"{FOLDERS[0]}/{name}"
    return path if read(path) is not None else ""


class _Here(NamedTuple):
    """Where a file is read. `wanted`: only lines of it count; `chain`: the files that led here."""

    into: _Lists
    wanted: Phase | None = None
    depth: int = 0
    level: int = 0
    chain: tuple[str, ...] = ()


class _Abort(Exception):
    """libpam gives up on the whole service. A problem says why."""


@dataclass(slots=True)
class _Loader:
    read: Reader
    files: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def fail(self, place: Place, code: str, text: str, *, chance: bool = False) -> NoReturn:
        self._give_up(Problem(place, code, text, chance=chance))

    def _give_up(self, problem: Problem) -> NoReturn:
        self.problems.append(replace(problem, fatal=True))
        raise _Abort

    def whole(self, path: str, here: _Here) -> None:
        """A file without which the service is not loaded."""
        why = self.parse(path, here)
        if why is not None:
            self._give_up(why)

    def parse(self, path: str, here: _Here) -> Problem | None:
        """Take the lines of a file that count; why libpam does not read it to its end.

        What stood before is taken all the same.
        """
        here = here._replace(chain=(*here.chain, path))
        self.files.append(path)
        for line in logical_lines(self.read(path) or ""):
            one, place = rule(line), Place(path, line.number)
            if line.open:
                return Problem(place, one.code, "the file ends where the line should go on")
            if line.split:
                text = "goes on after a comment or an empty line, which Debian 12 and 13 differ on"
                self.problems.append(Problem(place, one.code, text))
            self._take(one, place, here)
        return None

    def _take(self, one: Rule, place: Place, here: _Here) -> None:
        if one.kind == "@include":
            self._include(one, place, here, here.wanted)
            return
        must_fail = False
        try:
            phase = Phase(one.kind)
        except ValueError:
            phase, must_fail = here.wanted or Phase.AUTH, True
        if here.wanted not in (None, phase):
            return
        if must_fail:
            text = "has no type" if not one.kind else f"has a type that is none: {one.kind}"
            self._reject(place, one.code, f"{text}, and fails as {phase.value}")
        if (one.control or "").lower() in ("include", "substack"):
            self._include(one, place, here, phase)
            return
        if one.control is None:
            actions, must_fail = ALL_BAD, True
            self._reject(place, one.code, "has no control")
        else:
            actions, why = control(one.control)
            if why:
                self._reject(place, one.code, f"its control is rejected: {why}")
            if one.target is None:
                must_fail = True
                self._reject(place, one.code, "names no module")
        if one.target is not None and _is_nameless(one.target):
            self._nameless(one, place, here, "names a module without a name")
        kind = Kind.MUST_FAIL if must_fail else Kind.MODULE
        handler = Handler(kind, here.level, actions, place, one.code, one.target or "")
        here.into[phase].append(replace(handler, arguments=one.arguments, silent=one.silent))

    def _include(self, one: Rule, place: Place, here: _Here, phase: Phase | None) -> None:
        """`include` and `substack` of one phase, `@include` of what is wanted here."""
        if one.target is None:
            self.fail(place, one.code, "includes nothing")
        name = one.target
        substack = (one.control or "").lower() == "substack"
        if substack and phase is not None:
            if _is_nameless(name):
                self._nameless(one, place, here, "names a substack without a name")
            begin = Handler(Kind.SUBSTACK, here.level, ALL_BAD, place, one.code, name)
            here.into[phase].append(begin)
        path, level = _included(name, self.read), here.level + substack
        if path in here.chain:
            # Debian 12 does so until its memory ends, unless it is a substack; 13 sixteen times.
            self.fail(place, one.code, "includes itself", chance=phase is not None)
        chance = one.kind == "@include"
        if path and level < _DEEPEST and here.depth + 1 >= _DEEPEST:
            chance, text = True, "includes too deep for Debian 13, not for 12"
        elif path and level < _DEEPEST:
            inner = here._replace(wanted=phase, depth=here.depth + 1, level=level)
            why = self.parse(path, inner)
            if why is None:
                return
            if phase is None:
                self._give_up(why)
            self.problems.append(why)
            text = f"includes {name}, which libpam does not read to its end"
        else:
            text = "includes too deep" if path else f"includes {name}, which is not there"
        if phase is None:
            self.fail(place, one.code, text, chance=bool(path))
        # Debian's @include sets no control of its own for the line that fails in its place.
        self.problems.append(Problem(place, one.code, text, chance=chance))
        kind = Kind.CHANCE if chance else Kind.MUST_FAIL
        here.into[phase].append(Handler(kind, here.level, ALL_BAD, place, one.code))

    def _nameless(self, one: Rule, place: Place, here: _Here, text: str) -> NoReturn:
        """Where it is included, Debian 12's libpam crashes of it, and 13's takes it as a no."""
        self.fail(place, one.code, text, chance=here.wanted is not None)

    def _reject(self, place: Place, code: str, text: str) -> None:
        self.problems.append(Problem(place, code, text))


def _is_nameless(module: str) -> bool:
    name = module.rpartition("/")[2]
    return (name.rpartition(".")[0] if "." in name else name) in ("", "?")
