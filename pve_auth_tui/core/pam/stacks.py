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
"""Where a file is looked for, the first one wins."""
OTHER: Final = "other"
_DEEPEST: Final = 16  # PAM_SUBSTACK_MAX_LEVEL


class Kind(Enum):
    """What a line has become."""

    MODULE = "module"
    MUST_FAIL = "must-fail"
    SUBSTACK = "substack"


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
    """Something that libpam rejects. `fatal`: of this service it then reads nothing at all."""

    place: Place
    code: str
    text: str
    fatal: bool = False


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


def load(service: str, read: Reader) -> Stack:
    """Whatever stands in the files; nothing makes it fail."""
    loader = _Loader(read)
    own = _path_of(service, read)
    conf, fallback = _nothing(), _nothing()
    try:
        if own:
            loader.parse(own, _Here(conf))
        stand_in = _path_of(OTHER, read)
        if stand_in:
            loader.parse(stand_in, _Here(fallback))
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
    """Where a file lies; "" for nowhere."""
    places = [name] if name.startswith("/") else [f"{folder}/{name}" for folder in FOLDERS]
    return next((path for path in places if read(path) is not None), "")


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

    def fail(self, place: Place, code: str, text: str) -> NoReturn:
        self.problems.append(Problem(place, code, text, fatal=True))
        raise _Abort

    def parse(self, path: str, here: _Here) -> None:
        """Take the lines of a file that count."""
        here = here._replace(chain=(*here.chain, path))
        self.files.append(path)
        for line in logical_lines(self.read(path) or ""):
            one, place = rule(line), Place(path, line.number)
            if line.open:
                self.fail(place, one.code, "the file ends where the line should go on")
            if line.split:
                text = "goes on after a comment or an empty line, which Debian 12 and 13 differ on"
                self.problems.append(Problem(place, one.code, text))
            self._take(one, place, here)

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
            self.fail(place, one.code, "names a module without a name")
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
                self.fail(place, one.code, "names a substack without a name")
            begin = Handler(Kind.SUBSTACK, here.level, ALL_BAD, place, one.code, name)
            here.into[phase].append(begin)
        path = _path_of(name, self.read)
        if path in here.chain:
            self.fail(place, one.code, "includes itself")
        if path and here.depth + 1 < _DEEPEST:
            level = here.level + substack
            self.parse(path, here._replace(wanted=phase, depth=here.depth + 1, level=level))
            return
        text = "includes too deep" if path else f"includes {name}, which is not there"
        if phase is None:
            self.fail(place, one.code, text)
        else:
            self._reject(place, one.code, text)
            failing = Handler(Kind.MUST_FAIL, here.level, ALL_BAD, place, one.code)
            here.into[phase].append(failing)

    def _reject(self, place: Place, code: str, text: str) -> None:
        self.problems.append(Problem(place, code, text))


def _is_nameless(module: str) -> bool:
    name = module.rpartition("/")[2]
    return (name.rpartition(".")[0] if "." in name else name) in ("", "?")
