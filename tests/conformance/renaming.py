"""Recordings in which everybody and everything has another name.

Answers that were written down, in whatever way, are not equal to the renamed ones; answers that
are computed are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.conformance.cipher import Cipher
from tests.conformance.recording import Answer, Command, Entry, Files, Topic

_UPID = re.compile(r"(UPID:(?:[^:]*:){5})([^:]*):([^:]*):")
_TICKET = re.compile(r"PVE:([^:!]+):(?=[0-9A-F]{8}::)")
_IN_LDIF = re.compile(r"^dn: (uid|cn)=([^,]*),", re.MULTILINE)
_SECTION = re.compile(r"(\w[\w-]*): (\S+)")
_PROPERTY = re.compile(r"\t(comment|realm) (.*)")

_API_PATH = re.compile(
    r"/access/(?:users|tfa)/(?P<user>[^/]+)(?:/token/(?P<token>[^/]+))?.*"
    r"|/access/groups/(?P<group>[^/]+).*"
    r"|/access/roles/(?P<role>[^/]+).*"
    r"|/access/domains/(?P<realm>[^/]+).*"
    r"|/pools/(?P<pool>[^/]+).*"
)

# How names stand in PVE's sentences.
_SENTENCES = re.compile(
    r"(?:Method '\w+ |URI ')(?P<url>/[^']*)(?=')"
    r"|\b(?:group|groups)(?: name)? '(?P<group>[^']*)'"
    r"|\brole '(?P<role>[^']*)'"
    r"|\btoken '(?P<token>[^']*)'"
    r"|\b(?:realm|domain|section|server) '(?P<realm>[^']*)'"
    r"|\brealm (?P<bare_realm>[\w.-]+)(?=$|\n)"
    r"|\bvalue '(?P<user>[^']*)' does not look like a valid user name"
    r"|\bvalue '(?P<other>[^']*)' does not look like a valid (?:realm|group|token)"
    r"|(?P<path>/(?:pool|access/groups|access/realm)/[^\s,|)']+)"
)


class Renaming:
    """Renames whole recordings."""

    def __init__(self, cipher: Cipher, userids: Iterable[str] = ()) -> None:
        self._cipher = cipher
        known = sorted({userid for userid in userids if "@" in userid}, key=len, reverse=True)
        anyone = "|".join(map(re.escape, known)) or "(?!)"
        self._someone = re.compile(rf"(?<![\w@.!\\-])(?:{anyone})(?![\w@.-])")

    # --- topics ---

    def topic(self, topic: Topic) -> Topic:
        return replace(
            topic,
            entries=tuple(self._entry(entry) for entry in topic.entries),
            start=self.files(topic.start),
            after=self.files(topic.after),
        )

    def _entry(self, entry: Entry | Command) -> Entry | Command:
        if isinstance(entry, Command):
            return replace(entry, words=[self._someone_else(word) for word in entry.words])
        answer = entry.answer
        return replace(
            entry,
            who=" ".join(
                self._cipher.authid(word) if "@" in word else word for word in entry.who.split(" ")
            ),
            path=self.api_path(entry.path),
            params=self._params(entry.params, entry.path),
            answer=self._answer(answer, entry.path),
        )

    def _answer(self, answer: Answer, path: str) -> Answer:
        errors = answer.errors and {name: self.text(text) for name, text in answer.errors.items()}
        return replace(
            answer,
            reason=self.text(answer.reason),
            data=self._data(answer.data),
            errors=errors,
            message=answer.message and self.text(answer.message),
        )

    # --- calls ---

    def api_path(self, path: str) -> str:
        """`/access/users/joe@pve/token/ci`; also with a task's id in it."""
        path = self._upids(path)
        found = _API_PATH.fullmatch(path)
        if not found:
            return path
        for kind in reversed([kind for kind, name in found.groupdict().items() if name]):
            name = self._kinds[kind](found[kind])
            path = path[: found.start(kind)] + name + path[found.end(kind) :]
        return path

    def _params(self, params: Mapping[str, str], path: str) -> dict[str, str]:
        found = {}
        for name, value in params.items():
            if name == "description" and not path.startswith("/access/"):
                found[name] = value
            elif name in self._lists:
                found[name] = self._cipher.each(value, self._lists[name])
            elif name in self._fields:
                found[name] = self._fields[name](value)
            else:
                found[name] = self._tickets(self._someone_else(value))
        return found

    def _data(self, data: Any, field: str = "") -> Any:
        if isinstance(data, dict):
            return self._dict(data, field)
        if isinstance(data, list):
            return [self._data(item, field) for item in data]
        if not isinstance(data, str):
            return data
        if field in self._lists:
            return self._cipher.each(data, self._lists[field])
        if field in self._fields:
            return self._fields[field](data)
        if field == "t":
            return self.text(data)
        return self._tickets(self._upids(self._someone_else(data)))

    def _dict(self, data: Mapping[str, Any], field: str) -> dict[str, Any]:
        found = {}
        for name, value in data.items():
            if field == "tokens":
                found[self._cipher.word(name)] = self._data(value)
            elif name.startswith("/"):
                found[self._cipher.acl_path(name)] = value
            elif name == "id" and "upid" in data:
                found[name] = self._cipher.realm(value)
            elif name == "ugid":
                rename = self._cipher.group if data["type"] == "group" else self._cipher.authid
                found[name] = rename(value)
            elif name == "description" and "mac_prefix" in data:
                found[name] = value  # of the cluster's options
            elif name == "privs" or name == "cap":
                found[name] = value
            else:
                found[name] = self._data(value, name)
        return found

    # --- sentences ---

    def text(self, text: str) -> str:
        """A message, or a line of a task's log."""
        return _SENTENCES.sub(self._in_sentence, self._upids(self._someone_else(text)))

    def _in_sentence(self, found: re.Match[str]) -> str:
        kind = str(found.lastgroup)
        name = found[kind]
        ours = self._someone.fullmatch(name) and name or self._kinds[kind](name)
        start, end = found.start(kind) - found.start(), found.end(kind) - found.start()
        return found[0][:start] + ours + found[0][end:]

    def _someone_else(self, text: str) -> str:
        return self._someone.sub(lambda found: self._cipher.user(found[0]), text)

    def _upids(self, text: str) -> str:
        return _UPID.sub(
            lambda found: (
                f"{found[1]}{self._realm_or_none(found[2])}:{self._cipher.user(found[3])}:"
            ),
            text,
        )

    def _realm_or_none(self, realm: str) -> str:
        return self._cipher.realm(realm) if realm else realm

    def _tickets(self, text: str) -> str:
        return _TICKET.sub(lambda found: f"PVE:{self._cipher.user(found[1])}:", text)

    # --- files ---

    def files(self, files: Files) -> Files:
        return {
            self._file_name(name): text and self._file(name, text) for name, text in files.items()
        }

    def _file_name(self, name: str) -> str:
        folder, _, file = name.rpartition("/")
        if folder != "priv/realm":
            return name
        return f"{folder}/{self._cipher.realm(file.removesuffix('.pw'))}.pw"
