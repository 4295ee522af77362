"""HTTP to OpenID providers (a `core.openid.ports.Web`, security.md R21)."""

from __future__ import annotations

import http.client
import ssl
import time
from base64 import b64encode
from collections.abc import Mapping
from contextlib import closing
from typing import Any, Final
from urllib.parse import quote_plus, urlencode, urljoin, urlsplit

from pve_auth_tui.adapters.webline import Connector, Deadline, Place, Timed
from pve_auth_tui.core.directory.ports import Network
from pve_auth_tui.core.openid.causes import Cause, OpenIdTrouble
from pve_auth_tui.core.openid.discovery import host_of, split_url
from pve_auth_tui.core.openid.ports import Line, WebAnswer
from pve_auth_tui.core.ports import Clock
from pve_auth_tui.core.secret import Secret

SECONDS: Final = 10.0
"""For one request, its redirects not counted, however slowly it drips."""
MOST: Final = 1 << 20  # bytes of a body
_REDIRECTS: Final = 3
_PORTS: Final = {"https": 443, "http": 80}
_PLAIN: Final = ("", "identity")
_AGENT: Final = "pve-auth-tui"


class NetworkWeb:
    """Over a network, which may be the demo's. `seconds`: for one request."""

    def __init__(self, network: Network, clock: Clock, *, seconds: float = SECONDS) -> None:
        self._connector = Connector(network)
        self._clock = clock
        self._seconds = seconds

    def get(
        self,
        url: str,
        *,
        issuer: str,
        agreed: bool = False,
        follow: bool = True,
        proxy: Secret | None = None,
    ) -> WebAnswer:
        """A redirect is followed to the same host only, three times, and never to plain http."""
        host = host_of(url)
        for _ in range(_REDIRECTS + 1):
            answer = self._once("GET", url, issuer, agreed=agreed, proxy=proxy)
            to = answer.headers.get("location", "")
            if not follow or not 300 <= answer.status < 400 or not to:
                return answer
            url = _joined(url, to)
            if host_of(url) != host:
                raise OpenIdTrouble(
                    Cause.REDIRECTED_AWAY,
                    "The provider sends us to another host.",
                    "Nobody was asked there.",
                    facts={"Location": to},
                )
        raise OpenIdTrouble(
            Cause.REDIRECTED_TOO_OFTEN, f"The provider sends us on more than {_REDIRECTS} times."
        )

    def post(
        self,
        url: str,
        form: Mapping[str, str],
        secrets: Mapping[str, Secret],
        *,
        issuer: str,
        basic: tuple[str, Secret] | None = None,
        agreed: bool = False,
        proxy: Secret | None = None,
    ) -> WebAnswer:
        """Secrets are revealed where they leave, after the other side has shown who it is."""
        return self._once(
            "POST", url, issuer,
            agreed=agreed, proxy=proxy, form=form, secrets=secrets, basic=basic,
        )  # fmt: skip

    def _once(
        self,
        method: str,
        url: str,
        issuer: str,
        *,
        agreed: bool,
        proxy: Secret | None,
        form: Mapping[str, str] | None = None,
        secrets: Mapping[str, Secret] | None = None,
        basic: tuple[str, Secret] | None = None,
    ) -> WebAnswer:
        place, target, named = _asked(url, agreed=agreed)
        deadline = Deadline(self._seconds)
        inner, line = self._connector.open(place, deadline, host_of(issuer), proxy)
        with closing(inner):
            headers = {
                "Host": named,
                "Accept": "application/json, */*;q=0.5",
                "Accept-Encoding": "identity",
                "User-Agent": _AGENT,
                "Connection": "close",
            }
            body = None
            if form is not None:
                shown = {name: one.reveal() for name, one in (secrets or {}).items()}
                body = urlencode({**form, **shown}).encode()
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            if basic is not None:
                headers["Authorization"] = f"Basic {_login(*basic)}"
            return self._exchanged(
                Timed(inner, deadline), place, (method, target, body, headers), (url, line)
            )

    def _exchanged(
        self,
        timed: Timed,
        place: Place,
        request: tuple[str, str, bytes | None, dict[str, str]],
        seen: tuple[str, Line],
    ) -> WebAnswer:
        method, target, body, headers = request
        url, line = seen
        began = time.monotonic()
        asking = http.client.HTTPConnection(place.host, place.port)
        asking.auto_open = 0
        held: Any = timed  # http.client asks no more of a socket
        asking.sock = held
        try:
            asking.request(method, target, body, headers)
            reply = asking.getresponse()
            at = self._clock.now()
            found = {name.lower(): value.strip() for name, value in reply.getheaders()}
            _require_plain(found)
            data = reply.read(MOST + 1)
        except TimeoutError:
            raise OpenIdTrouble(Cause.SILENT, f"{place.host} did not answer in time.") from None
        except (http.client.IncompleteRead, ssl.SSLError, OSError) as error:
            raise OpenIdTrouble(
                Cause.BROKEN_OFF,
                f"{place.host} broke the connection off.",
                original=type(error).__name__,
            ) from None
        except (http.client.HTTPException, ValueError) as error:
            raise OpenIdTrouble(
                Cause.NOT_HTTP,
                f"{place.host} does not answer as a web server does.",
                original=type(error).__name__,
            ) from None
        if reply.length and len(data) <= MOST:  # http.client says nothing of a body cut short
            raise OpenIdTrouble(Cause.BROKEN_OFF, f"{place.host} broke its answer off.")
        if len(data) > MOST:
            raise OpenIdTrouble(Cause.TOO_LARGE, f"{place.host} sends more than 1 MiB.")
        line = line._replace(answering=time.monotonic() - began)
        return WebAnswer(reply.status, found, data, url, at, line)


