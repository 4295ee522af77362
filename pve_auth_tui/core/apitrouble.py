"""What a refusal of PVE's API means, in the words of who asked, with the next step.

The texts are PVE's own, as recorded; what PVE adds in front (`create group failed: `) is left
out of the sentence and kept in `original`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from pve_auth_tui.core.errors import (
    ApiError,
    AuthTuiError,
    LoginRefused,
    Refused,
    Unreachable,
    UsageError,
)

_UNCHANGED: Final = "so nothing was changed"
_CORRECT: Final = "Correct it and try again; nothing was changed."
_ASKS_WHO_IT_IS: Final = "password is required to modify user"
_MOST_READ: Final = 4096  # of PVE's text; the rules stay fast on it whatever it is
_LONGEST: Final = 300  # of PVE's text in a sentence; the whole text stays in `original`


class SessionEnded(LoginRefused):
    """The ticket is not taken any more. Whoever wants to go on logs in again."""


def session_ended(original: str = "") -> SessionEnded:
    """PVE takes the ticket no more, or it is too old to try."""
    return SessionEnded(
        "The session with PVE has ended.",
        "Log in again. Tickets last two hours, and less when the node's clock or key changes.",
        original,
    )


def explained(error: ApiError, *, action: str = "", user: str = "") -> AuthTuiError:
    """The same refusal as an error that an admin can act on.

    `action` is what was tried, as after "could not": `add the group ops`. `user` is who tried.
    Of the kinds, Refused and UsageError mean that nothing was changed, Unreachable that the
    call did not get through (`unsure`: perhaps it did), LoginRefused that PVE does not know
    the caller; what is none of these is PVE's own reason.
    """
    text = error.original or str(error)
    for code, pattern, build in _RULES:
        if code in {0, error.code} and (found := re.search(pattern, text[:_MOST_READ])):
            return _told(build(found, error, user), action, text)
    return _told(_by_code(error, text, user), action, text)


def _told(error: AuthTuiError, action: str, original: str) -> AuthTuiError:
    """With what was tried in front, a full stop behind, and PVE's own text beside."""
    clause = str(error).rstrip(".")
    sentence = f"Could not {action}: {clause}." if action else f"{_capital(clause)}."
    error.args = (sentence,)
    error.original = error.original or original.strip()
    return error


def _capital(clause: str) -> str:
    """A sentence starts with a capital letter; a name stays as it is."""
    word = clause.split(" ", 1)[0]
    return clause[0].upper() + clause[1:] if word.isalpha() else clause


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


# --- rules on the text -----------------------------------------------------------------


def _no_quorum(found: re.Match[str], error: ApiError, user: str) -> AuthTuiError:
    return Refused(
        f"the cluster has no quorum, {_UNCHANGED}",
        "See which nodes are missing: pvecm status. Reading works, and so do logins without"
        " a second factor or with a security key.",
    )


def _lock_held(found: re.Match[str], error: ApiError, user: str) -> AuthTuiError:
    return Refused(
        f"somebody else is changing {_file(found[1])}, {_UNCHANGED}",
        "Try again. A lock that a dead process left behind ends after 120 seconds.",
    )


def _file(lock: str) -> str:
    """`file-priv_tfa_cfg` -> `priv/tfa.cfg`: the file below /etc/pve that a lock is for."""
    name = lock.removeprefix("file-")
    if not name.endswith("_cfg"):
        return lock
    name = name.removesuffix("_cfg")
    return f"priv/{name[5:]}.cfg" if name.startswith("priv_") else f"{name}.cfg"


def _changed_meanwhile(found: re.Match[str], error: ApiError, user: str) -> AuthTuiError:
    return Refused(
        f"somebody else changed it in the meantime, {_UNCHANGED}",
        "Read it again and look whether the change is still wanted.",
    )


def _broken_section(found: re.Match[str], error: ApiError, user: str) -> AuthTuiError:
    return Refused(
        "one section of the file lacks something that PVE requires, and until that is mended"
        " PVE writes none of them",
        "Look for a realm without base_dn, client-id or the like in /etc/pve/domains.cfg (for a"
        " sync job: jobs.cfg). Creating the same one with all values mends it.",
    )


def _no_cluster_files(found: re.Match[str], error: ApiError, user: str) -> AuthTuiError:
    return Unreachable(
        "PVE's cluster file system does not answer on that node",
        "On the node: systemctl status pve-cluster. Nobody can log in there until it runs.",
    )


def _read_only(found: re.Match[str], error: ApiError, user: str) -> AuthTuiError:
    return Refused(
        f"/etc/pve takes no changes now, {_UNCHANGED}",
        "Mostly the cluster has no quorum: pvecm status.",
    )


def _disk_full(found: re.Match[str], error: ApiError, user: str) -> AuthTuiError:
    return Refused(
        f"the disk of the node is full, {_UNCHANGED}", "Make room: df -h / /var/lib/pve-cluster."
    )


def _may_not(found: re.Match[str], error: ApiError, user: str) -> AuthTuiError:
    path, privileges = found[1], found[2].strip()
    return Refused(
        f"{user or 'this user'} may not do that: it needs"
        f" {' or '.join(privileges.split('|'))} on {_short(path)}",
        "Ask somebody who has it, or log in as another user.",
    )


def _not_by_token(found: re.Match[str], error: ApiError, user: str) -> AuthTuiError:
    return Refused(
        "no API token may do that, whatever its privileges", "Log in with a password instead."
    )


