"""What somebody wants, judged with a picture: a plan (design/architecture.md 3).

Pure. `services.plans` carries the plan out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pve_auth_tui.core.effects import Effects, effects
from pve_auth_tui.core.effects.targets import renewed_by, targets
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.guard import Verdict, judge
from pve_auth_tui.core.objects import Kind, differing
from pve_auth_tui.core.plan import (
    Draft,
    Intent,
    OnNode,
    Plan,
    Step,
    SyncCall,
    TakeBack,
    Weight,
)
from pve_auth_tui.core.predict import Forecast, forecast
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.takeback import what_a_command_leaves
from pve_auth_tui.core.weighing import Deed, back_of, weight_of, word_to_type

_ORDER: Final[Mapping[str, int]] = {"BAD": 0, "LOOK": 1, "ok": 2, "-": 3}

_OF_RIGHTS: Final[frozenset[Kind]] = frozenset({"user", "group", "role", "token", "pool", "acl"})
_IN_PART: Final = Finding(
    "LOOK",
    "PVE shows this login only a part of the users and ACL entries: somebody may gain or lose "
    "more than is told here.",
    "Somebody with Sys.Audit on /access sees all of it.",
)


def make_plan(intent: Intent, snapshot: Snapshot, *, now: float, logged_in: str = "") -> Plan:
    """The plan of what is wanted, made on this picture.

    `now` in seconds since 1970; `logged_in`: who has just shown a password. Raises UsageError
    for what makes no sense or PVE would refuse, and Refused when everything is so already.
    """
    draft = intent(snapshot)
    foretold = _foretold(draft, snapshot, now)
    after = foretold.snapshot
    differ = differing(snapshot, after)
    renewed = tuple(dict.fromkeys((*foretold.renewed, *renewed_by(draft.steps))))
    synced = {step.found.realm for step in draft.steps if isinstance(step, SyncCall)}
    found = effects(snapshot, after, differ, now=now, renewed=renewed, synced=synced)
    if draft.told:
        foretold = foretold._replace(unforeseen=_calls_among(foretold.unforeseen))
    deed = Deed(draft.steps, snapshot, after, differ, now, bool(foretold.unforeseen))
    back = _with_lost(back_of(deed), draft)
    if not (differ or renewed or back.lost or draft.told):
        raise Refused(f"Nothing would change: it is so already ({draft.title}).")
    touched = tuple(dict.fromkeys((*differ, *renewed)))
    verdict = judge(snapshot, after, touched, now, logged_in=logged_in)
    refusal = draft.refusal or verdict.refusal
    refused = bool(refusal)
    in_part = snapshot.restricted and any(key.kind in _OF_RIGHTS for key in differ)
    weight = weight_of(deed, back, refused=refused, takes=found.takes or in_part)
    weight = _as_asked(draft, weight, refused=refused)
    heavy = weight is Weight.HEAVY
    word = draft.word or word_to_type(targets(draft.steps), refused=refused)
    return Plan(
        title=draft.title,
        steps=draft.steps,
        findings=_findings(draft, foretold, found, verdict, in_part=in_part),
        changes=(*found.changes, *draft.told, *draft.already),
        stays=found.stays,
        back=back,
        weight=weight,
        confirm=word if heavy else "",
        refusal=refusal,
        intent=intent,
        before=snapshot,
        after=after,
        touched=touched,
        unforeseen=foretold.unforeseen,
    )


def together(intents: Sequence[Intent], title: str = "") -> Intent:
    """Several changes in one plan; each sees the picture that those before it leave.

    Without `title` the plan has that of its only change, or says how many there are. The intent
    raises what the intents raise, and UsageError for a change that PVE would refuse then.
    """
    wanted = tuple(intents)

    def intent(snapshot: Snapshot) -> Draft:
        if not wanted:
            raise UsageError("No change was named.")
        picture = snapshot
        drafts = []
        for one in wanted:
            drafts.append(one(picture))
            picture = _foretold(drafts[-1], picture, snapshot.taken_at).snapshot
        titles = [draft.title for draft in drafts]
        told = tuple(effect for draft in drafts for effect in draft.told)
        already = tuple(effect for draft in drafts for effect in draft.already)
        if any(_has_untold_commands(draft) for draft in drafts):
            told, already = (), (*told, *already)  # of one command nobody tells what it does
        return Draft(
            title or (titles[0] if len(titles) == 1 else f"{len(titles)} changes"),
            tuple(step for draft in drafts for step in draft.steps),
            tuple(note for draft in drafts for note in draft.notes),
            already,
            told,
            tuple(sentence for draft in drafts for sentence in draft.lost),
            next((draft.word for draft in drafts if draft.word), ""),
            next((draft.refusal for draft in drafts if draft.refusal), ""),
        )

    return intent


def _has_untold_commands(draft: Draft) -> bool:
    return not draft.told and any(isinstance(step, OnNode) for step in draft.steps)


def _calls_among(unforeseen: Sequence[Step]) -> tuple[Step, ...]:
    """What the asker has not told either."""
    return tuple(step for step in unforeseen if not isinstance(step, OnNode))


def _with_lost(back: TakeBack, draft: Draft) -> TakeBack:
    """What the asker says of commands, in place of what is said of every command."""
    if not draft.told:
        return back
    commands = {what_a_command_leaves(one) for one in draft.steps if isinstance(one, OnNode)}
    others = (sentence for sentence in back.lost if sentence not in commands)
    lost = tuple(dict.fromkeys((*draft.lost, *others)))
    return TakeBack(back.steps, lost, back.anew, draft.otherwise)


def _as_asked(draft: Draft, weight: Weight, *, refused: bool) -> Weight:
    """What the asker says of its weight: a word makes it HEAVY, commands that were told ask for
    none by themselves, and `at_most` holds for the rest. Nothing makes a refused plan lighter.
    """
    if draft.word or refused:
        return Weight.HEAVY
    commands = draft.told and all(isinstance(step, OnNode) for step in draft.steps)
    lighter = commands or (draft.at_most is Weight.ORDINARY and weight is Weight.HEAVY)
    return Weight.ORDINARY if lighter else weight


def _foretold(draft: Draft, snapshot: Snapshot, now: float) -> Forecast:
    """Raises UsageError with what PVE would refuse, Refused when there is nothing to do."""
    if not draft.steps:
        raise Refused(f"Nothing would change: it is so already ({draft.title}).")
    foretold = forecast(snapshot, draft.steps, now=now)
    if foretold.problems:
        raise UsageError(foretold.problems[0], " ".join(foretold.problems[1:]))
    return foretold


def _findings(
    draft: Draft,
    foretold: Forecast,
    found: Effects,
    verdict: Verdict,
    *,
    in_part: bool,
) -> tuple[Finding, ...]:
    """BAD first, then LOOK, then who can still log in; nothing is called ok that nobody knows."""
    findings: Iterable[Finding] = (*draft.notes, *found.findings, *verdict.findings)
    if foretold.unforeseen:
        unknown = Finding(
            "LOOK",
            "What it changes cannot be foretold from here, nor who can still log in then.",
        )
        findings = (unknown, *(finding for finding in findings if finding.word != "ok"))
    if in_part:
        findings = (_IN_PART, *findings)
    return tuple(sorted(dict.fromkeys(findings), key=lambda finding: _ORDER[finding.word]))
