"""One client of a simulated directory, from its first octet to its last."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Final

from pve_auth_tui.simnode.ldapserver import ber, messages, searching
from pve_auth_tui.simnode.ldapserver.accounts import Accounts
from pve_auth_tui.simnode.ldapserver.entries import Entry
from pve_auth_tui.simnode.ldapserver.faults import CUT_AFTER, Fault
from pve_auth_tui.simnode.ldapserver.messages import Refusal, Request, SearchRequest

IDLE: Final = 300.0
"""Seconds after which a client that says nothing is left alone."""
_LARGEST: Final = 1 << 20  # octets of one message
_AT_ONCE: Final = 65536
_PAGES: Final = 8  # searches that one client may leave unfinished
_KNOWN_CONTROLS: Final = {
    messages.PAGED,
    "2.16.840.1.113730.3.4.2",  # ManageDsaIT
    "1.2.840.113556.1.4.1339",  # domain scope: no references
}
_NO_REFERENCES: Final = "1.2.840.113556.1.4.1339"
_SIGNING: Final = (
    "00002028: LdapErr: DSID-0C090259, comment: The server requires binds to turn on integrity "
    "checking if SSL\\TLS are not already active on the connection, data 0, v4563"
)
_NO_TLS: Final = (
    "00000000: LdapErr: DSID-0C091327, comment: Error initializing SSL/TLS, data 0, v4563"
)

Secure = Callable[[socket.socket], socket.socket]
"""Makes TLS of a connection in the clear; OSError when the client does not want it so."""


class _Left(Exception):
    """The talk is over."""


class Session:
    """`secure` is None for a server without a certificate. `run` ends when the client leaves."""

    def __init__(
        self,
        connection: socket.socket,
        directory: searching.Directory,
        accounts: Accounts,
        *,
        root: Callable[[], Entry],
        secure: Secure | None,
        faults: Collection[Fault],
        encrypted: bool = False,
    ) -> None:
        self._connection = connection
        self._directory = directory
        self._accounts = accounts
        self._root = root
        self._secure = secure
        self._faults = faults
        self._encrypted = encrypted
        self._who: Entry | None = None
        self._waiting: dict[bytes, tuple[list[Entry], int]] = {}
        self._cookies = itertools.count(1)

    def run(self) -> None:
        """Answer until the client leaves, or says what makes no sense."""
        self._connection.settimeout(IDLE)
        with suppress(_Left, OSError):
            try:
                if self._encrypted:
                    self._encrypt()
                self._serve()
            except (ber.BadBer, ValueError) as error:
                self._connection.sendall(messages.notice_of_disconnection(str(error)))
        with suppress(OSError):
            self._connection.close()

    def _serve(self) -> None:
        held = bytearray()
        while True:
            size = self._size(held)
            while size is None or len(held) < size:
                more = self._connection.recv(_AT_ONCE)
                if not more:
                    return
                held += more
                size = self._size(held)
            message = bytes(held[:size])
            del held[:size]
            spoken_over = self._connection
            self._answer(messages.request(message))
            if self._connection is not spoken_over:
                held.clear()  # what came in the clear before TLS was made counts for nothing

    @staticmethod
    def _size(held: bytearray) -> int | None:
        found = ber.header(bytes(held[:16]))
        if found is None:
            return None
        if found[0] != ber.SEQUENCE or found[2] > _LARGEST:
            raise ber.BadBer("no message of LDAP's")
        return found[2]

    def _answer(self, request: Request) -> None:
        if request.tag == messages.UNBIND:
            raise _Left
        if request.tag == messages.ABANDON:
            return
        if request.tag == messages.SEARCH:
            self._search(request)
        elif request.tag == messages.BIND:
            self._bind(request)
        elif request.tag == messages.EXTENDED:
            self._extended(request)
        else:
            tag = messages.ANSWERS.get(request.tag)
            if tag is None:
                raise ber.BadBer(f"no operation {request.tag:#x}")
            refusal = Refusal(messages.UNWILLING, "This simulated directory is only read.")
            self._send(messages.result(request.number, tag, refusal))

    def _send(self, data: bytes) -> None:
        self._connection.sendall(data)

    # --- bind ------------------------------------------------------------------------

    def _bind(self, request: Request) -> None:
        self._who = None
        refusal: Refusal | None = None
        try:
            version, name, password = messages.credentials(request.content)
            if version != 3:
                raise Refusal(messages.PROTOCOL_ERROR, "only version 3 is spoken")
            if password is None:
                raise Refusal(messages.NO_SUCH_METHOD, "only simple binds are known")
            self._require_safety(name)
            self._who = self._accounts.bind(name, password)
        except Refusal as error:
            refusal = error
        self._send(messages.result(request.number, messages.BIND_ANSWER, refusal))

    def _require_safety(self, name: str) -> None:
        """Raises Refusal where a password must not come like this; before it is looked at."""
        if self._has("unavailable"):
            raise Refusal(messages.UNAVAILABLE, "shutting down")
        if not name:
            if self._has("no anonymous bind"):
                raise Refusal(48, "anonymous bind disallowed")
            return
        if self._encrypted:
            return
        if self._directory.ad and not self._has("signing not required"):
            raise Refusal(messages.STRONGER_AUTH, _SIGNING)
        if self._has("confidentiality required"):
            raise Refusal(messages.CONFIDENTIALITY, "confidentiality required")

    # --- TLS -------------------------------------------------------------------------

    def _extended(self, request: Request) -> None:
        name = messages.extension(request.content)
        if name != messages.START_TLS:
            self._refuse(request, messages.PROTOCOL_ERROR, "unsupported extended operation")
        elif self._encrypted:
            self._refuse(request, messages.OPERATIONS_ERROR, "TLS already started")
        elif self._secure is None or self._has("no starttls"):
            if self._directory.ad:
                self._refuse(request, messages.UNAVAILABLE, _NO_TLS)
            else:
                self._refuse(request, messages.PROTOCOL_ERROR, "unsupported extended operation")
        else:
            answer = messages.EXTENDED_ANSWER
            self._send(messages.result(request.number, answer, name=messages.START_TLS))
            self._encrypt()

    def _encrypt(self) -> None:
        if self._secure is None:
            raise _Left
        self._connection = self._secure(self._connection)
        self._encrypted = True
        self._who = None

    def _refuse(self, request: Request, code: int, text: str) -> None:
        refusal = Refusal(code, text)
        answer = messages.EXTENDED_ANSWER
        self._send(messages.result(request.number, answer, refusal, name=messages.START_TLS))

    # --- search ----------------------------------------------------------------------

    def _search(self, request: Request) -> None:
        cookie: bytes | None = None
        refusal: Refusal | None = None
        out: list[bytes] = []
        try:
            asked = messages.search(request.content)
            paged = self._page(request)
            entries, sent = self._entries(asked, paged)
            size = paged[0] if paged else len(entries)
            here, rest = entries[:size], entries[size:]
            here, refusal = self._limited(here, sent, asked, paged is not None)
            ad = self._directory.ad
            for entry in here:
                attributes = searching.shown(entry, asked, ad=ad)
                out.append(messages.entry(request.number, entry.dn, attributes))
            if self._has("breaks off") and sent + len(here) >= CUT_AFTER:
                self._send(b"".join(out))
                raise _Left
            if paged:
                cookie = self._keep(rest, sent + len(here)) if rest and refusal is None else b""
            if not rest and refusal is None and not _has_control(request, _NO_REFERENCES):
                urls = searching.references(self._directory, asked)
                out += [messages.reference(request.number, url) for url in urls]
        except Refusal as error:
            refusal = error
        out.append(messages.result(request.number, messages.DONE, refusal, cookie=cookie))
        self._send(b"".join(out))

    def _page(self, request: Request) -> tuple[int, bytes] | None:
        """(size, cookie), when there is paging. Raises Refusal."""
        paging = not self._has("no paging")
        for control in request.controls:
            if control.oid == messages.PAGED and paging:
                size, cookie = messages.page(control.value)
                if self._directory.ad:
                    size = min(size, self._directory.most)
                return size or self._directory.most, cookie
            if control.critical and (control.oid not in _KNOWN_CONTROLS or not paging):
                text = "critical extension is not recognized"
                raise Refusal(messages.CRITICAL_EXTENSION, text)
        return None

    def _entries(
        self, asked: SearchRequest, paged: tuple[int, bytes] | None
    ) -> tuple[list[Entry], int]:
        """What is still to be sent, and how much of the same search was. Raises Refusal."""
        if paged and paged[1]:
            if paged[1] not in self._waiting:
                text = "paged results cookie is invalid or old"
                raise Refusal(messages.UNWILLING, text)
            return self._waiting.pop(paged[1])
        root_asked = not asked.base and not asked.scope
        if not root_asked:
            self._require_rights()
        found = searching.found(self._directory, self._root(), asked)
        if asked.scope and (self._has("empty answer") or self._sees_nothing()):
            return [], 0
        return list(found), 0

    def _sees_nothing(self) -> bool:
        return self._who is None and self._has("anonymous sees nothing")

    def _require_rights(self) -> None:
        """Raises Refusal for who may not search, or when nobody may now."""
        if self._has("busy"):
            raise Refusal(messages.BUSY, "too many operations")
        if self._has("unavailable"):
            raise Refusal(messages.UNAVAILABLE, "shutting down")
        if self._who is None and self._directory.ad:
            raise searching.needs_bind()
        if self._has("no access"):
            raise Refusal(messages.INSUFFICIENT_ACCESS)

    def _limited(
        self, entries: list[Entry], sent: int, asked: SearchRequest, paged: bool
    ) -> tuple[list[Entry], Refusal | None]:
        """As many as may be sent, and with which code the search ends then."""
        limits = [
            (self._directory.most_paged if paged else self._directory.most, messages.SIZE_LIMIT),
            (asked.most or 1 << 30, messages.SIZE_LIMIT),
        ]
        if asked.scope:
            codes: dict[Fault, int] = {
                "size limit": messages.SIZE_LIMIT,
                "time limit": messages.TIME_LIMIT,
                "admin limit": messages.ADMIN_LIMIT,
                "breaks off": messages.SUCCESS,
            }
            limits += [(CUT_AFTER, code) for fault, code in codes.items() if self._has(fault)]
        most, code = min(limits)
        room = max(most - sent, 0)
        if len(entries) <= room:
            return entries, None
        return entries[:room], Refusal(code)

    def _keep(self, rest: list[Entry], sent: int) -> bytes:
        while len(self._waiting) >= _PAGES:
            self._waiting.pop(next(iter(self._waiting)))
        cookie = str(next(self._cookies)).encode()
        self._waiting[cookie] = rest, sent
        return cookie

    def _has(self, fault: Fault) -> bool:
        return fault in self._faults


def _has_control(request: Request, oid: str) -> bool:
    return any(control.oid == oid for control in request.controls)
