"""What becomes of users, their passwords and their API tokens, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pve_auth_tui.core.aclindex import acl_index
from pve_auth_tui.core.effects.manyusers import counted, of_many
from pve_auth_tui.core.effects.rights import held
from pve_auth_tui.core.effects.scene import SINGLY, Scene, is_active, tfa_of
from pve_auth_tui.core.memberships import memberships
from pve_auth_tui.core.objects import Key, Record, record
from pve_auth_tui.core.plan import Effect
from pve_auth_tui.core.userconfig import User
from pve_auth_tui.core.words import (
    NEVER,
    count_words,
    date_time,
    has_expired,
    listed,
    yes_no,
)

_TEXTS: Final = {"firstname": "first name", "lastname": "last name", "email": "e-mail"}
_LONGEST: Final = 40  # characters of a text that are worth showing


def account_effects(scene: Scene) -> Iterator[Effect]:
    """One line for each, in this order; what belongs to a removed user is in the user's line."""
    yield from _users(scene)
    yield from _passwords(scene)
    yield from _key_ids(scene)
    yield from _tokens(scene)


# --- users ------------------------------------------------------------------------------


def _users(scene: Scene) -> Iterator[Effect]:
    many = of_many(scene)
    yield from counted(scene, many)
    single = (key for key in scene.kind("user") if key not in many.keys)
    for number, key in enumerate(single):
        old, new = scene.records[key]
        singly = number < SINGLY
        if old is None:
            yield Effect(key.name, _new_user(scene, key.name))
        elif new is None:
            yield Effect(key.name, _gone_user(scene, key.name, singly=singly))
        elif text := "; ".join(_user_changes(scene, key.name, old, new, singly=singly)):
            yield Effect(key.name, text)


def _new_user(scene: Scene, userid: str) -> str:
    user = scene.new.users[userid]
    parts = ["new user", "enabled" if user.enable else "disabled"]
    if user.expire:
        parts.append(f"expires {_when(user.expire, scene.now)}")
    if groups := scene.new.groups_of.get(userid, ()):
        parts.append(f"in {listed(groups)}")
    return ", ".join(parts)


def _gone_user(scene: Scene, userid: str, *, singly: bool) -> str:
    user = scene.old.users[userid]
    factors = len(tfa_of(scene.before, userid).entries)
    subjects = (userid, *(f"{userid}!{name}" for name in user.tokens))
    lines = sum(len(scene.index.by_subject.get(subject, ())) for subject in subjects)
    groups = memberships(scene.old).get(userid, ())
    parts = [
        count_words(number, one, many)
        for number, one, many in (
            (factors, "TFA entry", "TFA entries"),
            (len(user.tokens), "API token", "API tokens"),
            (lines, "ACL line", "ACL lines"),
            (len(groups), "membership", "memberships"),
        )
        if number
    ]
    text = f"removed, with {listed(parts, len(parts))}" if parts else "removed"
    rights = _held_before(scene, userid) if singly else ""
    return f"{text}; {rights} go" if rights else text


def _held_before(scene: Scene, userid: str) -> str:
    return held(scene.was, userid, scene.index.entries_of(userid))


def _user_changes(
    scene: Scene, userid: str, old: Record, new: Record, *, singly: bool
) -> Iterator[str]:
    was, will = scene.old.users[userid], scene.new.users[userid]
    slept = is_active(was, scene.now) == is_active(will, scene.now)
    rights = "" if slept or not singly else _held_before(scene, userid)
    end = ""
    if rights:
        sleeps = is_active(was, scene.now)
        end = f"; {rights} {'no longer count' if sleeps else 'count again'}"
    if was.enable != will.enable:
        yield f"{_enabled(was)} -> {_enabled(will)}{end}"
        end = ""
    if was.expire != will.expire:
        times = (_when(user.expire, scene.now) for user in (was, will))
        yield f"expire {' -> '.join(times)}{end}"
    for name, words in _TEXTS.items():
        if old[name] != new[name]:
            yield f"{words} {_text(old[name])} -> {_text(new[name])}"
    if old["comment"] != new["comment"]:
        yield "new comment" if new["comment"] else "comment removed"
    if old["keys"] != new["keys"]:
        yield "its old key in user.cfg goes" if old["keys"] else "an old key stands in user.cfg"
    yield from _memberships(scene, userid)


