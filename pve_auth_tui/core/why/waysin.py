"""What would let an account or an API token in that PVE refuses, as plans that are to be tried."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pve_auth_tui.core import names
from pve_auth_tui.core.accessdata import Token, User
from pve_auth_tui.core.intents import factors, tokens, users
from pve_auth_tui.core.plan import Intent
from pve_auth_tui.core.planning import together
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.words import has_expired


class WayIn(NamedTuple):
    """`title` (an act), `effect` (what that leads to), and the plan of it."""

    title: str
    effect: str
    intent: Intent


def ways_in(snapshot: Snapshot, subject: str, now: float) -> Iterator[WayIn]:
    """What stands in the way of a userid or full token id, each with what takes it away.

    The account first: PVE refuses the tokens of a user who is disabled or expired. None that is
    not there. `now` in seconds since 1970.
    """
    parts = names.split_tokenid(subject)
    config = snapshot.access.value
    user = config.users.get(parts[0] if parts else subject) if config else None
    if user is None:
        return
    yield from _account(user, now)
    if parts is None:
        yield from _factors(snapshot, user.id)
    elif token := user.tokens.get(parts[1]):
        yield from _token(snapshot, subject, token, now)


def _account(user: User, now: float) -> Iterator[WayIn]:
    usable = "it can be used again"
    enable = users.switch([user.id], enable=True)
    never = users.edit([user.id], {"expire": 0})
    expired = has_expired(user.expire, now)
    if not user.enable:
        yield WayIn(f"enable {user.id}", usable, enable)
    if expired:
        yield WayIn(f"let {user.id} never expire", usable, never)
    if expired and not user.enable:
        title = f"enable {user.id}, and let it never expire"
        yield WayIn(title, usable, together([enable, never]))


def _token(snapshot: Snapshot, full: str, token: Token, now: float) -> Iterator[WayIn]:
    if has_expired(token.expire, now):
        never = tokens.edit([full], expire=0)
        yield WayIn(f"let {full} never expire", "it can be used again", never)
    secrets = snapshot.token_secrets.value
    if secrets is not None and full not in secrets.tokens:
        yield WayIn(f"give {full} a new secret", "it can log in with it", tokens.regenerate(full))


def _factors(snapshot: Snapshot, userid: str) -> Iterator[WayIn]:
    tfa = snapshot.tfa.value
    mine = tfa.users.get(userid) if tfa else None
    if mine and (mine.totp_locked or mine.locked_until):
        title = f"unlock the second factors of {userid}"
        yield WayIn(title, "it can log in", factors.unlock(userid))
