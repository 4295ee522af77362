"""What a probe of an OpenID provider needs of the network (security.md R21)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple, Protocol

from pve_auth_tui.core.secret import Secret

AT: Final = "At"
"""A fact of trouble whose cause does not tell where it was met: `port`, `tls`."""


class Line(NamedTuple):
    """The connection that an answer came over. `address`: who answered; `tls`: `TLSv1.3`, "" for
    none; `ends`: when the certificate does, seconds since 1970, 0 for unknown; the rest are
    seconds that each part took.
    """

    address: str = ""
    tls: str = ""
    ends: float = 0.0
    naming: float = 0.0
    connecting: float = 0.0
    shaking: float = 0.0
    answering: float = 0.0


class WebAnswer(NamedTuple):
    """`status` 200 ...; header names in small letters; a body of 1 MiB at most; `url`: who
    answered, after redirects; `at`: when, seconds since 1970.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    at: float
    line: Line = Line()


class Web(Protocol):
    """HTTP as R21 has it: https only (http where somebody `agreed`), TLS always verified with the
    system's store, at most 3 redirects on the same host, no proxy but the datacenter's.

    `issuer` is the URL that an admin typed: this machine itself and link-local addresses are
    asked only where the issuer is at one. `proxy`: the datacenter's, which may hold a login.

    Raises OpenIdTrouble.
    """

    def get(
        self,
        url: str,
        *,
        issuer: str,
        agreed: bool = False,
        follow: bool = True,
        proxy: Secret | None = None,
    ) -> WebAnswer:
        """`follow` False: a redirect is the answer."""

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
        """A form, never redirected. `secrets` are more of its fields; `basic`: the client's login
        as RFC 6749, 2.3.1 has it.
        """