def _memberships(scene: Scene, userid: str) -> Iterator[str]:
    """By what the groups say: `groups_of` may lack some (core.accessdata.UserConfig)."""
    was, will = (memberships(config).get(userid, frozenset()) for config in (scene.old, scene.new))
    left = [name for name in was - will if name in scene.new.groups]  # else the group tells of it
    if joined := will - was:
        yield f"joins {listed(sorted(joined))}"
    if left:
        yield f"leaves {listed(sorted(left))}"


def _enabled(user: User) -> str:
    return "enabled" if user.enable else "disabled"


def _when(expire: int, now: float) -> str:
    """`never`, `2026-12-01 00:00`, `2026-11-01 12:00 (EXPIRED)`: the same tomorrow."""
    if expire == 0:
        return NEVER
    return f"{date_time(expire)}{' (EXPIRED)' if has_expired(expire, now) else ''}"


def _text(text: str) -> str:
    if not text:
        return "none"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


# --- what users have -----------------------------------------------------------------------


def _passwords(scene: Scene) -> Iterator[Effect]:
    for key in dict.fromkeys((*scene.kind("password"), *scene.renewed)):
        if key.kind != "password" or scene.is_gone(Key("user", key.name)):
            continue
        if scene.is_gone(key):
            yield Effect(key.name, "the password goes: no login until a new one is set")
        else:
            again = key in scene.records and scene.is_made(key)
            yield Effect(key.name, "gets a password" if again else "new password; the old one ends")


def _key_ids(scene: Scene) -> Iterator[Effect]:
    """Those that were replaced by others: the record says `set` before and after."""
    for key in scene.renewed:
        old, new = (record(picture, key) for picture in (scene.before, scene.after))
        if key.kind == "user" and old and new and old["keys"] and new["keys"]:
            yield Effect(key.name, "other Key IDs in user.cfg; the old ones end")


def _tokens(scene: Scene) -> Iterator[Effect]:
    for key in scene.kind("token"):
        userid, _, name = key.name.rpartition("!")
        if scene.is_gone(Key("user", userid)):
            continue
        old, new = scene.records[key]
        if new is None:
            lines = len(acl_index(scene.old).by_subject.get(key.name, ()))
            gone = f", with {count_words(lines, 'ACL line', 'ACL lines')}" if lines else ""
            yield Effect(key.name, f"API token removed{gone}; what uses it stops at once")
        elif old is None:
            yield Effect(key.name, f"new API token, {_separation(scene, userid, name)}")
        else:
            parts = list(_token_changes(scene, old, new))
            yield Effect(key.name, "; ".join(parts))
    for key in scene.renewed:
        if key.kind == "token" and not scene.is_made(key):
            yield Effect(key.name, "new secret; what uses the old one stops at once")


def _separation(scene: Scene, userid: str, name: str) -> str:
    token = scene.new.users[userid].tokens[name]
    ends = f"expires {_when(token.expire, scene.now)}; " if token.expire else ""
    if not token.privsep:
        return f"{ends}it may do all that {userid} may"
    lines = any(entry.subject == f"{userid}!{name}" for entry in scene.new.acl)
    return f"{ends}privilege separation" + ("" if lines else ": sees NOTHING without ACL lines")


def _token_changes(scene: Scene, old: Record, new: Record) -> Iterator[str]:
    if old["expire"] != new["expire"]:
        times = (_when(int(record["expire"]), scene.now) for record in (old, new))
        yield f"expire {' -> '.join(times)}"
    if old["privsep"] != new["privsep"]:
        words = (yes_no(record["privsep"] == "1") for record in (old, new))
        yield f"privilege separation {' -> '.join(words)}"
    if old["comment"] != new["comment"]:
        yield "new comment" if new["comment"] else "comment removed"
