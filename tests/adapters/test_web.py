"""HTTP to providers as security.md R21 has it, with servers on loopback that stand for others."""

from __future__ import annotations

import json
import socket
import ssl
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.adapters.web import NetworkWeb
from pve_auth_tui.core.answers import masked
from pve_auth_tui.core.directory.causes import Cause as DirectoryCause
from pve_auth_tui.core.directory.causes import DirectoryTrouble
from pve_auth_tui.core.directory.ports import ServiceRecord
from pve_auth_tui.core.openid.causes import Cause, OpenIdTrouble
from pve_auth_tui.core.openid.ports import AT, Web, WebAnswer
from pve_auth_tui.core.secret import Secret
from tests.adapters.tls_server import (
    Answer,
    Asked,
    Authority,
    Issued,
    Listener,
    http_answer,
    pve_listener,
    read_request,
    tcp_listener,
    tls_listener,
)

HOST = "idp.example.com"
ISSUER = f"https://{HOST}"
ELSEWHERE = "192.0.2.10"
SECRET = Secret("a+b c&d")


class Wires:
    """A Network: names have addresses, and every address leads to a listener on loopback."""

    def __init__(self, ca: Authority, names: Mapping[str, Sequence[str]], port: int) -> None:
        self._ca, self._names, self._port = ca, names, port
        self.asked: list[tuple[str, int]] = []

    def resolve(self, host: str, seconds: float) -> Sequence[str]:
        if host not in self._names:
            raise DirectoryTrouble(DirectoryCause.NAME_UNKNOWN, f"{host} is not known.")
        return self._names[host]

    def services(self, name: str, seconds: float) -> Sequence[ServiceRecord]:
        return ()

    def connect(self, host: str, port: int, seconds: float) -> socket.socket:
        self.asked.append((host, port))
        if port == 1:
            raise DirectoryTrouble(DirectoryCause.REFUSED, "refused")
        return socket.create_connection(("127.0.0.1", self._port), seconds)

    def trust(self, context: ssl.SSLContext, capath: str) -> None:
        assert capath == ""
        context.load_verify_locations(cadata=self._ca.pem.decode())

    def identify(self, context: ssl.SSLContext, cert: str, key: str) -> None:
        raise AssertionError("nobody is shown who we are")


@pytest.fixture(scope="module")
def ca() -> Authority:
    return Authority("a CA that the node trusts")


@pytest.fixture(scope="module")
def own(ca: Authority) -> Issued:
    return ca.issue(HOST)


Up = Callable[..., "Provider"]


class Provider:
    """A listener with a Web that finds it by name."""

    def __init__(self, listener: Listener, wires: Wires, seconds: float) -> None:
        self.listener, self.wires = listener, wires
        self.web: Web = NetworkWeb(wires, FixedClock(1_800_000_000.0), seconds=seconds)

    def get(self, url: str = ISSUER, **more: object) -> WebAnswer:
        return self.web.get(url, **{"issuer": ISSUER, **more})  # type: ignore[arg-type]

    def fails(self, url: str = ISSUER, **more: object) -> OpenIdTrouble:
        with pytest.raises(OpenIdTrouble) as caught:
            self.get(url, **more)
        return caught.value


@contextmanager
def provider(
    ca: Authority,
    issued: Issued,
    folder: Path,
    answer: Answer | None = None,
    *,
    names: Mapping[str, Sequence[str]] | None = None,
) -> Iterator[Provider]:
    with pve_listener(issued, folder, answer or (lambda _: http_answer(b"{}"))) as listener:
        wires = Wires(ca, names or {HOST: [ELSEWHERE]}, listener.port)
        yield Provider(listener, wires, 5.0)


def test_an_answer_says_who_gave_it_and_how(ca: Authority, own: Issued, tmp_path: Path) -> None:
    with provider(ca, own, tmp_path) as up:
        answer = up.get(f"{ISSUER}/a/b?c=d")
    (asked,) = up.listener.asked
    assert (answer.status, answer.body, answer.at) == (200, b"{}", 1_800_000_000.0)
    assert (answer.line.address, answer.line.tls[:4]) == (ELSEWHERE, "TLSv")
    assert answer.line.ends > answer.at - 365 * 86400
    assert asked.target == "/a/b?c=d"
    assert asked.headers["host"] == HOST
    assert asked.headers["accept-encoding"] == "identity"
    assert "cookie" not in asked.headers
    assert "authorization" not in asked.headers


