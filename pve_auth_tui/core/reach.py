"""What a token sees when it logs in, in one or two words; and why.

`ALL, ROOT`  it is an administrator
`ALL`        it may look at everything, from /
`all guests`, `all stores`, `6 guests`, `4 stores`   these and nothing else
`some`       anything else
`NOTHING`    it logs in, and every list comes back empty, without an error
`nothing`    it cannot log in: expired, or its user is disabled or has expired

To see a guest takes VM.Audit, to see a store Datastore.Audit or Datastore.AllocateSpace.

The work is bounded: of a subject with more entries or pool members than `_LOOKED_AT`, no
more is said than `some`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pve_auth_tui.core.aclindex import AclIndex, acl_index, permissions_of
from pve_auth_tui.core.pathtree import member_paths
from pve_auth_tui.core.userconfig import Token, User, UserConfig
from pve_auth_tui.core.words import count_words, has_expired

NOTHING = "NOTHING"
CANNOT_LOG_IN = "nothing"
EVERYTHING = "ALL, ROOT"
LOOKS_AT_ALL = "ALL"
SOME = "some"

_LOOKED_AT = 64  # entries or pool members
_SEES_GUEST = frozenset({"VM.Audit"})
_SEES_STORE = frozenset({"Datastore.Audit", "Datastore.AllocateSpace"})
_LOOKS = frozenset({"VM.Audit", "Datastore.Audit", "Sys.Audit"})
_WHOLE = (("/vms", _SEES_GUEST, "all guests"), ("/storage", _SEES_STORE, "all stores"))


@dataclass(frozen=True, slots=True)
class Reach:
    """`word` for the list; `reason` in one sentence, where there is something to explain."""

    word: str
    reason: str = ""


def token_reach(config: UserConfig, user: User, token: Token, now: float) -> Reach:
    """What a token gets to see. Secrets are not looked at: without one it cannot log in."""
    if has_expired(token.expire, now):
        return Reach(CANNOT_LOG_IN, "The token has expired.")
    if not user.enable:
        return Reach(CANNOT_LOG_IN, "Its user is disabled.")
    if has_expired(user.expire, now):
        return Reach(CANNOT_LOG_IN, "Its user has expired.")
    index = acl_index(config)
    if not token.privsep:
        if user.id in index.administrators:
            return Reach(EVERYTHING, f"Without privilege separation it is {user.id}.")
        subjects: tuple[str, ...] = (user.id, *index.groups_of.get(user.id, ()))
        reach = Reach(_reach(config, index, user.id, subjects))
        if reach.word == NOTHING:
            return Reach(NOTHING, "Its user has no rights.")
        return reach
    tokenid = f"{user.id}!{token.id}"
    if tokenid not in index.by_subject:
        return Reach(NOTHING, "Privilege separation is on and it has no ACL of its own.")
    word = _reach(config, index, tokenid, (tokenid,))
    if word == NOTHING:
        return Reach(NOTHING, "It gets only what its user may do, too, and that is nothing here.")
    return Reach(word)


def _reach(
    config: UserConfig,
    index: AclIndex,
    asked: str,
    subjects: Iterable[str],
) -> str:
    """`asked` is who the engine is asked about, `subjects` whose entries give it rights."""
    engine = permissions_of(config)
    paths: dict[str, None] = {}
    for subject in subjects:
        for entry in index.by_subject.get(subject, ()):
            paths[entry.path] = None
            if len(paths) > _LOOKED_AT:
                return SOME
    if "/" in paths and engine.is_administrator(asked):
        return EVERYTHING
    seen = {path: engine.privileges(asked, path) for path in paths}
    if _looks_at_all(seen):
        return LOOKS_AT_ALL
    if len(seen) == 1:
        for path, needed, words in _WHOLE:
            if any(seen.get(path, {}).get(privilege) for privilege in needed):
                return words
    members = [
        member
        for path in paths
        for pool_id in index.pools_below.get(path, ())
        for member in member_paths(config.pools[pool_id])
    ]
    if len(members) > _LOOKED_AT:
        return SOME
    seen |= {member: engine.privileges(asked, member) for member in members}
    return _counted(seen)


def _looks_at_all(seen: Mapping[str, Mapping[str, bool]]) -> bool:
    top = seen.get("/", {})
    return all(top.get(privilege) for privilege in _LOOKS) and all(
        any(privilege.endswith(".Audit") for privilege in privileges)
        for privileges in seen.values()
    )


def _counted(seen: Mapping[str, Mapping[str, bool]]) -> str:
    guests = stores = other = 0
    for path, privileges in seen.items():
        if path.startswith("/vms/"):
            guests += not _SEES_GUEST.isdisjoint(privileges)
        elif path.startswith("/storage/"):
            stores += not _SEES_STORE.isdisjoint(privileges)
        elif not path.startswith("/pool/"):
            other += bool(privileges)
    if other or (guests and stores):
        return SOME
    if guests:
        return count_words(guests, "guest", "guests")
    if stores:
        return count_words(stores, "store", "stores")
    return NOTHING
