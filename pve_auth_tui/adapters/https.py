"""The way to PVE's API over https, for whom nothing but a login proves who they are."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from ssl import DER_cert_to_PEM_cert
from typing import Any, Final

from pve_auth_tui.adapters import login as two_steps
from pve_auth_tui.adapters.certificate import (
    Pin,
    fingerprint_problem,
    is_fingerprint_of,
    shown_certificate,
)
from pve_auth_tui.adapters.nettrouble import unreachable
from pve_auth_tui.adapters.pinned import (
    Exchange,
    OtherCertificate,
    PinnedContext,
    one_exchange,
    pinned_context,
)
from pve_auth_tui.adapters.pvesession import (
    body_of,
    network_errors,
    pve_session,
    ticket_auth,
    token_auth,
)
from pve_auth_tui.core.apianswer import NotAnAnswer, data_of
from pve_auth_tui.core.apipath import quoted
from pve_auth_tui.core.apitrouble import session_ended
from pve_auth_tui.core.challenge import Challenge
from pve_auth_tui.core.errors import ApiError, LoginRefused, Refused, Unreachable, UsageError
from pve_auth_tui.core.ports import Param, param_text
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.tokenheader import authorization

CONNECT_SECONDS: Final = 5.0
LOGIN_SECONDS: Final = 30.0  # a directory may take 10 s per server, and a refusal takes 3 s
RENEW_AFTER: Final = 90 * 60.0  # seconds; tickets last two hours
DEAD_AFTER: Final = 120 * 60.0

_SIMULATED: Final = "X-Simulated-Node"
_TICKET: Final = ("access", "ticket")
_HOST: Final = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?"
    r"|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{1,44}(%[A-Za-z0-9._-]{1,16})?"
)


class Https:
    """An Api. Thread-safe. Nothing is sent before the other side has shown what `pin` asks for.

    `server_name` is the name in the certificate, and the one PVE takes itself to be called by,
    when `host` is only where to find it (127.0.0.1). `known_as`: that name and port for `Host`
    alone, `pve1.example.com:8006`: PVE makes WebAuthn's origin of it. `clock` (seconds, steady)
    is what the age of a ticket is measured with. Raises UsageError for a host, port or pin that
    cannot be one.
    """

    def __init__(
        self,
        host: str,
        port: int,
        pin: Pin,
        *,
        server_name: str = "",
        known_as: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._host = host.removeprefix("[").removesuffix("]")
        self._port = port
        self._pin = pin
        self._server_name = server_name
        self._known_as = known_as or (f"{server_name}:{port}" if server_name else "")
        self._clock = clock
        self._lock = threading.RLock()  # connecting and renewing: one at a time
        self._http: Any = None
        self._session: two_steps.Session | None = None
        self._token: Secret | None = None
        self._born = 0.0
        self._ended: str | None = None  # PVE's words: an exception would keep a call's values
        self._closed = False
        self._exchanges: set[Exchange] = set()
        self.simulated = False  # the other side says that it is no real node
        self._check()

    def _check(self) -> None:
        called = (self._server_name, self._known_as.rpartition(":")[0])
        names = (self._host, *filter(None, called))
        if not all(_HOST.fullmatch(name) for name in names) or not 0 < self._port < 65536:
            raise UsageError("That is no host to connect to.", "A name or an address: pve1.")
        if self._pin == Pin():
            raise UsageError(
                "Nothing says which certificate to expect, so nobody was asked.",
                "Give a CA with --ca, or a confirmed fingerprint with --fingerprint.",
            )
        if self._pin.fingerprint is not None:
            if problem := fingerprint_problem(self._pin.fingerprint):
                raise UsageError(problem)
        else:
            pinned_context(self._pin)  # says now what is no certificate

    @property
    def way(self) -> str:
        return "https"

    @property
    def user(self) -> str:
        """Who is logged in; empty when nobody is."""
        return self._session.user if self._session else ""

    def login(
        self,
        userid: str,
        password: Secret,
        second: Callable[[Challenge], Secret | None] | None = None,
    ) -> None:
        """Logs in once, in PVE's two steps; who was logged in before is not any more.

        Raises LoginRefused when PVE says no, Refused and UsageError for what was not sent
        because it cannot be right, Unreadable for a question that nobody knows, Unreachable and
        Untrusted.
        """
        with self._lock:
            self._session, self._ended = None, None
        try:  # without the lock: `second` waits for a person
            session = two_steps.login(self._ask_for_ticket, userid, password, second)
        except NotAnAnswer as error:
            raise self._trouble(error) from None
        with self._lock:
            self._session, self._born = session, self._clock()

    def greet(self, seconds: float = CONNECT_SECONDS) -> None:
        """A handshake and no more: whether somebody is there, and the right one.

        Raises Unreachable and Untrusted, as `call` does, before anybody types a password.
        """
        try:
            context = self._context(seconds)
            with (
                socket.create_connection((self._host, self._port), seconds) as plain,
                context.wrap_socket(plain, server_hostname=self._server_name or self._host),
            ):
                pass
        except OSError as error:
            trouble = self._trouble(error, sent=False)
        else:
            return
        raise trouble

    def use_ticket(self, userid: str, ticket: Secret, csrf: Secret) -> None:
        """Goes on with a fresh ticket that was made elsewhere (on the node, for root@pam)."""
        with self._lock:
            self._session = two_steps.Session(userid, ticket, csrf)
            self._born, self._ended = self._clock(), None

    def use_token(self, tokenid: str, secret: Secret) -> None:
        """Goes on as an API token; a 401 is then PVE's refusal of it, and no session ends."""
        with self._lock:
            self._session, self._ended = None, None
            self._token = authorization(tokenid, secret)

    def call(
        self,
        method: str,
        path: Sequence[str],
        params: Mapping[str, Param] | None = None,
        secrets: Mapping[str, Secret] | None = None,
        *,
        seconds: float = 30.0,
    ) -> Any:
        """One call, as the port says; `seconds` is for all of it, however slowly it drips.

        Without a login only what PVE answers to anybody works. Raises SessionEnded when PVE
        takes the ticket no more; then nothing else is sent until somebody logs in.
        """
        if secrets and method not in {"POST", "PUT"}:
            raise Refused(
                "A password cannot go with this call over https: it would stand in PVE's log.",
                "As root@pam on the node no password is needed for it.",
            )
        target, fields = quoted(path), _fields(params or {}, secrets or {})
        write = method != "GET"
        session = self._fresh_session()
        try:
            return self._exchange(method, target, fields, session, seconds, write=write)
        except NotAnAnswer as error:
            raise self._trouble(error, write=write) from None
        except ApiError as error:
            if error.code != 401 or session is None or tuple(path) == _TICKET:
                raise
            raise self._end(error.original, session) from None

    def close(self) -> None:
        """Ends the connections and forgets the ticket; a call under way raises Unreachable."""
        self._closed = True
        for exchange in list(self._exchanges):  # before the lock: who holds it waits for these
            exchange.give_up()
        with self._lock:
            self._session = self._token = None
            if self._http is not None:
                self._http.close()
                self._http = None

    # --- tickets ---------------------------------------------------------------------------

    def _ask_for_ticket(self, params: Mapping[str, Param], secrets: Mapping[str, Secret]) -> Any:
        return self._exchange(
            "POST", quoted(_TICKET), _fields(params, secrets), None, LOGIN_SECONDS, write=False
        )

    def _fresh_session(self) -> two_steps.Session | None:
        """The ticket to call with, renewed when it is old; PVE gives a new one for an old one."""
        with self._lock:
            if self._ended is not None:
                raise session_ended(self._ended)
            if self._session is None or self._clock() - self._born < RENEW_AFTER:
                return self._session
            if self._clock() - self._born >= DEAD_AFTER:
                raise self._end("the ticket is older than two hours", self._session)
            old = self._session
            try:
                answer = self._ask_for_ticket({"username": old.user}, {"password": old.ticket})
                self._session = two_steps.session_of(answer)
            except NotAnAnswer as error:
                raise self._trouble(error) from None
            except ApiError as error:
                if error.code != 401:
                    raise
                raise self._end(error.original, old) from None
            self._born = self._clock()
            return self._session

    def _end(self, original: str, session: two_steps.Session) -> LoginRefused:
        """The session is over, unless somebody logged in again while its last call was out."""
        with self._lock:
            if self._session is session:
                self._session, self._ended = None, original.strip()
        return session_ended(original.strip())

    # --- the wire --------------------------------------------------------------------------

    def _exchange(
        self,
        method: str,
        target: str,
        fields: Mapping[str, str],
        session: two_steps.Session | None,
        seconds: float,
        *,
        write: bool,
    ) -> Any:
        """PVE's `data`, or ApiError, NotAnAnswer, Unreachable, UsageError."""
        in_body = method in {"POST", "PUT"}
        with one_exchange(seconds) as exchange, self._noted(exchange):
            try:
                http = self._connected(min(CONNECT_SECONDS, seconds))
                response = http.request(
                    method,
                    f"{self._base()}{target}",
                    params=None if in_body else fields,
                    data=fields if in_body else None,
                    headers=self._headers(),
                    auth=self._auth(session),
                    timeout=(min(CONNECT_SECONDS, seconds), seconds),
                    allow_redirects=False,
                    stream=True,
                    verify=True,
                )
                with response:
                    status, reason = response.status_code, response.reason or ""
                    self.simulated = _SIMULATED in response.headers
                    body = body_of(response)
            except network_errors() as error:
                trouble = self._trouble(error, sent=exchange.sent, write=write)
                if self._closed:
                    trouble = _closed(unsure=write and exchange.sent)
            else:
                return data_of(status, reason, body)
        # not inside `except`: the errors of requests hold the request, its secrets included
        raise trouble

    @contextmanager
    def _noted(self, exchange: Exchange) -> Iterator[None]:
        """Within: `close` ends it."""
        self._exchanges.add(exchange)
        try:
            yield
        finally:
            self._exchanges.discard(exchange)

    def _connected(self, seconds: float) -> Any:
        with self._lock:
            if self._closed:
                raise _closed()
            if self._http is None:
                self._http = pve_session(self._context(seconds), self._server_name)
            return self._http

    def _context(self, seconds: float) -> PinnedContext:
        """A confirmed fingerprint is first turned into the certificate that it is of."""
        if self._pin.fingerprint is None:
            return pinned_context(self._pin)
        shown = shown_certificate(self._host, self._port, seconds)
        if not is_fingerprint_of(self._pin.fingerprint, shown):
            raise OtherCertificate("not the confirmed fingerprint")
        return pinned_context(Pin(certificate_pem=DER_cert_to_PEM_cert(shown).encode()))

    def _auth(self, session: two_steps.Session | None) -> Any:
        """What says who asks: a ticket, a token, or nothing."""
        if session is not None:
            return ticket_auth(session.ticket, session.csrf)
        return token_auth(self._token) if self._token is not None else ticket_auth()

    def _base(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"https://{host}:{self._port}/api2/json"

    def _headers(self) -> dict[str, str]:
        """PVE takes its own name, as browsers know it, from `Host`."""
        return {"Host": self._known_as} if self._known_as else {}

    def _trouble(
        self, error: BaseException, *, sent: bool = True, write: bool = False
    ) -> Unreachable:
        return unreachable(error, self._host, self._port, self._pin, sent=sent, write=write)


def _closed(*, unsure: bool = False) -> Unreachable:
    return Unreachable("This connection was closed.", "Open it again.", unsure=unsure)


def _fields(params: Mapping[str, Param], secrets: Mapping[str, Secret]) -> dict[str, str]:
    """As PVE reads them: 1 and 0 for yes and no. Raises UsageError for what has no UTF-8."""
    fields = {name: param_text(value) for name, value in params.items()}
    fields |= {name: secret.reveal() for name, secret in secrets.items()}
    if any(_has_no_utf8(text) for text in fields.values()):
        raise UsageError("There are characters in it that cannot be sent, so nothing was sent.")
    return fields


def _has_no_utf8(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)