def test_the_address_that_was_looked_at_is_the_one_that_is_asked(
    ca: Authority, own: Issued, tmp_path: Path
) -> None:
    """R21: a name that leads elsewhere the second time is not looked up a second time."""
    with provider(ca, own, tmp_path) as up:
        up.get()
        assert up.wires.asked == [(ELSEWHERE, 443)]


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://idp.example.com/",
        "data:,x",
        "https://user@idp.example.com/",
        "https://",
        "https://idp.example.com:99999/",
        "https://idp.example.com/a b",
        "https://idp.example.com/\r\nX: y",
        "https://ïdp.example.com/",
    ],
)
def test_only_https_to_a_name_is_ever_asked(
    url: str, ca: Authority, own: Issued, tmp_path: Path
) -> None:
    """R21"""
    with provider(ca, own, tmp_path) as up:
        assert up.fails(url).cause is Cause.ISSUER_MALFORMED
        assert up.wires.asked == []


def test_http_is_asked_only_after_somebody_agreed(ca: Authority, tmp_path: Path) -> None:
    """R21"""

    def serve(connection: socket.socket, listener: Listener) -> None:
        if read_request(connection, listener):  # type: ignore[arg-type]
            connection.sendall(http_answer(b"{}"))

    with tcp_listener(serve) as listener:
        up = Provider(listener, Wires(ca, {HOST: [ELSEWHERE]}, listener.port), 5.0)
        url = f"http://{HOST}/"
        assert up.fails(url).cause is Cause.NOT_HTTPS
        assert up.wires.asked == []
        answer = up.get(url, agreed=True)
        assert (answer.status, answer.line.tls) == (200, "")
        assert up.wires.asked == [(ELSEWHERE, 80)]


# --- where nobody is sent to -----------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "169.254.169.254", "::1", "fe80::1", "::ffff:127.0.0.1"),
        *("0.0.0.0", "224.0.0.1", "2002:7f00:1::", "64:ff9b::a9fe:a9fe"),  # noqa: S104
    ],
)
def test_a_document_leads_nobody_to_this_machine_or_a_metadata_service(
    address: str, ca: Authority, own: Issued, tmp_path: Path
) -> None:
    """R21"""
    names = {HOST: [ELSEWHERE], "keys.example.com": ["192.0.2.11", address]}
    with provider(ca, own, tmp_path, names=names) as up:
        assert up.fails("https://keys.example.com/jwks").cause is Cause.LOCAL_ADDRESS
        literal = f"[{address}]" if ":" in address else address
        assert up.fails(f"https://{literal}/jwks").cause is Cause.LOCAL_ADDRESS
        assert up.wires.asked == []


def test_an_issuer_that_is_there_itself_may_be_asked_there(ca: Authority, tmp_path: Path) -> None:
    names = {"localhost": ["127.0.0.1"], "keys.example.com": ["127.0.0.1"]}
    with provider(ca, ca.issue("localhost", "keys.example.com"), tmp_path, names=names) as up:
        issuer = "https://localhost:8443"
        assert up.get(issuer, issuer=issuer).status == 200
        assert up.get("https://keys.example.com/jwks", issuer=issuer).status == 200


# --- redirects -------------------------------------------------------------------------------


def moves(to: str, status: str = "302 Found") -> Answer:
    return lambda asked: http_answer(b"", status, f"Location: {to}")


def test_a_redirect_can_be_the_answer(ca: Authority, own: Issued, tmp_path: Path) -> None:
    with provider(ca, own, tmp_path, moves("https://login.example.com/")) as up:
        answer = up.get(follow=False)
        assert (answer.status, answer.headers["location"]) == (302, "https://login.example.com/")


