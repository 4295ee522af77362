"""One phase of one service: who gets through, which lines decide it, what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from pve_auth_tui.core.finding import Word
from pve_auth_tui.core.pam import words
from pve_auth_tui.core.pam.codes import BAD, DIE, DONE, OK, SUCCESS
from pve_auth_tui.core.pam.dispatch import Taken, Way, is_heard, ways
from pve_auth_tui.core.pam.model import Deciding, PamCheck, PamFinding, Phase, Place, worst_first
from pve_auth_tui.core.pam.modules import (
    DIRECTORY,
    PROVES_NOTHING,
    ROOT_SCENES,
    Facts,
    Scene,
    answers,
)
from pve_auth_tui.core.pam.stacks import Handler, Kind, Stack

Pick = Literal["all", "unproven", "sure"]
"""Which answers count where a module's is not sure: `unproven` leaves out a yes that would prove
something (a second factor); `sure` leaves out every yes.
"""
Fix = Callable[[Place], str]
"""What to do about a line (its place, and its text): a command where there is one."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Looks at one phase. `fix` knows which lines pam-auth-update manages."""

    stack: Stack
    phase: Phase
    facts: Facts
    fix: Fix

    def check(self) -> PamCheck:
        """The verdict, and what led to it."""
        chance = self.stack.left_to_chance(self.phase)
        broken = chance or self.stack.broken
        if broken is not None:
            say = words.left_to_chance if chance else words.broken
            decided = (Deciding(broken.place, broken.code, broken.text),)
            return self._told((say(broken, self.stack.service),), decided)
        if not self._handlers:
            return self._told((words.nothing(self.stack.service, self.phase),), ())
        found = [*self._root(), *self._others()]
        return self._told(worst_first(found), self._lines(found))

    @property
    def _handlers(self) -> tuple[Handler, ...]:
        return self.stack.of(self.phase)

    def _told(self, found: tuple[PamFinding, ...], lines: tuple[Deciding, ...]) -> PamCheck:
        word: Word = found[0].word if found else "ok"
        text = found[0].text if found else words.all_well(self.phase, directory=self.asks_directory)
        return PamCheck(self.stack.service, self.phase, word, text, lines, found)

    @property
    def asks_directory(self) -> bool:
        """A module in it asks a directory."""
        return any(one.name in DIRECTORY for one in self._handlers)

    def ways(self, scene: Scene, pick: Pick = "all") -> tuple[Way, ...]:
        """Where a scene can lead."""

        def answer(handler: Handler) -> tuple[int, ...]:
            said = answers(handler, self.phase, scene, self.facts)
            dropped = pick == "sure" or (pick == "unproven" and handler.name not in PROVES_NOTHING)
            if said.sure or not dropped:
                return said.codes
            return tuple(code for code in said.codes if code != SUCCESS)

        return ways(self._handlers, answer)

    # --- root -----------------------------------------------------------------------------------

    def _root(self) -> list[PamFinding]:
        """It has to get in with the right password, whatever becomes of a directory."""
        alive, alone = (self.ways(scene) for scene in ROOT_SCENES)
        if not _passing(alone):
            where = _last_no(alone) or _last_no(alive)
            return [self._locked_out(where, only_alone=bool(_passing(alive)))]
        found: list[PamFinding] = []
        refused = _refused(alone) or _refused(alive)
        if refused:
            found.append(self._depends(refused))
        waits = self._first_asked(alone)
        if waits is not None:
            found.append(words.waits(waits, self.fix(waits.place)))
        return found

    def _locked_out(self, taken: Taken | None, *, only_alone: bool) -> PamFinding:
        if taken is None:
            return words.locked_out(None, "", only_alone=only_alone)
        jump = self._wrong_jump(taken)
        fix = self.fix((jump or taken).handler.place)
        if jump is not None:
            return words.wrong_jump(jump, self._landed(jump), fix)
        return words.locked_out(taken, fix, only_alone=only_alone)

    def _wrong_jump(self, taken: Taken) -> Taken | None:
        """The jump that leads root to its no, or past every yes."""
        for way in (*self.ways(Scene.ROOT_ALONE), *self.ways(Scene.ROOT)):
            jumps = [one for one in way.taken if one.action > 0]
            if not jumps or way.is_success:
                continue
            last = jumps[-1]
            lands_on = self._handlers[last.to] if last.to is not None else None
            if last.stray or (lands_on is not None and lands_on.name == "pam_deny"):
                return last
            behind = way.taken[way.taken.index(last) + 1 :]
            if last.code == SUCCESS and not any(
                one.action in _NO or (one.code == SUCCESS and is_heard(one)) for one in behind
            ):
                return last
        return None

    def _landed(self, jump: Taken) -> str:
        if jump.stray:
            return "beyond the end of the stack"
        if jump.to is None:
            return "at the end of the stack, with no yes on the way"
        handler = self._handlers[jump.to]
        return f"on {handler.place.text} ({handler.name or 'a line that fails'})"

    def _depends(self, way: Way) -> PamFinding:
        """Something that is not looked at may keep root out."""
        unsure = [
            one
            for one in way.taken
            if one.code != SUCCESS
            and one.handler.kind is Kind.MODULE
            and not answers(one.handler, self.phase, Scene.ROOT, self.facts).sure
        ]
        heard = unsure or [one for one in way.taken if one.code != SUCCESS and is_heard(one)]
        one = (heard or list(way.taken))[0]
        if one.handler.name in DIRECTORY:
            return words.needs_directory(one, self.fix(one.handler.place))
        return words.depends(one)

    def _first_asked(self, found: tuple[Way, ...]) -> Handler | None:
        """A directory's module that is called before root is through."""
        if self.phase is Phase.SESSION:
            return None
        for way in found:
            for one in way.taken:
                if way.is_success and one.handler.name in DIRECTORY:
                    return one.handler
        return None

    # --- everybody else -------------------------------------------------------------------------

    def _others(self) -> list[PamFinding]:
        if self.phase is Phase.AUTH:
            return [*self._wrong_password(), *self._members()]
        if self.phase is Phase.ACCOUNT:
            return [*self._expired(), *self._barred()]
        return []

    def _wrong_password(self) -> list[PamFinding]:
        for pick in _PICKS:
            for way in self.ways(Scene.WRONG, pick):
                granting = _granting(way)
                if way.is_success and granting is not None:
                    if pick == "all":
                        return [words.alone_enough(granting)]
                    return [words.anyone(granting, self.fix(granting.handler.place))]
        return []

    def _members(self) -> list[PamFinding]:
        """Users of a directory whose module stands here should get in by it."""
        asked = [one for one in self._handlers if one.name in DIRECTORY]
        found = self.ways(Scene.MEMBER)
        if not asked or _passing(found):
            return []
        jump = next((one for one in found[0].taken if one.handler in asked), None)
        one = asked[0]
        landed = self._landed(jump) if jump is not None and jump.action > 0 else ""
        return [words.members_refused(one, landed, self.fix(one.place))]

    def _expired(self) -> list[PamFinding]:
        passing = _passing(self.ways(Scene.EXPIRED, "sure"))
        if passing is None:
            return []
        granting = _granting(passing)
        return [words.expired_pass(granting)] if granting is not None else []

    def _barred(self) -> list[PamFinding]:
        """The directory's own rules, where its users can log in at all."""
        auth = self.stack.of(Phase.AUTH)
        module = next((one.name for one in auth if one.name in DIRECTORY), "")
        if not module or not _passing(
            Judge(self.stack, Phase.AUTH, self.facts, self.fix).ways(Scene.MEMBER)
        ):
            return []
        passing = _passing(self.ways(Scene.BARRED, "sure"))
        granting = _granting(passing) if passing is not None else None
        if granting is None:
            return []
        asked = next((one for one in self._handlers if one.name == module), None)
        return [words.not_heard(module, asked, granting)]

    # --- the lines ------------------------------------------------------------------------------

    def _lines(self, found: list[PamFinding]) -> tuple[Deciding, ...]:
        """What root's way goes over, or the way of whoever gets in wrongly."""
        anyone = {"anyone-gets-in", "another-factor-is-enough"} & {one.cause for one in found}
        if anyone:
            way = next(
                way for pick in _PICKS for way in self.ways(Scene.WRONG, pick) if way.is_success
            )
        else:
            alone = self.ways(Scene.ROOT_ALONE)
            way = _passing(alone) or alone[0]
        return tuple(
            Deciding(one.handler.place, one.handler.code, words.what_became(one, self._handlers))
            for one in way.taken
            if is_heard(one) or one.handler.name in DIRECTORY
        )


_NO: Final = (BAD, DIE)
_PICKS: Final[tuple[Pick, ...]] = ("sure", "unproven", "all")


def _passing(found: tuple[Way, ...]) -> Way | None:
    return next((way for way in found if way.is_success), None)


def _refused(found: tuple[Way, ...]) -> Way | None:
    return next((way for way in found if not way.is_success), None)


def _last_no(found: tuple[Way, ...]) -> Taken | None:
    """The line at which the first of the ways turns into a no."""
    for way in found:
        heard = [one for one in way.taken if is_heard(one)]
        said_no = next((one for one in heard if one.stray or one.action in _NO), None)
        if said_no is not None:
            return said_no
        if heard:
            return heard[-1]
        if way.taken:
            return way.taken[-1]
    return None


def _granting(way: Way) -> Taken | None:
    """The first line whose yes counts."""
    return next(
        (one for one in way.taken if one.code == SUCCESS and one.action in (OK, DONE)), None
    )
