"""Directories that answer what a test has written down, and count who binds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pve_auth_tui.core.directory.causes import Cause, DirectoryTrouble
from pve_auth_tui.core.directory.certificate import Certificate
from pve_auth_tui.core.directory.ports import Answer, Entry, Handshake, ServiceRecord
from pve_auth_tui.core.directory.settings import DirectorySettings
from pve_auth_tui.core.secret import Secret

NOW = 1_790_000_000.0
DAY = 86_400


def trouble(cause: Cause, **facts: str) -> DirectoryTrouble:
    return DirectoryTrouble(cause, f"It went wrong: {cause.value}.", original="", facts=facts)


def entry(dn: str, **values: str | bytes | Sequence[str]) -> Entry:
    """`entry("uid=ann", uid="ann", member=["a", "b"])`"""
    return Entry(dn.encode(), {name.lower(): _octets(value) for name, value in values.items()})


def _octets(value: str | bytes | Sequence[str]) -> list[bytes]:
    if isinstance(value, bytes):
        return [value]
    return [value.encode()] if isinstance(value, str) else [one.encode() for one in value]


def person(name: str, **values: str) -> Entry:
    values = {"givenName": "A", "sn": "B", "mail": f"{len(name)}@example.com", **values}
    return entry(f"uid={name},ou=people,dc=x", uid=name, sAMAccountName=name, **values)


def group(name: str, *members: str, **values: str) -> Entry:
    return entry(f"cn={name},ou=groups,dc=x", cn=name, member=list(members), **values)


@dataclass
class Host:
    """One server. What is an exception is raised. `more`: answers to searches of which the
    filter or the base contains the key, asked before `people` and `groups`.
    """

    addresses: Any = ("192.0.2.10",)
    reach: Any = "192.0.2.10"
    starttls: Any = None
    code: int = 0
    reason: str = "ok"
    handshake: Any = None
    exactly: Any = None
    chain: tuple[Certificate, ...] = ()
    opens: Any = None
    bind: Any = None
    nobody: Any = None
    root: Any = field(default_factory=dict)
    base: Any = None
    people: Any = field(default_factory=lambda: [person("ann"), person("ben")])
    groups: Any = field(
        default_factory=lambda: [group("ops", "uid=ann,ou=people,dc=x", "uid=ben,ou=people,dc=x")]
    )
    more: dict[str, Any] = field(default_factory=dict)


def good(name: str = "dc1.example.com", **given: Any) -> Certificate:
    known: dict[str, Any] = {
        "subject": f"CN={name}", "issuer": "CN=Corp Root", "names": (name,),
        "begins": NOW - DAY, "ends": NOW + 200 * DAY, "sha256": "ab" * 32, **given,
    }  # fmt: skip
    return Certificate(**known)


class Scripted:
    """A `Directories`. `binds`: (host, DN, password) of every bind; `log`: everything."""

    def __init__(self, clock: Callable[[], None] = lambda: None, **hosts: Host) -> None:
        self.hosts = {name.replace("_", "."): host for name, host in hosts.items()}
        self.names: dict[str, Any] = {}
        self.controllers: Any = (ServiceRecord("dc1.example.com.", 389),)
        self.binds: list[tuple[str, str, str]] = []
        self.log: list[str] = []
        self.searches: list[tuple[str, str, tuple[str, ...], str, int]] = []
        self.open_now = 0
        self._tick = clock

    def _said(self, what: str, host: str) -> Host:
        self.log.append(f"{what} {host}")
        self._tick()
        return self.hosts[host]

    def resolve(self, host: str) -> Sequence[str]:
        if host in self.names:
            return _given(self.names[host])
        if host not in self.hosts:
            raise trouble(Cause.NAME_UNKNOWN)
        return _given(self._said("resolve", host).addresses)

    def locate(self, domain: str) -> Sequence[ServiceRecord]:
        return _given(self.controllers)

    def reach(self, settings: DirectorySettings, host: str) -> str:
        return _given(self._said("reach", host).reach)

    def starttls(self, settings: DirectorySettings, host: str) -> None:
        assert settings.mode == "ldap+starttls"
        _given(self._said("starttls", host).starttls)

    def handshake(self, settings: DirectorySettings, host: str, *, version: str = "") -> Handshake:
        found = self._said(f"handshake {version}".strip(), host)
        _given(found.exactly if version else found.handshake)
        chain = tuple(str(n).encode() for n, _ in enumerate(found.chain or (good(host),)))
        return Handshake(
            "TLSv1.2" if version else "TLSv1.3", "AES", chain, found.code, found.reason,
            found.reach if isinstance(found.reach, str) else "192.0.2.10",
        )  # fmt: skip

    def describe(self, der: bytes) -> Certificate:
        host = self.log[-1].split()[-1]
        return (self.hosts[host].chain or (good(host),))[int(der)]

    def open(self, settings: DirectorySettings, host: str, *, agreed: bool = False) -> Connection:
        if not (settings.safe or agreed):
            raise AssertionError("a connection for passwords, and nobody has agreed")
        found = self._said("open", host)
        _given(found.opens)
        self.open_now += 1
        return Connection(self, host, found)


class Connection:
    def __init__(self, all_of: Scripted, host: str, found: Host) -> None:
        self._all = all_of
        self.host = host
        self._found = found

    def root(self) -> Mapping[str, Sequence[bytes]]:
        return _given(self._found.root)

    def bind(self, dn: str, password: Secret) -> None:
        assert password.reveal()
        self._all.binds.append((self.host, dn, password.reveal()))
        self._all.log.append(f"bind {self.host}")
        answers = self._found.bind
        _given(answers(dn) if callable(answers) else answers)

    def bind_nobody(self) -> None:
        self._all.log.append(f"nobody {self.host}")
        _given(self._found.nobody)

    def search(
        self,
        base: str,
        wanted: str,
        attributes: Sequence[str],
        *,
        scope: str = "SUBTREE",
        page: int = 0,
        **more: Any,
    ) -> Answer:
        self._all.searches.append((base, wanted, tuple(attributes), scope, page))
        for key, answer in self._found.more.items():
            if key in wanted or key == base:
                return _answer(answer, attributes)
        if scope == "BASE":
            return _answer(self._found.base or [], attributes)
        return _answer(self._found.people if page == 900 or not page else self._found.groups,
                       attributes)  # fmt: skip

    def close(self) -> None:
        self._all.open_now -= 1


def _answer(given: Any, attributes: Sequence[str]) -> Answer:
    found = _given(given)
    answer = found if isinstance(found, Answer) else Answer(found)
    asked = {name.lower() for name in attributes}
    cut = [
        Entry(one.dn, {name: value for name, value in one.values.items() if name in asked})
        for one in answer.entries
    ]
    return answer._replace(entries=cut)


def _given(value: Any) -> Any:
    if isinstance(value, Exception):
        raise value
    return value