def test_redirects_on_the_same_host_are_followed_three_times(
    ca: Authority, own: Issued, tmp_path: Path
) -> None:
    """R21"""

    def answer(asked: Asked) -> bytes:
        step = int(asked.target.strip("/") or 0)
        return http_answer(b"there") if step == 3 else moves(f"/{step + 1}")(asked)

    with provider(ca, own, tmp_path, answer) as up:
        found = up.get(f"{ISSUER}/0")
        assert (found.body, found.url) == (b"there", f"{ISSUER}/3")
    with provider(ca, own, tmp_path, moves("/again")) as up:
        assert up.fails().cause is Cause.REDIRECTED_TOO_OFTEN
        assert len(up.listener.asked) == 4


@pytest.mark.parametrize(
    "to",
    [
        "https://other.example.com/",
        "http://idp.example.com/",
        "file:///etc/shadow",
        "//other.example.com/",
        "https://idp.example.com@other.example.com/",
        "https://[",
    ],
)
def test_nobody_follows_to_another_host_or_out_of_tls(
    to: str, ca: Authority, own: Issued, tmp_path: Path
) -> None:
    """R21"""
    with provider(ca, own, tmp_path, moves(to)) as up:
        assert up.fails().cause is Cause.REDIRECTED_AWAY
        assert len(up.listener.asked) == 1


# --- certificates ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "days", "cause"),
    [
        (("other.example.com",), (-1, 300), Cause.CERT_OTHER_NAME),
        (("192.0.2.99",), (-1, 300), Cause.CERT_OTHER_NAME),
        ((HOST,), (-300, -1), Cause.CERT_EXPIRED),
        ((HOST,), (3, 300), Cause.CERT_NOT_YET),
    ],
)
def test_a_bad_certificate_has_its_own_cause_and_nothing_is_sent(
    names: tuple[str, ...],
    days: tuple[int, int],
    cause: Cause,
    ca: Authority,
    tmp_path: Path,
) -> None:
    """R20, R21: the secret leaves after the verdict, or not at all."""
    with provider(ca, ca.issue(*names, days=days), tmp_path) as up:
        assert up.fails().cause is cause
        with pytest.raises(OpenIdTrouble) as caught:
            up.web.post(ISSUER, {}, {"client_secret": SECRET}, issuer=ISSUER)
        assert caught.value.cause is cause
        assert up.listener.received == b""


def test_a_ca_that_the_node_does_not_know_is_not_trusted(ca: Authority, tmp_path: Path) -> None:
    with provider(ca, Authority("another").issue(HOST), tmp_path) as up:
        trouble = up.fails()
        assert trouble.cause is Cause.CERT_UNTRUSTED
        assert trouble.facts["Verify code"] in ("20", "21")


def test_what_speaks_no_tls_is_told_from_a_bad_certificate(ca: Authority) -> None:
    def serve(connection: socket.socket, listener: Listener) -> None:
        connection.recv(100)
        connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")

    with tcp_listener(serve) as listener:
        up = Provider(listener, Wires(ca, {HOST: [ELSEWHERE]}, listener.port), 5.0)
        assert up.fails().cause is Cause.NO_TLS


def test_who_hangs_up_in_the_handshake_is_told_there(ca: Authority) -> None:
    with tcp_listener(lambda connection, listener: None) as listener:
        up = Provider(listener, Wires(ca, {HOST: [ELSEWHERE]}, listener.port), 5.0)
        trouble = up.fails()
        assert (trouble.cause, trouble.facts[AT]) == (Cause.BROKEN_OFF, "tls")


def test_names_and_ports_that_do_not_answer_have_their_causes(
    ca: Authority, own: Issued, tmp_path: Path
) -> None:
    with provider(ca, own, tmp_path) as up:
        assert up.fails("https://gone.example.com/").cause is Cause.NAME_UNKNOWN
        assert up.fails(f"{ISSUER}:1/").cause is Cause.REFUSED


