"""Datacenter, Permissions, API Tokens."""

from __future__ import annotations

from collections.abc import Sequence

from pve_auth_tui.core.aclindex import acl_index
from pve_auth_tui.core.listing import Column, Line, Listing, Row, View
from pve_auth_tui.core.lists.parts import GONE, argument, look
from pve_auth_tui.core.reach import (
    CANNOT_LOG_IN,
    EVERYTHING,
    LOOKS_AT_ALL,
    Reach,
    token_reach,
)
from pve_auth_tui.core.reach import NOTHING as SEES_NOTHING
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.userconfig import Token, User, UserConfig
from pve_auth_tui.core.words import (
    date_time,
    expiry,
    expiry_field,
    expiry_order,
    yes_no,
)

_COLUMNS = (
    Column("User name", 16, grow=True),
    Column("Token name", 10, grow=True),
    Column("Expire", 8),
    Column("Comment", 10, grow=True),
    Column("Priv. Sep.", 10),
    Column("Sees", 10),
)
_VIEWS = (
    View("to look at", "look:yes"),
    View("see nothing", "sees:nothing"),
    View("root in effect", "sees:root"),
    View("without privilege separation", "privsep:no"),
    View("expired", "expire:expired"),
    View("expiring within 30 days", "expire:soon"),
    View("of one realm", "realm:"),
)
_FIELDS = ("user", "realm", "token", "expire", "privsep", "sees", "secret", "look")
_PATHS = 5  # as many as a detail pane has room for


def _rows(snapshot: Snapshot, now: float) -> Sequence[Row]:
    config = snapshot.access.value
    if config is None:
        return ()
    rows = []
    for userid in sorted(config.users):
        user = config.users[userid]
        for name in sorted(user.tokens):
            token = user.tokens[name]
            key = f"{userid}!{name}"
            reach = token_reach(config, user, token, now)
            secret = _has_secret(snapshot, key)
            cells = (
                userid,
                name,
                expiry(token.expire, now),
                token.comment or "",
                yes_no(token.privsep),
                reach.word,
            )
            fields = {
                "user": userid.casefold(),
                "realm": user.realm.casefold(),
                "token": name.casefold(),
                "expire": expiry_field(token.expire, now),
                "privsep": cells[4],
                "sees": _sees_field(reach),
                "secret": yes_no(secret),
                "look": look(not secret or reach.word in (SEES_NOTHING, CANNOT_LOG_IN, EVERYTHING)),
            }
            rows.append(Row(key, cells, fields, (userid, name, expiry_order(token.expire))))
    return rows


def _sees_field(reach: Reach) -> str:
    """The words of the cell, but `nothing` only for those that do log in."""
    if reach.word == CANNOT_LOG_IN:
        return "off"
    return reach.word.replace(",", "").casefold()


def _details(snapshot: Snapshot, key: str, now: float) -> Sequence[Line]:
    from pve_auth_tui.core.why.tokenrights import places, table_lines  # brings all of plans

    config = snapshot.access.value
    userid, _, name = key.rpartition("!")
    user = config.users.get(userid) if config else None
    token = user.tokens.get(name) if user else None
    if config is None or user is None or token is None:
        return GONE
    reach = token_reach(config, user, token, now)
    lines = table_lines(userid, places(config, user, token), _PATHS)
    lines += _login_lines(snapshot, key, reach)
    if reach.word == SEES_NOTHING and _has_secret(snapshot, key):
        lines += _advice(config, user, token)
    if token.expire:
        lines.append(Line(f"{expiry(token.expire, now)}, {date_time(token.expire)}", "Expire"))
    if token.comment:
        lines.append(Line(token.comment, "Comment"))
    return lines


def _login_lines(snapshot: Snapshot, key: str, reach: Reach) -> list[Line]:
    if reach.word == CANNOT_LOG_IN:
        return [Line(f"no. {reach.reason}", "Logs in", "LOOK")]
    if not _has_secret(snapshot, key):
        return [Line("no. priv/token.cfg has no secret for it.", "Logs in", "LOOK")]
    lines = [Line("yes.", "Logs in")]
    if reach.word == SEES_NOTHING:
        text = f"nothing: every list comes back empty, without an error. {reach.reason}"
        return [*lines, Line(text, "Sees", "LOOK")]
    if reach.word == EVERYTHING:
        text = f"all, and is root in effect. {reach.reason}".rstrip()
        return [*lines, Line(text, "Sees", "LOOK")]
    words = "everything" if reach.word == LOOKS_AT_ALL else reach.word
    return [*lines, Line(f"{words}. {reach.reason}".rstrip(), "Sees")]


def _has_secret(snapshot: Snapshot, key: str) -> bool:
    """True, too, while priv/token.cfg could not be read."""
    secrets = snapshot.token_secrets.value
    return secrets is None or key in secrets.tokens


def _advice(config: UserConfig, user: User, token: Token) -> list[Line]:
    """What helps a token that logs in and sees nothing."""
    entries = acl_index(config).entries_of(user.id)
    if user.id not in acl_index(config).administrators and not entries:
        return [Line(f"give {user.id} a role first: a token never has more.", "Fix")]
    if not token.privsep:
        return []
    if user.id in acl_index(config).administrators:
        given = "PVEAuditor on /: it may then look at everything"
    else:
        first = min(entries, key=lambda entry: (entry.path.count("/"), entry.path))
        given = f"{first.role} on {first.path}, as {user.id} has it"
    return [
        Line(f"give the token {given}.", "Fix"),
        Line(f"or switch privilege separation off: it then IS {user.id}, also later.", "Fix"),
    ]


def _heading(snapshot: Snapshot, key: str) -> str:
    return key


def _commands(key: str) -> Sequence[str]:
    userid = key.rpartition("!")[0]
    return (f"pveum user token list {argument(userid)}", f"pveum user permissions {argument(key)}")


TOKENS = Listing(
    name="tokens",
    title="API Tokens",
    noun=("token", "tokens"),
    part="access",
    columns=_COLUMNS,
    views=_VIEWS,
    rows=_rows,
    details=_details,
    heading=_heading,
    fields=_FIELDS,
    commands=_commands,
)
