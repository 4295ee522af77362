"""One connection to a directory (a `core.directory.ports.Directory`)."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from pve_auth_tui.adapters.directory import messages, results
from pve_auth_tui.adapters.directory.ber import NotBer
from pve_auth_tui.adapters.directory.compiled import compiled
from pve_auth_tui.adapters.directory.messages import Message, Result, TooLong
from pve_auth_tui.adapters.directory.wire import Stopped, Wire
from pve_auth_tui.core.directory.causes import Cause, DirectoryTrouble
from pve_auth_tui.core.directory.ports import Answer, Entry
from pve_auth_tui.core.secret import Secret

SEARCH_OCTETS: Final = 256 * 1024 * 1024
SEARCH_VALUES: Final = 3_000_000  # small ones take ten times their room on the wire
_BIND_SECONDS: Final = 30.0  # servers that ask a second factor before they answer take long
_ROOT_SECONDS: Final = 10.0
_HIDDEN: Final = "********"


class LdapDirectory:
    """Over a socket whose TLS is verified already. Not to be used by two threads at once.

    `instead`: see Wire. A server may repeat the password in its text: what was sent is taken out
    of every text.
    """

    def __init__(
        self,
        line: socket.socket,
        host: str,
        instead: Callable[[DirectoryTrouble], DirectoryTrouble] = lambda trouble: trouble,
    ) -> None:
        self._wire = Wire(line, host, instead)
        self._sent: list[Secret] = []

    @property
    def host(self) -> str:
        return self._wire.host

    def root(self) -> Mapping[str, Sequence[bytes]]:
        """See `Directory.root`; "+" brings what some servers show only when asked for it."""
        found = self.search(
            "", "(objectClass=*)", ("*", "+"), scope="BASE", most=1, seconds=_ROOT_SECONDS
        )
        return found.entries[0].values if found.entries else {}

    def bind(self, dn: str, password: Secret) -> None:
        if not password.reveal():
            # RFC 4513 5.1.2: it would succeed as nobody, whatever the password is
            raise DirectoryTrouble(Cause.NO_PASSWORD, "There is no password to bind with.")
        if not dn:
            raise DirectoryTrouble(Cause.BAD_BIND_DN, "There is no name to bind as.")
        self._sent.append(password)
        with self._without_passwords():
            said = self._bound(messages.simple_bind(dn, password.reveal()))
            if said.code:
                raise results.bind_trouble(said)

    def bind_nobody(self) -> None:
        with self._without_passwords():
            said = self._bound(messages.simple_bind("", ""))
            if said.code:
                raise results.nobody_trouble(said)

    def search(
        self,
        base: str,
        wanted: str,
        attributes: Sequence[str],
        *,
        scope: str = "SUBTREE",
        page: int = 0,
        most: int = 200_000,
        seconds: float = 60.0,
        on_page: Callable[[int], None] = lambda count: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Answer:
        """See `Directory.search`. A result other than 0, and the end of the seconds, are raised
        where no entry came with it; else they stand in the Answer. A value above 64 KiB, more than
        256 MiB or 3,000,000 values in all: TOO_MUCH.
        """
        request = messages.search(base, scope, compiled(wanted), attributes)
        reading = _Reading(self._wire, most, time.monotonic() + seconds, stopped)
        with self._without_passwords():
            return self._read(reading, request, page, on_page)

    def close(self) -> None:
        self._wire.close()

    def _read(
        self, reading: _Reading, request: bytes, page: int, on_page: Callable[[int], None]
    ) -> Answer:
        cookie = b""
        while True:
            controls = messages.paging(page, cookie) if page else b""
            try:
                done = reading.page(request, controls)
            except Stopped:
                return Answer(reading.entries, stopped=True)
            except DirectoryTrouble as trouble:
                if trouble.cause is not Cause.SILENT or not reading.entries:
                    raise
                return Answer(reading.entries, message="It took too long.", stopped=True)
            on_page(len(reading.entries))
            said = self._result(done)
            if said.code:
                if not reading.entries:
                    raise results.search_trouble(said)
                return Answer(reading.entries, said.code, self._cleared(results.words(said.text)))
            cookie = self._cookie(done) if page else b""
            if not cookie:
                return Answer(reading.entries)

    def _bound(self, operation: bytes) -> Result:
        identity = self._wire.send(operation, _BIND_SECONDS)
        answer = self._wire.answer(identity, time.monotonic() + _BIND_SECONDS)
        if answer.operation != messages.BIND_RESPONSE:
            raise not_ldap(self.host, "the answer to a bind is another")
        return self._result(answer)

    def _result(self, message: Message) -> Result:
        try:
            return messages.result(message)
        except NotBer as error:
            raise not_ldap(self.host, str(error)) from None

    def _cookie(self, done: Message) -> bytes:
        try:
            return messages.cookie(done)
        except NotBer as error:
            raise not_ldap(self.host, str(error)) from None

    @contextlib.contextmanager
    def _without_passwords(self) -> Iterator[None]:
        try:
            yield
        except DirectoryTrouble as trouble:
            trouble.original = self._cleared(trouble.original)
            trouble.facts = {name: self._cleared(text) for name, text in trouble.facts.items()}
            raise

    def _cleared(self, text: str) -> str:
        for secret in self._sent:
            text = text.replace(secret.reveal(), _HIDDEN)
        return text


class _Reading:
    """The entries of one search, page after page."""

    def __init__(self, wire: Wire, most: int, until: float, stopped: Callable[[], bool]) -> None:
        self.entries: list[Entry] = []
        self._wire = wire
        self._most = most
        self._until = until
        self._stopped = stopped
        self._before = wire.octets
        self._values = 0
        self._names: dict[bytes, str] = {}

    def page(self, request: bytes, controls: bytes) -> Message:
        """Everything until the server is done with one request: that message.

        Raises Stopped when nobody wants more, and at the limit; the server is told.
        """
        left = max(self._until - time.monotonic(), 0.001)
        identity = self._wire.send(request, left, controls)
        while True:
            try:
                message = self._wire.answer(identity, self._until, self._stopped)
                if message.operation == messages.DONE:
                    return message
                self._take(message)
            except Stopped:
                with contextlib.suppress(DirectoryTrouble):
                    self._wire.send(messages.abandon(identity), 1.0)
                raise
            except NotBer as error:
                raise not_ldap(self._wire.host, str(error)) from None
            except TooLong as error:
                raise self._too_long(error) from None

    def _take(self, message: Message) -> None:
        if message.operation == messages.ENTRY:
            if len(self.entries) >= self._most:
                raise Stopped
            found = messages.entry(message, self._names)
            self.entries.append(found)
            self._values += sum(map(len, found.values.values()))
        elif message.operation not in (messages.REFERENCE, messages.INTERMEDIATE):
            raise NotBer("the answer to a search is another")
        octets = self._wire.octets - self._before
        if octets > SEARCH_OCTETS or self._values > SEARCH_VALUES:
            raise DirectoryTrouble(
                Cause.TOO_MUCH,
                f"{self._wire.host} sent {octets:,} octets with {self._values:,} values, and more.",
                "A narrower filter asks for less.",
                facts={"octets": str(octets), "values": str(self._values)},
            )

    def _too_long(self, error: TooLong) -> DirectoryTrouble:
        return DirectoryTrouble(
            Cause.TOO_MUCH,
            f"A value that {self._wire.host} sent is longer than {messages.VALUE_OCTETS:,} octets.",
            "Its entry and its attribute are named below it.",
            facts={"entry": error.dn.decode("utf-8", "replace"), "attribute": error.attribute},
        )


def not_ldap(host: str, why: str) -> DirectoryTrouble:
    """An answer that is none."""
    return DirectoryTrouble(Cause.NOT_LDAP, f"What {host} answers is no LDAP.", original=why)