# --- what comes back -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (http_answer(b"x" * ((1 << 20) + 1)), Cause.TOO_LARGE),
        (http_answer(b"\x1f\x8b", "200 OK", "Content-Encoding: gzip"), Cause.COMPRESSED),
        (b"SSH-2.0-OpenSSH\r\n\r\n\r\nConnection: close\r\n", Cause.NOT_HTTP),
        (http_answer(b"half", "200 OK", "Connection: close", length=90), Cause.BROKEN_OFF),
        (b"\r\nConnection: close\r\n", Cause.NOT_HTTP),
        (
            b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
            Cause.BROKEN_OFF,
        ),
    ],
)
def test_answers_that_are_none_have_their_causes(
    answer: bytes, cause: Cause, ca: Authority, own: Issued, tmp_path: Path
) -> None:
    """R12"""
    with provider(ca, own, tmp_path, lambda asked: answer) as up:
        assert up.fails().cause is cause


def test_a_body_of_just_a_mebibyte_is_read(ca: Authority, own: Issued, tmp_path: Path) -> None:
    with provider(ca, own, tmp_path, lambda asked: http_answer(b"x" * (1 << 20))) as up:
        assert len(up.get().body) == 1 << 20


def test_an_answer_that_drips_ends_in_time(ca: Authority, own: Issued, tmp_path: Path) -> None:
    """R12: every octet comes soon enough, and all of them never."""

    def serve(connection: ssl.SSLSocket, listener: Listener) -> None:
        read_request(connection, listener)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while not listener.over.wait(0.05):
            connection.sendall(b"x")

    with tls_listener(own, tmp_path, serve) as listener:
        up = Provider(listener, Wires(ca, {HOST: [ELSEWHERE]}, listener.port), 0.7)
        assert up.fails().cause is Cause.SILENT


# --- what is sent ----------------------------------------------------------------------------


def test_a_secret_goes_as_the_standard_has_it(ca: Authority, own: Issued, tmp_path: Path) -> None:
    """RFC 6749, 2.3.1: written as in a form, then as HTTP's own login."""
    with provider(ca, own, tmp_path) as up:
        form = {"grant_type": "authorization_code"}
        up.web.post(f"{ISSUER}/token", form, {}, issuer=ISSUER, basic=("a client", SECRET))
        up.web.post(f"{ISSUER}/token", form, {"client_secret": SECRET}, issuer=ISSUER)
    first, second = up.listener.asked
    basic = b64encode(b"a+client:a%2Bb+c%26d").decode()
    assert first.headers["authorization"] == f"Basic {basic}"
    assert first.form == form
    assert second.form == {**form, "client_secret": SECRET.reveal()}
    assert first.headers["content-type"] == "application/x-www-form-urlencoded"


def test_a_form_is_never_redirected(ca: Authority, own: Issued, tmp_path: Path) -> None:
    with provider(ca, own, tmp_path, moves("/other", "307 Temporary Redirect")) as up:
        answer = up.web.post(ISSUER, {}, {"client_secret": SECRET}, issuer=ISSUER)
        assert (answer.status, len(up.listener.asked)) == (307, 1)


# --- the datacenter's proxy ------------------------------------------------------------------


