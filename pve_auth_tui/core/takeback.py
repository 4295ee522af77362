"""The way back from a change: the API calls that bring each object's record from `after` back
to `before`, and what no call brings back (security.md R13, R14, R14b).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from pve_auth_tui.core import backaccess, backfactors, backjobs, backrealms
from pve_auth_tui.core.changed import Changed, CodeOf, Way, changed
from pve_auth_tui.core.plan import ApiCall, HostFile, OnNode, Step, TakeBack
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot

__all__ = ["Changed", "CodeOf", "beyond_records", "changed", "material_of", "way_back"]

_OLD_SECRET: Final = "The old secret of API token {} does not come back."  # noqa: S105
_REALM_SECRETS: Final[Mapping[str, str]] = {
    "password": "bind password",
    "client-key": "client key",
}


def material_of(before: Snapshot, changes: Sequence[Changed]) -> Mapping[str, Secret]:
    """What undo needs and no record holds, by name; nothing else (R13).

    `before` is the picture from immediately before the change. There is something only where it
    was read from files: PVE's API tells no secrets. TOTP entries come with the last period of
    which a code was used.
    """
    found: dict[str, Secret] = {}
    for change in changes:
        if change.before is not None:
            found.update(backfactors.material(before, change))
            found.update(backrealms.material(before, change))
    return found


def way_back(
    changes: Sequence[Changed],
    material: Mapping[str, Secret],
    snapshot: Snapshot,
    *,
    now: float,
    code_of: CodeOf | None = None,
) -> TakeBack:
    """The steps from the picture after a change back to the records before it, and what is lost.

    `snapshot` is the picture that the steps start from. What is made or changed comes in the
    order of KINDS, then what the change had made is removed, in reverse. `code_of` gives the
    code of a TOTP entry that is added again; None: the way is only shown, with an empty code.
    Raises TooSoon when a used code of such an entry would count again; not without `code_of`.
    """
    way = Way({one.key: one for one in changes}, material, snapshot, now, code_of)
    backfactors.factors(way)  # before the users: see there
    backfactors.locks(way)
    backfactors.passwords(way)
    backrealms.realms(way)
    backrealms.options(way)
    backaccess.roles(way)
    backaccess.groups(way)
    backaccess.users(way)
    backaccess.tokens(way)
    backaccess.pools(way)
    backaccess.entries(way)
    backjobs.jobs(way)
    return way.result


def beyond_records(steps: Sequence[Step], changes: Sequence[Changed] = ()) -> tuple[str, ...]:
    """What these steps change for good although no record shows it: secrets that are replaced.

    `changes` are those that the steps make. `way_back` cannot know of the others; a plan says
    these sentences along with its own.
    """
    new = {one.key.name for one in changes if one.key.kind == "password"}
    keyed = {one.key.name for one in changes if one.key.kind == "user" and "keys" in one.back}
    found = [text for step in steps for text in _beyond(step, new, keyed)]
    calls = {(step.method, step.path) for step in steps if isinstance(step, ApiCall)}
    for method, path in sorted(calls):
        removed = method == "DELETE" and path[:2] == ("access", "tfa") and path[-1] == "recovery"
        if removed and ("POST", path[:-1]) in calls:
            found.append(f"The recovery keys of {path[2]} do not come back: make a new set.")
        is_token = path[:2] == ("access", "users") and path[3:4] == ("token",)
        if is_token and method == "DELETE" and ("POST", path) in calls:
            found.append(_OLD_SECRET.format(f"{path[2]}!{path[4]}"))
    return tuple(dict.fromkeys(found))


def what_a_command_leaves(step: OnNode) -> str:
    """What is said of a command, or of a file, of which nobody says more."""
    if isinstance(step, HostFile):
        return f"What is at {step.path} now does not come back."
    return f"What {step.argv[0]} does is not taken back."


def _beyond(step: Step, new_passwords: Collection[str], keyed: Collection[str]) -> Iterator[str]:
    if isinstance(step, OnNode):
        yield what_a_command_leaves(step)
    if not isinstance(step, ApiCall):
        return
    given = {**step.params, **step.secrets}
    match (step.method, *step.path):
        case ("PUT", "access", "password") if given.get("userid") not in new_passwords:
            yield f"The old password of {given.get('userid')} does not come back: set a new one."
        case ("PUT", "access", "users", userid) if "keys" in step.secrets and userid not in keyed:
            yield f"The Key IDs that {userid} has now do not come back: no record has them."
        case ("PUT", "access", "users", userid, "token", name) if given.get("regenerate"):
            yield _OLD_SECRET.format(f"{userid}!{name}")
        case ("PUT", "access", "users", userid, "unlock-tfa"):
            yield f"The count of wrong codes of {userid} starts at 0 again."
        case ("PUT", "access", "domains", realm):
            gone = str(given.get("delete", "")).replace(";", ",").split(",")
            for name, what in _REALM_SECRETS.items():
                if name in given or name in gone:
                    yield f"The old {what} of realm {realm} does not come back: set it anew."