def _require_plain(headers: Mapping[str, str]) -> None:
    if headers.get("content-encoding", "").lower() not in _PLAIN:
        raise OpenIdTrouble(Cause.COMPRESSED, "The answer is compressed, which nobody asked for.")


def _asked(url: str, *, agreed: bool) -> tuple[Place, str, str]:
    """Where, what, and the name for `Host`. Raises OpenIdTrouble for what is never asked."""
    parts = split_url(url)
    if (
        parts is None
        or not parts.hostname
        or parts.username is not None
        or not url.isascii()
        or not url.isprintable()
        or " " in url
        or parts.port == 0
    ):
        raise OpenIdTrouble(Cause.ISSUER_MALFORMED, "That is no address of a web server.")
    if parts.scheme not in _PORTS:
        raise OpenIdTrouble(
            Cause.ISSUER_MALFORMED, "Nobody is asked but over https.", facts={"URL": url}
        )
    if parts.scheme == "http" and not agreed:
        raise OpenIdTrouble(
            Cause.NOT_HTTPS,
            "That address has no TLS: nothing was sent.",
            "It is asked only after somebody agreed to it.",
        )
    usual = _PORTS[parts.scheme]
    port = parts.port or usual
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    named = host if port == usual else f"{host}:{port}"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Place(parts.hostname, port, parts.scheme == "https"), target, named


def _joined(url: str, to: str) -> str:
    """Raises OpenIdTrouble for a place that is none."""
    try:
        found = urljoin(url, to)
        urlsplit(found)
    except ValueError:
        raise OpenIdTrouble(
            Cause.REDIRECTED_AWAY, "The provider sends us to no address.", facts={"Location": to}
        ) from None
    if url.startswith("https:") and not found.startswith("https:"):
        raise OpenIdTrouble(
            Cause.REDIRECTED_AWAY,
            "The provider sends us to an address without TLS.",
            facts={"Location": to},
        )
    return found


def _login(name: str, secret: Secret) -> str:
    """RFC 6749, 2.3.1: both are written as in a form, then as RFC 7617 has it."""
    return b64encode(f"{quote_plus(name)}:{quote_plus(secret.reveal())}".encode()).decode()