@contextmanager
def tunnel(own: Issued, folder: Path, reply: bytes) -> Iterator[tuple[Listener, list[bytes]]]:
    """A proxy that answers a CONNECT, and behind it the provider itself."""
    heads: list[bytes] = []
    pem = folder / "proxy.pem"
    pem.write_bytes(own.key + own.pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    def serve(connection: socket.socket, listener: Listener) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(65536)
        heads.append(head)
        connection.sendall(reply)
        if b" 200 " not in reply:
            return
        with context.wrap_socket(connection, server_side=True) as tls:
            read_request(tls, listener)
            tls.sendall(http_answer(json.dumps({"by": "proxy"}).encode()))

    with tcp_listener(serve) as listener:
        yield listener, heads


def test_a_proxy_is_asked_for_a_tunnel_and_tls_is_verified_within(
    ca: Authority, own: Issued, tmp_path: Path
) -> None:
    """The proxy looks names up; its login goes to it alone."""
    with tunnel(own, tmp_path, b"HTTP/1.1 200 Connection established\r\n\r\n") as (listener, heads):
        up = Provider(listener, Wires(ca, {}, listener.port), 5.0)
        answer = up.get(proxy=Secret("http://ann:p%40ss@proxy.example.com:3128"))
    assert json.loads(answer.body) == {"by": "proxy"}
    assert up.wires.asked == [("proxy.example.com", 3128)]
    (head,) = heads
    assert head.startswith(b"CONNECT idp.example.com:443 HTTP/1.1\r\n")
    login = b64encode(b"ann:p@ss")
    assert b"Proxy-Authorization: Basic " + login in head
    assert login not in bytes(listener.received)
    assert "p%40ss" not in repr(answer)


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "[::1]", "127.1", "2130706433", "0x7f.1"),
        *("localhost", "a.localhost", "LOCALHOST."),
    ],
)
def test_a_proxy_is_not_asked_for_itself_either(
    host: str, ca: Authority, own: Issued, tmp_path: Path
) -> None:
    """R21: what needs no look-up leads to the proxy's own machine, however it is written."""
    with provider(ca, own, tmp_path) as up:
        proxy = Secret("http://proxy.example.com:3128")
        assert up.fails(f"https://{host}/jwks", proxy=proxy).cause is Cause.LOCAL_ADDRESS
        assert up.wires.asked == []


@pytest.mark.parametrize(
    ("reply", "cause"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", Cause.PROXY_REFUSED),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", Cause.PROXY_REFUSED),
        (b"rubbish\r\n\r\n", Cause.PROXY_UNREACHABLE),
        (b"", Cause.PROXY_UNREACHABLE),
        (b"x" * 9000, Cause.PROXY_UNREACHABLE),
    ],
)
def test_a_proxy_that_does_not_let_us_through_says_so(
    reply: bytes, cause: Cause, ca: Authority, own: Issued, tmp_path: Path
) -> None:
    with tunnel(own, tmp_path, reply) as (listener, _):
        up = Provider(listener, Wires(ca, {}, listener.port), 5.0)
        assert up.fails(proxy=Secret("http://proxy.example.com:3128")).cause is cause


@pytest.mark.parametrize(
    "text",
    ["hidden:3128", "socks5://hidden:1", "http://ann:hidden@", "http://hidden:x", "http://[hidden"],
)
def test_what_is_no_proxy_is_said_without_repeating_it(
    text: str, ca: Authority, own: Issued, tmp_path: Path
) -> None:
    with provider(ca, own, tmp_path) as up:
        trouble = up.fails(proxy=Secret(text))
        assert trouble.cause is Cause.PROXY_MALFORMED
        assert "hidden" not in f"{trouble} {trouble.hint} {trouble.original} {trouble.facts}"
        assert up.wires.asked == []


def test_a_login_that_was_masked_is_not_sent_to_the_proxy(
    ca: Authority, own: Issued, tmp_path: Path
) -> None:
    """PVE's API shows `****` in its place: a proxy would count it as a failed login."""
    with provider(ca, own, tmp_path) as up:
        kept = masked({"http_proxy": "http://ann:hidden@proxy.example.com:3128"})
        trouble = up.fails(proxy=Secret(kept["http_proxy"]))
        assert trouble.cause is Cause.PROXY_LOGIN_HIDDEN
        assert up.wires.asked == []


def test_a_dead_proxy_is_told_by_its_name_without_its_login(
    ca: Authority, own: Issued, tmp_path: Path
) -> None:
    with provider(ca, own, tmp_path) as up:
        trouble = up.fails(proxy=Secret("http://ann:hidden@proxy.example.com:1"))
        assert trouble.cause is Cause.PROXY_UNREACHABLE
        assert "hidden" not in f"{trouble} {trouble.hint} {trouble.original}"


def test_the_environments_proxies_count_for_nothing(
    ca: Authority, own: Issued, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R21"""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://proxy.example.com:3128")
    with provider(ca, own, tmp_path) as up:
        up.get()
        assert up.wires.asked == [(ELSEWHERE, 443)]
