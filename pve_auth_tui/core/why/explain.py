"""Why somebody can or cannot do something on a path (design/screens.md, Explain).

What PVE would answer is told with everything that leads to it. The answer is that of
GET /access/permissions with userid and path, to the last flag; the path is taken as it is
written, because PVE does so, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from pve_auth_tui.core import names
from pve_auth_tui.core.accessdata import ADMINISTRATOR, ROOT, UserConfig
from pve_auth_tui.core.aclindex import acl_index
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.grants import Flags
from pve_auth_tui.core.lookalike import reads_as
from pve_auth_tui.core.memo import remembered
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.why.asked import access_of, require_privilege
from pve_auth_tui.core.why.explanation import Explanation, Step
from pve_auth_tui.core.why.fixes import fixes_for
from pve_auth_tui.core.why.usable import usable
from pve_auth_tui.core.why.verdict import Case, because, verdict
from pve_auth_tui.core.why.walk import Walk, grants_of, on_the_way, walk


def explain(
    snapshot: Snapshot,
    subject: str,
    path: str,
    privilege: str = "",
    *,
    now: float,
    fixes: bool = True,
) -> Explanation:
    """What `subject` (a userid or full token id) may do on `path`, or whether `privilege`.

    `now` in seconds since 1970. Without `fixes` none are looked for: that takes less time.
    Raises UsageError for a subject, path or privilege that cannot be, Refused where users and
    permissions were not read.
    """
    _require_subject(subject)
    _require_path(path)
    if privilege:
        require_privilege(snapshot, privilege)
    made = _explained(snapshot, subject, path, privilege, now)
    return replace(made, fixes=fixes_for(made, snapshot, now=now)) if fixes else made


def _explained(
    snapshot: Snapshot, subject: str, path: str, privilege: str, now: float
) -> Explanation:
    config = access_of(snapshot)
    parts = names.split_tokenid(subject)
    user = config.users.get(parts[0]) if parts else None
    token = user.tokens.get(parts[1]) if user and parts else None
    owner: Explanation | None = None
    found: Walk | None = None
    who = subject
    nothing = grants_of(config).nothing.privs
    if parts and token is None:
        steps = _nothing(path, subject, "there is no such API token", nothing)
    elif not parts and not names.is_userid(subject):
        steps = _nothing(path, subject, "PVE knows no userid of this length", nothing)
    else:
        if parts and token and not token.privsep:
            who = parts[0]
        if who == ROOT:
            steps = (*_unheard(config, subject, who, path), _root_step(config))
        else:
            found = walk(config, who, path)
            steps = (*_unheard(config, subject, who, path), *found.steps)
            if parts and who == subject:
                owner = _explained(snapshot, parts[0], path, privilege, now)
                steps = (*steps, _owner_step(config, found, parts[0], path))
    allowed = steps[-1].result
    case = Case(
        snapshot, config, subject, path, privilege, allowed, who, found,
        owner.allowed if owner else None,
    )  # fmt: skip
    state = usable(snapshot, subject, now)
    return Explanation(
        subject,
        path,
        privilege,
        allowed,
        state,
        verdict(case, state),
        because(case),
        steps,
        owner=owner,
        also=() if parts else _also(config, subject),
    )


def _nothing(path: str, subject: str, why: str, result: Flags) -> tuple[Step, ...]:
    return (Step("none", path, subject, "", False, why, result),)


def _root_step(config: UserConfig) -> Step:
    everything = grants_of(config).of({ADMINISTRATOR: True}).privs
    return Step("root", "/", ROOT, "", True, "root@pam may do everything", everything)


def _unheard(config: UserConfig, subject: str, who: str, path: str) -> Iterator[Step]:
    """Entries on the way that never count: root@pam's, and those of a token that is its user."""
    nothing = grants_of(config).nothing.privs
    if subject != who:
        why = f"no privilege separation: {who} counts"
        for entry in on_the_way(config, [subject], path):
            yield Step("token", entry.path, subject, entry.role, False, why, nothing)
    if who == ROOT:
        why = "root@pam may do everything"
        groups = acl_index(config).groups_of.get(ROOT, ())
        for entry in on_the_way(config, [ROOT, *groups], path):
            yield Step(entry.kind, entry.path, entry.shown_subject, entry.role, False, why, nothing)


def _owner_step(config: UserConfig, found: Walk, owner: str, path: str) -> Step:
    """The last step of a token with privilege separation: what its user may do, too."""
    if owner == ROOT:
        return Step("owner", path, owner, "", False, "root@pam limits nothing", found.grant.privs)
    grants = grants_of(config)
    result = grants.cut(walk(config, owner, path).grant, found.grant)
    if not found.grant.privs:
        return Step("owner", path, owner, "", False, "limits it, but it has nothing", result)
    if result == found.grant.privs:
        return Step("owner", path, owner, "", False, "its user has all of it, too", result)
    gone = len(found.grant.privs) - len(result)
    if not gone:
        return Step("owner", path, owner, "", True, "its user does not pass all of it on", result)
    return Step("owner", path, owner, "", True, f"its user lacks {gone} of them", result)


# --- what can be asked -----------------------------------------------------------------------


def _require_subject(subject: str) -> None:
    if subject.startswith("@") and "@" not in subject[1:]:
        raise UsageError(
            f"{subject} is a group: PVE answers for users and API tokens only.",
            "Ask for one of its members.",
        )
    if not (names.has_userid_shape(subject) or names.split_tokenid(subject)):
        raise UsageError(
            f"{subject or 'An empty name'} is no user and no API token.",
            "A user is name@realm, an API token name@realm!token.",
        )


def _require_path(path: str) -> None:
    if names.normalise_path(path) is None:
        raise UsageError(
            f"{path or 'An empty text'} is no path.",
            "A path has only letters, digits, dot, -, _ and / between its parts: /vms/100.",
        )


# --- who else it may be ----------------------------------------------------------------------


def _also(config: UserConfig, userid: str) -> tuple[str, ...]:
    """Accounts in other realms whose names read the same."""
    name, _, realm = userid.rpartition("@")
    same = _by_name(config).get(reads_as(name), ())
    return tuple(other for other in same if other.rpartition("@")[2] != realm)


@remembered
def _by_name(config: UserConfig) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for userid in sorted(config.users):
        found.setdefault(reads_as(userid.rpartition("@")[0]), []).append(userid)
    return found
