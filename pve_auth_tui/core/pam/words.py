"""What a stack does, in sentences: findings with what they mean and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pve_auth_tui.core.pam.codes import ACTION_WORDS, WORDS
from pve_auth_tui.core.pam.dispatch import Taken
from pve_auth_tui.core.pam.model import PamFinding, Phase, Place
from pve_auth_tui.core.pam.modules import DIRECTORY
from pve_auth_tui.core.pam.stacks import Handler, Kind, Problem

TAKE_OUT: Final = "Take the line out, from a root shell that stays open until a login works."
BY_HAND: Final = "Correct it from a root shell that stays open until a login works."
_OUTAGE: Final = "When sssd or its DCs are down, root waits with everybody else, or stays outside."


def all_well(phase: Phase, *, directory: bool) -> str:
    """Nothing is wrong with it."""
    if phase is Phase.AUTH:
        alone = "root gets in without the directory" if directory else "root gets in"
        return f"{alone}; a wrong password does not"
    if phase is Phase.ACCOUNT:
        alone = "root passes without the directory" if directory else "root passes"
        return f"{alone}; an expired account does not"
    return "root's session opens" + (", with or without the directory" if directory else "")


def broken(problem: Problem, service: str) -> PamFinding:
    return PamFinding(
        "not-loaded",
        "BAD",
        f"nobody gets in: {problem.place.text} {problem.text}",
        f"libpam gives up on the file, so every login of {service} fails.",
        f"Correct {problem.place.text}.",
        (problem.place,),
    )


def left_to_chance(problem: Problem, service: str) -> PamFinding:
    return PamFinding(
        "left-to-chance",
        "BAD",
        f"who gets in is left to chance: {problem.place.text} {problem.text}",
        f"libpam rejects the line, and not in the same way each time, nor on Debian 12 and 13: all"
        f" logins of {service} may fail, or go on as if the line were not there.",
        f"Correct {problem.place.text}.",
        (problem.place,),
    )


def nothing(service: str, phase: Phase) -> PamFinding:
    return PamFinding(
        "no-lines",
        "BAD",
        f"nobody gets in: there is no {phase.value} line",
        f"Neither {service} nor `other` says anything of {phase.value}, so libpam refuses.",
        "Put back Debian's /etc/pam.d/other: apt-get install --reinstall -o "
        'Dpkg::Options::="--force-confmiss" libpam-runtime',
    )


def locked_out(taken: Taken | None, fix: str, *, only_alone: bool) -> PamFinding:
    """Root is refused although the password is right."""
    when = " while the directory is down" if only_alone else ""
    if taken is None:
        return PamFinding("root-locked-out", "BAD", f"root does not get in{when}", "", fix)
    handler = taken.handler
    why = f"{handler.place.text} ({name_of(handler)})"
    cause = "root-needs-directory" if only_alone else "root-locked-out"
    return PamFinding(
        cause,
        "BAD",
        f"root does not get in{when}: {why}",
        "The right password of root@pam is refused here "
        f"({said(taken)}). It holds for every login that uses these lines.",
        fix,
        (handler.place,),
    )


def wrong_jump(jump: Taken, landed: str, fix: str) -> PamFinding:
    place = jump.handler.place
    lines = "1 line" if jump.action == 1 else f"{jump.action} lines"
    return PamFinding(
        "wrong-jump",
        "BAD",
        f"root does not get in: {place.text} jumps wrong",
        f"{name_of(jump.handler)} says {WORDS[jump.code]} and jumps over {lines}: {landed}. A line"
        " was put in or taken out between without counting the jumps again.",
        fix,
        (place,),
    )


def depends(taken: Taken) -> PamFinding:
    handler = taken.handler
    return PamFinding(
        "root-depends",
        "LOOK",
        f"root gets in only if {name_of(handler)} agrees",
        f"What it says depends on more than this program looks at: {handler.place.text}.",
        "Make sure that root can log in with it, also without network, while a shell is open.",
        (handler.place,),
    )


def needs_directory(taken: Taken, fix: str) -> PamFinding:
    handler = taken.handler
    return PamFinding(
        "root-needs-directory",
        "BAD",
        f"root may stay outside when the directory is down: {handler.place.text}",
        f"{name_of(handler)} is asked about root as well, and its {WORDS[taken.code]} is a no.",
        fix,
        (handler.place,),
    )


def waits(handler: Handler, fix: str) -> PamFinding:
    return PamFinding(
        "directory-first",
        "LOOK",
        f"root's login asks {name_of(handler)} first ({handler.place.text})",
        f"{_OUTAGE} On Debian pam_unix stands before it, and pam_localuser in common-account.",
        fix,
        (handler.place,),
    )


def anyone(granting: Taken, fix: str) -> PamFinding:
    handler = granting.handler
    return PamFinding(
        "anyone-gets-in",
        "BAD",
        f"a wrong password gets in by {handler.place.text} ({name_of(handler)})",
        f"`{handler.code}` says yes before any password was found to be right. Whoever knows a name"
        " of this node logs in with it, root@pam included.",
        fix,
        (handler.place,),
    )


def alone_enough(granting: Taken) -> PamFinding:
    handler = granting.handler
    return PamFinding(
        "another-factor-is-enough",
        "LOOK",
        f"{name_of(handler)} alone lets somebody in ({handler.place.text})",
        "No password is needed where it says yes. What it asks for is not looked at here.",
        "If it is meant as a second factor, it has to be `required`, behind the password.",
        (handler.place,),
    )


def members_refused(handler: Handler, landed: str, fix: str) -> PamFinding:
    why = f" Its success jumps and lands {landed}." if landed else ""
    return PamFinding(
        "directory-users-refused",
        "LOOK",
        f"users of the directory do not get in by {name_of(handler)}",
        f"{handler.place.text} finds their password right, and the stack still says no.{why}",
        fix,
        (handler.place,),
    )


def expired_pass(granting: Taken) -> PamFinding:
    handler = granting.handler
    return PamFinding(
        "expired-gets-in",
        "LOOK",
        f"an expired account gets through by {handler.place.text}",
        "pam_unix's no to an account that is expired or locked does not count here.",
        "Compare the account lines with Debian's, /usr/share/pam/common-account.",
        (handler.place,),
    )


def not_heard(module: str, asked: Handler | None, granting: Taken) -> PamFinding:
    why = (
        f"{asked.place.text}: its no does not end it"
        if asked is not None
        else f"no account line asks {module}"
    )
    return PamFinding(
        "policy-not-heard",
        "BAD",
        f"the directory's login policy is not asked ({granting.handler.place.text})",
        f"Everybody of the domain with a password logs in, whatever `realm permit` says: {why}.",
        "pam-auth-update --package with the profile sss chosen puts pam_sss in common-account.",
        (asked.place if asked is not None else granting.handler.place,),
    )


# --- lines -------------------------------------------------------------------------------------


def name_of(handler: Handler) -> str:
    if handler.kind is Kind.MUST_FAIL:
        return "a line that libpam rejects"
    return handler.name or "a line"


def said(taken: Taken) -> str:
    """A result and what is made of it: `auth_err: bad`."""
    action = ACTION_WORDS.get(taken.action) or f"jump {taken.action}"
    return f"{WORDS[taken.code]}: {action}"


def what_became(taken: Taken, handlers: Sequence[Handler]) -> str:
    """What a line does on the way."""
    result = WORDS[taken.code]
    if taken.handler.kind is Kind.MUST_FAIL:
        return "libpam rejects the line, so it fails"
    if taken.stray:
        return f"{result}: jumps over the end, which is a no"
    if taken.action > 0:
        if taken.to is None:
            return f"{result}: jumps to the end"
        return f"{result}: jumps to {_short(handlers[taken.to].place)}"
    if taken.action == -2:
        return f"{result}: yes, and done"
    if taken.action == -4:
        return f"{result}: no, and done"
    if taken.action == 0:
        asked = "is asked; " if taken.handler.name in DIRECTORY else ""
        return f"{asked}{result}: does not count"
    return f"{result}: " + {-1: "yes", -3: "no", -5: "forgets what was said"}[taken.action]


def _short(place: Place) -> str:
    return f"{place.path.rpartition('/')[2]}:{place.line}"