def _no_such_user(found: re.Match[str], error: ApiError, user: str) -> AuthTuiError:
    who = found[1]
    return AuthTuiError(
        f"the user {_short(who)} does not exist" if who else "PVE knows no such user here",
        "Read the list again: somebody may have deleted it."
        if who
        else "Read the list again. For second factors this also means: the user has none.",
    )


def _gone(found: re.Match[str], error: ApiError, user: str) -> AuthTuiError:
    return AuthTuiError(_short(found[1]), "Read the list again: somebody may have deleted it.")


def _there_already(found: re.Match[str], error: ApiError, user: str) -> AuthTuiError:
    return AuthTuiError(_short(found[1]), "Read the list again, or take another name.")


def _nested(found: re.Match[str], error: ApiError, user: str) -> AuthTuiError:
    """A refusal of parameters inside a 500: `id: No such job 'x'` per line."""
    lines = [line.partition(":") for line in found[1].splitlines() if ":" in line]
    return _bad_values({name.strip(): text.strip() for name, _, text in lines}, found[1])


def _too_large(found: re.Match[str], error: ApiError, user: str) -> AuthTuiError:
    return UsageError("PVE takes at most 64 KiB in one call", _CORRECT)


def _wrong_password(found: re.Match[str], error: ApiError, user: str) -> AuthTuiError:
    return AuthTuiError(
        "the password is not right",
        "PVE asks for the password of who is logged in, not of the user that is changed.",
    )


Rule = tuple[int, str, Callable[[re.Match[str], ApiError, str], AuthTuiError]]
_RULES: Final[tuple[Rule, ...]] = (
    (0, r"error: no quorum!|cluster not ready - no quorum", _no_quorum),
    (0, r"cfs-lock '([\w./-]+)' error: got lock (?:request )?timeout", _lock_held),
    (0, r"can't lock file '([^']+)' - got timeout", _lock_held),
    (0, r"detected modified configuration", _changed_meanwhile),
    (0, r"unknown section type ''", _broken_section),
    (0, r"RPCEnvironment init request failed|ipcc_send_rec", _no_cluster_files),
    (0, r"Unable to load access control list", _no_cluster_files),
    (0, r"'/etc/pve/\S+' - Permission denied", _read_only),
    (0, r"No space left on device", _disk_full),
    (403, r"not available with API token", _not_by_token),
    (403, r"^Permission check failed \((/[^,\n]*), ([^)\n]+)\)", _may_not),
    (500, r"no such user(?: \('([^'\n]*)'\))?\s*$", _no_such_user),
    (500, r"400 Parameter verification failed\.\n([\s\S]+)", _nested),
    (500, r"^invalid credentials\s*$", _wrong_password),
    (500, r"(?:^|: )((?:group|role|user|domain|authentication domain) '.*' does not exist)", _gone),
    (500, r"(?:^|: )(no such (?:group|token|realm).*)", _gone),
    (500, r"(?:^|: )((?:group|role|user|domain|Job) '.*' already exists)", _there_already),
    (501, r"data too large", _too_large),
)

# --- rules on the code -----------------------------------------------------------------


def _by_code(error: ApiError, text: str, user: str) -> AuthTuiError:
    match error.code:
        case 400 if asked := [name for name, why in error.errors.items() if _ASKS_WHO_IT_IS in why]:
            return Refused(
                f"PVE asks {user or 'who is logged in'} for their own password to do that,"
                f" {_UNCHANGED}",
                "As root@pam on the node none is needed. Elsewhere, for what adds or sets, give it"
                f" with: change ... --secret {asked[0]}",
            )
        case 400:
            return _bad_values(error.errors, text)
        case 401 if "authentication failure" in text:
            return LoginRefused(
                f"PVE refused the login of {user}" if user else "PVE refused the login",
                "PVE never says whether it was the name, the password or the account; its journal"
                " does: journalctl -u pvedaemon -g 'authentication failure'.",
            )
        case 401:
            return session_ended()
        case 403:
            return Refused(
                f"{user or 'this user'} may not do that",
                "Ask somebody who may, or log in as another user.",
            )
        case 404:
            return AuthTuiError(_short(text), "Read the list again: somebody may have deleted it.")
        case 501:
            return UsageError(
                "this PVE does not know that call",
                "The node may run an older version of PVE: pveversion.",
            )
        case code if 595 <= code <= 599:
            return _not_passed_on(code, text)
    return AuthTuiError(f"PVE says: {_short(text)}", "The journal of the node may tell more.")


def _bad_values(errors: Mapping[str, str], text: str) -> AuthTuiError:
    told = "; ".join(f"{name}: {' '.join(problem.split())}" for name, problem in errors.items())
    return UsageError(f"PVE does not take these values: {_short(told or text)}", _CORRECT)


def _not_passed_on(code: int, text: str) -> Unreachable:
    """pveproxy hands calls to pvedaemon or to another node; the codes are AnyEvent::HTTP's."""
    reasons = {
        595: "no connection came about",
        596: "the connection broke, or took too long",
        597: "the answer broke off",
        598: "it was given up",
        599: "something else is wrong on the way",
    }
    return Unreachable(
        f"the call did not get through pveproxy: {reasons[code]} ({_short(text)})",
        "Is that node up? If it is the same node: systemctl status pvedaemon.",
        unsure=code != 595,
    )
