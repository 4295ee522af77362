"""Recordings in which everybody and everything has another name.

Answers that were written down, in whatever way, are not equal to the renamed ones; answers that
are computed are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.conformance import api, permissions, replay
from tests.conformance.cipher import Cipher
from tests.conformance.family import Family
from tests.conformance.recording import Answer, Command, Entry, Topic, topics
from tests.conformance.renamedfiles import renamed_files, user_cfg
from tests.conformance.slapd import LDIF

NAME = "renamed"

_UPID = re.compile(r"(UPID:(?:[^:]*:){5})([^:]*):([^:]*):")
_TICKET = re.compile(r"PVE:([^:!]+):(?=[0-9A-F]{8}::)")
_IN_LDIF = re.compile(r"^dn: (uid|cn)=([^,]*),", re.MULTILINE)

_API_PATH = re.compile(
    r"/access/(?:users|tfa)/(?P<user>[^/]+)(?:/token/(?P<word>[^/]+))?.*"
    r"|/access/groups/(?P<group>[^/]+).*"
    r"|/access/roles/(?P<role>[^/]+).*"
    r"|/access/domains/(?P<realm>[^/]+).*"
    r"|/pools/(?P<pool>[^/]+).*"
)

# How names stand in PVE's sentences; the last group that matched says what kind of name it is.
_SENTENCES = (
    r"(?:Method '\w+ |URI ')(?P<url>/[^']*)(?=')",
    r"\bgroups?(?: name)? '(?P<group>[^']*)'",
    r"\brole(?: name)? '(?P<role>[^']*)'",
    r"\btoken '(?P<word>[^']*)'",
    r"\buser(?: ?name)? '(?P<user>[^']*)'",
    r"\bpool(?: name)? '(?P<pool>[^']*)'",
    r"\bparent '(?P<parent>[^']*)'",
    r"\bACL path '(?P<acl>[^']*)'",
    r"\b(?:realm|domain|section) '(?P<realm>[^']*)'",
    r"\brealm (?P<bare_realm>[\w.-]+)(?=$|\n)",
    r"\bvalue '(?P<name>[^']*)' does not look like a valid (?:user|group|realm|token)",
    r"(?P<path>/(?:pool|access/groups|access/realm)/[^\s,|)']+)",
)


class Renaming:
    """Renames whole recordings. `people`: user ids that may turn up within sentences."""

    def __init__(self, cipher: Cipher, people: Iterable[str] = ()) -> None:
        self._cipher = cipher
        known = sorted({one for one in people if "@" in one}, key=len, reverse=True)
        anyone = "|".join(map(re.escape, known)) or "(?!)"
        someone = rf"(?<![\w@.!\\-])(?P<someone>{anyone})(?![\w@.-])"
        self._someone = re.compile(someone)
        self._sentence = re.compile("|".join((*_SENTENCES, someone)))
        self._kinds: Mapping[str, Callable[[str], str]] = {
            "url": self.api_path,
            "group": cipher.group,
            "role": cipher.role,
            "word": cipher.word,
            "pool": cipher.word,
            "user": cipher.user,
            "name": cipher.user,
            "someone": cipher.user,
            "realm": cipher.realm,
            "bare_realm": cipher.realm,
            "path": cipher.acl_path,
            "acl": cipher.acl_path,
            "parent": cipher.word,
        }
        self._fields: Mapping[str, Callable[[str], str]] = {
            **dict.fromkeys(("userid", "username", "full-tokenid"), cipher.authid),
            **dict.fromkeys(("tokenid", "poolid"), cipher.word),
            **dict.fromkeys(("comment", "description"), cipher.description),
            **dict.fromkeys(("t", "status", "exitstatus"), self.text),
            "groupid": cipher.group,
            "roleid": cipher.role,
            "realm": cipher.realm,
            "path": cipher.acl_path,
        }
        self._lists: Mapping[str, Callable[[str], str]] = {
            **dict.fromkeys(("users", "members"), cipher.user),
            "groups": cipher.group,
            "roles": cipher.role,
            "tokens": cipher.authid,
        }

    # --- recordings ---

    def topic(self, topic: Topic) -> Topic:
        """A topic with all its calls, answers and files."""
        return replace(
            topic,
            entries=tuple(self._entry(entry) for entry in topic.entries),
            start=renamed_files(topic.start, self._cipher),
            after=renamed_files(topic.after, self._cipher),
        )

    def config(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """One configuration of permissions.json with its questions."""
        return {
            **config,
            "user_cfg": user_cfg(config["user_cfg"], self._cipher),
            "queries_as": self._cipher.authid(config["queries_as"]),
            "queries": [self._query(query) for query in config["queries"]],
        }

    def _query(self, query: Mapping[str, Any]) -> dict[str, Any]:
        found = {**query, "userid": self._cipher.authid(query["userid"])}
        found["path"] = query["path"] and self._cipher.acl_path(query["path"])
        for name in ("answer", "answers"):
            if query.get(name):
                found[name] = self._data(query[name])
        return found

    def _entry(self, entry: Entry | Command) -> Entry | Command:
        if isinstance(entry, Command):
            return replace(entry, words=[self._someone_in(word) for word in entry.words])
        return replace(
            entry,
            who=self._cipher.each(entry.who, self._caller),
            path=self.api_path(entry.path),
            params={
                name: self._param(name, value, entry.path) for name, value in entry.params.items()
            },
            answer=self._answer(entry.answer),
        )

    def _caller(self, word: str) -> str:
        user, slash, what = word.partition("/")  # `root@pam/badcsrf`
        return f"{self._cipher.authid(user)}{slash}{what}" if "@" in user else word

    def _answer(self, answer: Answer) -> Answer:
        return replace(
            answer,
            reason=self.text(answer.reason),
            data=self._data(answer.data),
            errors=answer.errors
            and {name: self.text(text) for name, text in answer.errors.items()},
            message=answer.message and self.text(answer.message),
        )

    # --- values ---

    def api_path(self, path: str) -> str:
        """`/access/users/joe@pve/token/ci`; also with a task's id in it."""
        path = self._tasks_in(path)
        found = _API_PATH.fullmatch(path)
        for kind, name in reversed((found.groupdict() if found else {}).items()):
            if found and name:
                path = path[: found.start(kind)] + self._kinds[kind](name) + path[found.end(kind) :]
        return path

    def _param(self, name: str, value: str, path: str) -> str:
        if name == "description" and not path.startswith("/access/"):
            return value  # of the whole cluster
        return self._string(value, name)

    def _data(self, data: Any, field: str = "") -> Any:
        if isinstance(data, dict):
            return {
                self._key(name, field): self._value(name, value, data)
                for name, value in data.items()
            }
        if isinstance(data, list):
            return [self._data(item, "" if isinstance(item, dict) else field) for item in data]
        return self._string(data, field) if isinstance(data, str) else data

    def _key(self, name: str, field: str) -> str:
        if name.startswith("/"):
            return self._cipher.acl_path(name)
        return self._cipher.word(name) if field == "tokens" else name

    def _value(self, name: str, value: Any, owner: Mapping[str, Any]) -> Any:
        if name in {"privs", "cap"} or (name == "description" and "mac_prefix" in owner):
            return value
        if name == "id" and "upid" in owner:
            return self._cipher.realm(value)
        if name == "ugid":
            return (self._cipher.group if owner["type"] == "group" else self._cipher.authid)(value)
        return self._data(value, name)

    def _string(self, value: str, field: str) -> str:
        if field in self._lists:
            return self._cipher.each(value, self._lists[field])
        if field in self._fields:
            return self._fields[field](value)
        ticket = _TICKET.sub(lambda found: f"PVE:{self._cipher.user(found[1])}:", value)
        return self._someone_in(self._tasks_in(ticket)) if ticket == value else ticket

    # --- sentences ---

    def text(self, text: str) -> str:
        """A message, or a line of a task's log."""

        def renamed(found: re.Match[str]) -> str:
            kind = str(found.lastgroup)
            start, end = found.start(kind) - found.start(), found.end(kind) - found.start()
            return found[0][:start] + self._kinds[kind](found[kind]) + found[0][end:]

        return self._sentence.sub(renamed, text)

    def _someone_in(self, text: str) -> str:
        return self._someone.sub(lambda found: self._cipher.user(found[0]), text)

    def _tasks_in(self, text: str) -> str:
        return _UPID.sub(
            lambda found: (
                f"{found[1]}{self._cipher.realm(found[2])}:{self._cipher.user(found[3])}:"
            ),
            text,
        )


