"""A change that was carried out, as it is remembered for undo: without any secret (R13)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, TypeVar

from pve_auth_tui.core.changed import Changed, changed
from pve_auth_tui.core.errors import Unreadable
from pve_auth_tui.core.giveback import regained
from pve_auth_tui.core.objects import KINDS, Key, Record
from pve_auth_tui.core.perltext import is_number
from pve_auth_tui.core.schema import DATACENTER
from pve_auth_tui.core.snapshot import Snapshot

_FORM: Final = 1  # of the file; what a later version writes is not guessed at
MOST_BYTES: Final = 32 * 1024 * 1024
MOST_CHANGES: Final = 100_000
_LONGEST_TEXT: Final = 128 * 1024  # consent-text of datacenter.cfg may have 64 Ki characters
_MOST_VALUES: Final = 256
_LONGEST_MEMBERS: Final = 1024 * 1024  # a group's members: no file below /etc/pve is longer
_LONGEST_NUMBER: Final = 400  # digits; what Perl calls Inf has 310 (core.perltext)
_LATEST: Final = 2.0**53
_NAMES: Final[Mapping[str, frozenset[str]]] = {
    "role": frozenset({"privs"}),
    "group": frozenset({"comment", "members"}),
    "user": frozenset(
        {"enable", "expire", "firstname", "lastname", "email", "comment", "keys", "groups"}
    ),
    "password": frozenset({"password"}),
    "token": frozenset({"expire", "privsep", "comment"}),
    "pool": frozenset({"comment", "vms", "storage"}),
    "acl": frozenset({"propagate"}),
    "factor": frozenset({"type", "description", "enable"}),
    "lock": frozenset({"totp", "until"}),
}
_NUMBERS: Final = frozenset({"enable", "expire", "privsep", "propagate"})
_ACL_PART: Final = re.compile("(?:user|group|token):.+:[^:]+", re.DOTALL)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Applied:
    """`id` and `title` are the plan's; `time`: when it was done, seconds since 1970.

    `changes`: each object that it changed. `lost`: what no call brings back, as sentences.
    `regained`: who would get rights back if what it added were removed, as sentences.
    `undone`: it was taken back. `purged`: what undo needs is gone on purpose. `armed_until`: when
    it is taken back by itself unless somebody keeps it, seconds since 1970; None: it is not.
    `complete`: it was read back; else `changes` is what was foretold before the first step.
    `undoes`: the id of the change that this one took back.
    """

    id: str
    title: str
    time: float
    changes: tuple[Changed, ...]
    lost: tuple[str, ...] = ()
    regained: tuple[str, ...] = ()
    undone: bool = False
    purged: bool = False
    armed_until: float | None = None
    complete: bool = True
    undoes: str = ""

    def to_json(self) -> str:
        """One JSON object in one line."""
        data = {
            "form": _FORM,
            "id": self.id,
            "title": self.title,
            "time": self.time,
            "changes": [[*one.key, _plain(one.before), _plain(one.after)] for one in self.changes],
            "lost": self.lost,
            "regained": self.regained,
            "undone": self.undone,
            "purged": self.purged,
            "armed_until": self.armed_until,
            "complete": self.complete,
            "undoes": self.undoes,
        }
        return json.dumps(data, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Applied:
        """Reads what `to_json` wrote, and nothing else.

        Raises Unreadable for everything that is not of just this form, and for what is too large.
        """
        if len(text) > MOST_BYTES:
            raise _unreadable(f"it is longer than {MOST_BYTES // 1024**2} MiB")
        try:
            data = json.loads(text, object_pairs_hook=_object)
        except (ValueError, RecursionError) as error:
            raise _unreadable("it is no JSON") from error
        return _applied(data)


def applied_of(
    id: str,
    title: str,
    time: float,
    *,
    before: Snapshot,
    after: Snapshot,
    touched: Sequence[Key],
    lost: Sequence[str] = (),
    armed_until: float | None = None,
) -> Applied:
    """What is to be remembered of a plan: `before` from just before it, `after` read back."""
    changes = changed(before, after, touched)
    gains = regained(before, after, changes)
    return Applied(id, title, time, changes, tuple(lost), gains, armed_until=armed_until)


def _plain(record: Record | None) -> dict[str, str] | None:
    return None if record is None else dict(record)


def _unreadable(why: str) -> Unreadable:
    return Unreadable(
        f"What was remembered of a change cannot be read: {why}.",
        "It can only be taken back by hand. pve-auth-tui journal shows what was done.",
    )


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    return found


def _applied(data: Any) -> Applied:
    names = {"form", *(each.name for each in fields(Applied))}
    if not isinstance(data, dict) or data.keys() != names:
        raise _unreadable("it has other members than it should")
    if data["form"] != _FORM or type(data["form"]) is not int:
        raise _unreadable("another version of this program wrote it")
    until = data["armed_until"]
    return Applied(
        _text(data["id"]),
        _text(data["title"]),
        _time(data["time"]),
        _all(data["changes"], _changed, MOST_CHANGES),
        _all(data["lost"], _text, MOST_CHANGES),
        _all(data["regained"], _text, MOST_CHANGES),
        _flag(data["undone"]),
        _flag(data["purged"]),
        None if until is None else _time(until),
        _flag(data["complete"]),
        _text(data["undoes"]),
    )


def _all(data: Any, read: Callable[[Any], T], most: int) -> tuple[T, ...]:
    if not isinstance(data, list) or len(data) > most:
        raise _unreadable("a list is none, or too long")
    return tuple(map(read, data))


def _text(data: Any) -> str:
    if not isinstance(data, str) or len(data) > _LONGEST_TEXT:
        raise _unreadable("a text is none, or too long")
    return data


def _flag(data: Any) -> bool:
    if not isinstance(data, bool):
        raise _unreadable("yes or no is neither")
    return data


def _time(data: Any) -> float:
    if type(data) not in (int, float) or not 0 <= data < _LATEST:
        raise _unreadable("a time is none")
    return float(data)


def _changed(data: Any) -> Changed:
    if not isinstance(data, list) or len(data) != len(Key._fields) + 2:
        raise _unreadable("a change has other parts than it should")
    kind, name, part, before, after = data
    if kind not in KINDS:
        raise _unreadable("it names a kind of object that is not known")
    key = Key(kind, _text(name), _text(part))
    if kind == "acl" and not _ACL_PART.fullmatch(key.part):
        raise _unreadable("an ACL entry has no subject or no role")
    one = Changed(key, _record(kind, before), _record(kind, after))
    rule = DATACENTER.get(key.name)
    is_text = kind == "option" and (rule is None or rule.parts is None)
    records = [of for of in (one.before, one.after) if of is not None]
    if is_text and any(tuple(of) != ("value",) for of in records):
        raise _unreadable("an option has other values than it should")
    if one.before == one.after:
        raise _unreadable("a change changes nothing")
    return one


def _record(kind: str, data: Any) -> Record | None:
    """A record has just the values that `core.objects` gives it."""
    if data is None:
        return None
    if not isinstance(data, dict) or len(data) > _MOST_VALUES:
        raise _unreadable("a record is none, or too long")
    if data.keys() != _NAMES.get(kind, data.keys()) or (kind == "realm" and "type" not in data):
        raise _unreadable("a record has other values than it should")
    for name, value in data.items():
        if not isinstance(value, str) or len(value) > _LONGEST_MEMBERS:
            raise _unreadable("a record's value is no text, or too long")
        is_long = len(value) > _LONGEST_NUMBER
        if name in _NUMBERS and kind in _NAMES and (is_long or not is_number(value)):
            raise _unreadable("a record's value is no number")
    return dict(data)
