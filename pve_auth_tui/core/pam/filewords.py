"""What is wrong with PAM's files, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pve_auth_tui.core.pam.model import PamFinding, Place
from pve_auth_tui.core.pam.stacks import Handler, Problem

PAM_CONF: Final = PamFinding(
    "pam-conf",
    "LOOK",
    "/etc/pam.conf has lines, and they do not count",
    "Where there is a folder /etc/pam.d, libpam does not read /etc/pam.conf.",
    "Move what is meant into files of /etc/pam.d.",
    (Place("/etc/pam.conf"),),
)
NOLOGIN: Final = PamFinding(
    "nologin",
    "LOOK",
    "only root logs in while there is a file nologin",
    "It is there while a node starts or shuts down. Otherwise somebody has left it.",
    "rm /run/nologin /etc/nologin, when the node has started",
)
NO_MODULES: Final = PamFinding(
    "modules-not-found",
    "LOOK",
    "libpam's modules are not where Debian has them",
    "So it was not looked at whether a module is missing.",
    "ls -d /usr/lib/*/security",
)


def long_line(place: Place) -> PamFinding:
    return PamFinding(
        "line-too-long",
        "LOOK",
        f"{place.text} is longer than 1022 bytes",
        "Debian 12's libpam reads such a line in pieces, and what follows the first is a line that"
        " it rejects: logins fail, even where it is a comment.",
        "Make it shorter.",
        (place,),
    )


def rejected(problem: Problem) -> PamFinding:
    if problem.code.strip() == "" or problem.code == "\r":
        return PamFinding(
            "carriage-return",
            "LOOK",
            f"{problem.place.text} holds nothing that can be seen, and libpam rejects it",
            "The file has line ends of Windows. libpam takes such a line as a no.",
            f"sed -i 's/\\r$//' {problem.place.path}",
            (problem.place,),
        )
    return PamFinding(
        "line-rejected",
        "LOOK",
        f"{problem.place.text} {problem.text}",
        f"`{problem.code}` is not left out: where it stands, libpam takes it as a no.",
        f"Correct {problem.place.text}.",
        (problem.place,),
    )


def module_missing(handler: Handler) -> PamFinding:
    windows = handler.module.endswith("\r")
    why = (
        "The line ends as Windows writes it, and the name is taken with that sign."
        if windows
        else "libpam takes it as a no, by the line's control (module_unknown)."
    )
    fix = (
        f"Take the carriage returns out: sed -i 's/\\r$//' {handler.place.path}"
        if windows
        else f"Install the package that has it (dpkg -S {handler.name}.so on another node), or take"
        f" out {handler.place.text}."
    )
    cause = "carriage-return" if windows else "module-missing"
    text = f"{handler.place.text}: there is no {handler.module.rstrip()}"
    return PamFinding(cause, "LOOK", text, why, fix, (handler.place,))


def not_roots(path: str, uid: int) -> PamFinding:
    return PamFinding(
        "file-not-roots",
        "BAD",
        f"{path} belongs to UID {uid}",
        "Whoever has that UID decides who becomes root.",
        f"chown root:root {path}",
        (Place(path),),
    )


def writable(path: str, mode: int) -> PamFinding:
    return PamFinding(
        "file-writable",
        "BAD",
        f"{path} can be written by others ({mode:04o})",
        "Whoever writes it decides who becomes root.",
        f"chmod go-w {path}",
        (Place(path),),
    )


def force(path: str, wrong: Sequence[int]) -> str:
    """The command, and which lines of a file it overwrites."""
    gone = [str(number) for number in wrong if number]
    lines = f"line {gone[0]}" if len(gone) == 1 else f"lines {', '.join(gone)}"
    over = f" It overwrites {lines} of {path}." if gone else ""
    return (
        "pam-auth-update --force writes its own lines in common-* anew."
        f"{over} The file as it was stays beside it as .pam-old."
    )


def put_back(path: str) -> str:
    """For the lines that pam-auth-update never writes again once they are changed."""
    kind = path.rpartition("common-")[2].removesuffix("-noninteractive")
    return (
        f"Put Debian's two lines back behind the block: `{kind} requisite pam_deny.so`, then"
        f" `{kind} required pam_permit.so`; what was put between goes below them. pam-auth-update"
        " keeps them as they are, also with --force."
    )


def edited(path: str, wrong: Sequence[int]) -> PamFinding:
    return PamFinding(
        "block-edited",
        "LOOK",
        f"{path}: pam-auth-update's lines are not as it writes them",
        "Somebody has edited them, so pam-auth-update --package may leave the file as it is: a"
        " package that is installed or removed (libpam-sss) does not change it any more.",
        force(path, wrong),
        tuple(Place(path, number) for number in wrong),
    )


def fallback_edited(path: str, wrong: Sequence[int]) -> PamFinding:
    return PamFinding(
        "fallback-edited",
        "LOOK",
        f"{path}: pam_deny and pam_permit behind the block are not Debian's",
        "The jumps of the block are counted for those two lines.",
        put_back(path),
        tuple(Place(path, number) for number in wrong),
    )