def run(folder: Path, host: Mapping[str, bytes]) -> Family:
    """The families api, replay and permissions of a folder, renamed; `host` as for those."""
    calls, more_calls = list(topics(folder, api.NAME)), list(topics(folder, replay.NAME))
    renaming = renaming_of([*calls, *more_calls])
    parts = (
        api.compared(map(renaming.topic, calls), api.on_stage(host), exact_files=False),
        replay.compared(map(renaming.topic, more_calls), replay.on_stage(host), exact_files=False),
        permissions.compared(map(renaming.config, permissions.configs(folder))),
    )
    return Family(
        NAME,
        sum(part.total for part in parts),
        sum(part.equal for part in parts),
        tuple(f"{NAME} {line}" for part in parts for line in part.differences),
    )


def renaming_of(recorded: Sequence[Topic], ldif: Path = LDIF) -> Renaming:
    """The renaming for these topics: knows everybody in them, and what the directory holds."""
    held = _IN_LDIF.findall(ldif.read_text("utf-8"))
    names = {kind: {name for what, name in held if what == kind} for kind in ("uid", "cn")}
    cipher = Cipher(names["uid"], names["cn"])
    first = Renaming(cipher)
    for topic in recorded:
        first.topic(topic)
    return Renaming(cipher, cipher.seen)
