"""HTTP to pveproxy: proxmoxer's session, with everything closed that it leaves open.

proxmoxer 2.3.0 is the base: its session puts the ticket's cookie and the CSRF token where PVE
wants them. Its resources above and its own login are not used, because they do not quote the
parts of a path, follow redirects, obey proxies, certifi and .netrc from the environment, log
parameters, keep only the first line of an error, read answers of any size, and log in with a
second factor in the way that PVE burns (`otp`).
"""

from __future__ import annotations

from collections.abc import Mapping
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final
from urllib.parse import quote

from pve_auth_tui.adapters.pinned import PinnedContext
from pve_auth_tui.core.apianswer import MOST_BYTES, NotAnAnswer
from pve_auth_tui.core.apipath import as_bytes
from pve_auth_tui.core.errors import Unreachable
from pve_auth_tui.core.secret import Secret

_CONNECTIONS: Final = 4  # kept open; calls from more threads open more
_CHUNK: Final = 64 * 1024


def pve_session(context: PinnedContext, server_name: str) -> Any:
    """A `requests.Session` that can reach nothing but what the context trusts."""
    try:
        import requests
        from proxmoxer.backends.https import (  # type: ignore[import-untyped]
            ProxmoxHttpSession,
        )
    except ImportError as error:
        raise Unreachable(
            "The https way needs the packages proxmoxer and requests, which are not here.",
            "Install the program anew, or work on the node as root.",
            str(error),
        ) from None

    class PinnedAdapter(requests.adapters.HTTPAdapter):
        """Opens connections with our context and no other; `verify` has no say."""

        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            kwargs["ssl_context"] = context
            if server_name:
                kwargs["server_hostname"] = server_name
            if not context.check_hostname:
                kwargs["assert_hostname"] = False  # the context itself knows the certificate
            super().init_poolmanager(*args, **kwargs)

        def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
            """Nothing to add: requests would load certifi's CAs here."""

        def build_connection_pool_key_attributes(
            self, request: Any, verify: Any, cert: Any = None
        ) -> Any:
            host, tls = super().build_connection_pool_key_attributes(request, True, None)
            tls.pop("ca_certs", None)
            tls.pop("ca_cert_dir", None)
            return host, {**tls, "ssl_context": context}

    class PveSession(ProxmoxHttpSession):  # type: ignore[misc]
        """Follows no redirect, not even to look where it leads."""

        def get_redirect_target(self, resp: Any) -> None:
            return None

    session = PveSession()
    session.trust_env = False  # no proxy, no .netrc, no CA from the environment
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.clear()
    session.headers.update(
        {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "pve-auth-tui"}
    )
    session.adapters.clear()
    session.mount("https://", PinnedAdapter(pool_maxsize=_CONNECTIONS))
    return session


def ticket_auth(ticket: Secret | None = None, csrf: Secret | None = None) -> Any:
    """What makes a request ours: the cookie, and for writes the CSRF token. None: nobody's."""
    from proxmoxer.backends.https import ProxmoxHTTPAuthBase

    class TicketAuth(ProxmoxHTTPAuthBase):  # type: ignore[misc]
        def get_cookies(self) -> Mapping[str, str]:
            """PVE unquotes the cookie; a ticket has `%` and `;` in it when the userid has."""
            if ticket is None:
                return {}
            return {"PVEAuthCookie": quote(as_bytes(ticket.reveal()), safe="")}

        def __call__(self, request: Any) -> Any:
            if csrf is not None and request.method != "GET":
                request.headers["CSRFPreventionToken"] = csrf.reveal()
            return request

    return TicketAuth(verify_ssl=True)


def token_auth(header: Secret) -> Any:
    """What makes a request an API token's: one header, and no cookie."""
    from proxmoxer.backends.https import ProxmoxHTTPAuthBase

    class TokenAuth(ProxmoxHTTPAuthBase):  # type: ignore[misc]
        def get_cookies(self) -> Mapping[str, str]:
            return {}

        def __call__(self, request: Any) -> Any:
            request.headers["Authorization"] = header.reveal()
            return request

    return TokenAuth()


def body_of(response: Any) -> bytes:
    """The whole answer, as it was sent. Raises NotAnAnswer when it is too large or packed."""
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in {"", "identity"}:
        raise NotAnAnswer("a packed answer that nobody asked for")
    length = response.headers.get("Content-Length", "")
    if length.isascii() and length.isdigit() and int(length[:20]) > MOST_BYTES:
        raise NotAnAnswer("more than 16 MiB")
    body = bytearray()
    try:
        for chunk in response.raw.stream(_CHUNK, decode_content=False):
            body += chunk
            if len(body) > MOST_BYTES:
                raise NotAnAnswer("more than 16 MiB")
    except ValueError:  # urllib3 reads on after a piece of -5 bytes
        raise NotAnAnswer("pieces of a length that there is not") from None
    return bytes(body)


def network_errors() -> tuple[type[Exception], ...]:
    """What a connection may raise: those of requests are OSErrors, those of urllib3 are not."""
    try:
        from urllib3.exceptions import HTTPError
    except ImportError:
        return (OSError, HTTPException)
    return (OSError, HTTPException, HTTPError)
