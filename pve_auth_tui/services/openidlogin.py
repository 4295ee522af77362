"""The second half of a login without a local browser: PVE takes the code, and what came of it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pve_auth_tui.core.apitrouble import explained
from pve_auth_tui.core.errors import ApiError, AuthTuiError, LoginRefused, Unreachable, Unwritable
from pve_auth_tui.core.masked import without
from pve_auth_tui.core.openid.assisted import Begun, way_back
from pve_auth_tui.core.ports import Api, Journal
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.services.steps import Story
from pve_auth_tui.services.steps import entry as event

_LOGIN: Final = ("access", "openid", "login")
_SECONDS: Final = 60.0  # the provider is asked for a token and for userinfo


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Who it was, and what it wrote.

    `new_user`: PVE made it. `new_groups`: PVE made them; `joined`, `left`: groups of the user.
    `remarks`: sentences on what could not be told or noted.
    """

    userid: str
    new_user: bool = False
    new_groups: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def finished(
    api: Api,
    login: Begun,
    pasted: Secret,
    journal: Journal,
    look: Callable[[], Snapshot],
    *,
    now: float,
) -> LoggedIn:
    """As `OpenIdService.finish_login` says. `now` in seconds since 1970."""
    back = way_back(pasted, login)
    before = look()
    at = datetime.fromtimestamp(now, UTC)
    story = Story(
        journal,
        f"{at:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}",  # no plan's, so nothing can be undone
        f"try a login of realm {login.realm}, which may make users and groups",
    )
    story.tell(event("begin"))
    story.tell(event("intent", step=1, text=f"POST /access/openid/login ({login.redirect})"))
    try:
        userid = _taken(api, login, back.state, back.code)
    except AuthTuiError as error:
        unsure = isinstance(error, Unreachable) and error.unsure
        _end(story, f"{'unsure' if unsure else 'failed'}: {type(error).__name__}")
        raise
    _end(story, "ok")
    return _told(userid, before, _looked(look, story), story)


def _taken(api: Api, login: Begun, state: str, code: Secret) -> str:
    """The userid; the ticket goes no further than this function (R22)."""
    params = {"state": state, "redirect-url": login.redirect}
    try:
        answer: Any = api.call("POST", _LOGIN, params, {"code": code}, seconds=_SECONDS)
    except ApiError as error:
        without(error, [code])
        if error.code == 401:
            raise LoginRefused(
                "PVE refused the login, and does not say why.",
                "The node's journal does: journalctl -g 'openid authentication failure'. A code"
                " works once: begin again for another try.",
            ) from None
        raise explained(error, action="finish the login") from None
    userid = answer.get("username") if isinstance(answer, dict) else None
    answer = None
    if not isinstance(userid, str):
        raise LoginRefused("PVE answered without a user.", "Look at the journal of the node.")
    return userid


def _end(story: Story, outcome: str) -> None:
    """What came of it stands, whether the journal takes that or not."""
    try:
        story.tell(event("result", step=1, outcome=outcome))
        story.tell(event("end", outcome=outcome))
    except Unwritable as error:
        story.remark(f"The journal does not have how it ended: {error}")


def _looked(look: Callable[[], Snapshot], story: Story) -> Snapshot | None:
    with suppress(AuthTuiError):
        return look()
    story.remark("What it changed could not be read.")
    return None


def _told(userid: str, before: Snapshot, after: Snapshot | None, story: Story) -> LoggedIn:
    old = before.access.value
    new = after.access.value if after is not None else None
    if old is None or new is None:
        return LoggedIn(userid, remarks=tuple(story.remarks))
    was = {name for name, group in old.groups.items() if userid in group.members}
    now = {name for name, group in new.groups.items() if userid in group.members}
    return LoggedIn(
        userid,
        userid in new.users and userid not in old.users,
        tuple(sorted(new.groups.keys() - old.groups.keys())),
        tuple(sorted(now - was)),
        tuple(sorted(was - now)),
        tuple(story.remarks),
    )
