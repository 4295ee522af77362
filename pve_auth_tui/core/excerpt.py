"""A small configuration that gives one subject the same rights on one path as the whole.

Answering "and without this entry?" takes another configuration. Of twenty thousand entries
only those on the way to the path count, so that much is all that is put together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pve_auth_tui.core.aclindex import acl_index
from pve_auth_tui.core.userconfig import AclEntry, UserConfig


def excerpt(
    config: UserConfig, userid: str, path: str, *, without: AclEntry | None = None
) -> UserConfig:
    """What decides about `userid`, and about its tokens, on `path`.

    `without` leaves out one entry.
    """
    index = acl_index(config)
    user = config.users.get(userid)
    pools = {pool: config.pools[pool] for pool in index.pools_of.get(path, ())}
    groups = [shown.removeprefix("@") for shown in index.groups_of.get(userid, ())]
    subjects = {userid, *index.groups_of.get(userid, ())}
    if user:
        subjects |= {f"{userid}!{token}" for token in user.tokens}
    paths = {step for pool in pools for step in _way(f"/pool/{pool}")} | set(_way(path))
    entries = [
        entry
        for step in sorted(paths)
        for subject, here in index.levels.get(step, {}).items()
        if subject in subjects
        for entry in here
        if entry != without
    ]
    return replace(
        config,
        users={userid: user} if user else {},
        groups={
            group: replace(config.groups[group], members=(userid,), comment=None)
            for group in groups
        },
        pools=pools,
        acl=tuple(entries),
        groups_of={},
        warnings=(),
    )


def _way(path: str) -> Iterator[str]:
    """/, /vms, /vms/100"""
    yield "/"
    step = ""
    for part in path.split("/"):
        if part:
            step = f"{step}/{part}"
            yield step
