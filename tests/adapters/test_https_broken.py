"""Whatever stands on port 8006, or dies there: one clear sentence, in time, and no repetition."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pve_auth_tui.adapters.certificate import Pin, fingerprint
from pve_auth_tui.adapters.https import Https
from pve_auth_tui.adapters.nettrouble import unreachable
from pve_auth_tui.core.apianswer import NotAnAnswer
from pve_auth_tui.core.apitrouble import explained
from pve_auth_tui.core.errors import ApiError, LoginRefused, Unreachable, Untrusted, UsageError
from pve_auth_tui.core.secret import Secret
from tests.adapters.https_parts import PASSWORD, https
from tests.adapters.tls_server import (
    Authority,
    Listener,
    http_answer,
    json_answer,
    pve_listener,
    read_request,
    tcp_listener,
    tls_listener,
)

NODE = Authority().issue()
PIN = Pin(NODE.pem)
READ = ("GET", ("version",))
WRITE = ("PUT", ("access", "password"))
SECRETS = {"password": Secret("canary-new-password")}
Serve = Callable[[socket.socket, Listener], None]


def failed(way: Https, call: tuple[str, tuple[str, ...]] = READ, seconds: float = 5) -> Unreachable:
    """The error of a call, which shows no secret and took no longer than it may."""
    start = time.monotonic()
    with pytest.raises(Unreachable) as caught:
        way.call(*call, secrets=SECRETS if call is WRITE else None, seconds=seconds)
    assert time.monotonic() - start < seconds + 1
    error = caught.value
    text = "".join(traceback.format_exception(error)) + f"{error.hint}{error.original}"
    assert "canary" not in text
    assert error.__cause__ is None
    assert error.__context__ is None or isinstance(error.__context__, NotAnAnswer)
    assert str(error).endswith(".")
    assert error.hint
    return error


def after_the_request(
    serve: Serve, folder: Path, **more: object
) -> tuple[Unreachable, Unreachable]:
    """(error of a reading call, error of a writing one); each was asked once."""

    def served(connection: ssl.SSLSocket, listener: Listener) -> None:
        read_request(connection, listener)
        serve(connection, listener)

    with tls_listener(NODE, folder, served) as listener:
        errors = [failed(https(listener, PIN), call, **more) for call in (READ, WRITE)]  # type: ignore[arg-type]
        assert len(listener.asked) == 2
    reading, writing = errors
    assert not reading.unsure
    assert writing.unsure
    assert "look before you repeat" in writing.hint
    return reading, writing


# --- nobody, or somebody else ----------------------------------------------------------


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    way = Https("127.0.0.1", port, PIN)
    error = failed(way, WRITE)
    assert str(error) == f"Nobody listens on 127.0.0.1:{port}."
    assert "pveproxy" in error.hint
    assert not error.unsure


def test_a_name_that_does_not_exist() -> None:
    assert "is not known here" in str(failed(Https("pve1.invalid", 8006, PIN)))


def test_a_way_that_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*args: object, **kwargs: object) -> None:
        raise OSError(113, "No route to host")

    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)
    assert "no way in the network to pve2" in str(failed(Https("pve2", 8006, PIN)))


@pytest.mark.parametrize(
    "banner",
    [
        b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n",
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        b"220 mail.example.com ESMTP\r\n",
        b"\x00" * 600,
    ],
    ids=["ssh", "http", "mail", "zeros"],
)
def test_somebody_who_speaks_no_tls_is_sent_nothing_but_a_greeting(banner: bytes) -> None:
    def serve(connection: socket.socket, listener: Listener) -> None:
        listener.received += connection.recv(65536)
        connection.sendall(banner)
        listener.received += connection.recv(65536)

    with tcp_listener(serve) as listener:
        error = failed(https(listener, PIN), WRITE)
        assert isinstance(error, Untrusted)
        assert "does not speak TLS, so it is not pveproxy" in str(error)
        assert f"sport = :{listener.port}'" in error.hint
        assert not error.unsure
        assert b"canary" not in listener.received
        with pytest.raises(Untrusted):
            Https("127.0.0.1", listener.port, PIN).login("root@pam", PASSWORD)


def test_a_plain_web_server_gets_no_request() -> None:
    def serve(connection: socket.socket, listener: Listener) -> None:
        while data := connection.recv(65536):
            listener.received += data
            connection.sendall(http_answer(b"<html>It works!</html>"))

    with tcp_listener(serve) as listener:
        assert isinstance(failed(https(listener, PIN), WRITE), Untrusted)
        assert b"HTTP" not in listener.received


def test_a_silent_listener_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with tcp_listener(lambda _, listener: listener.over.wait(10) and None) as listener:
        error = failed(https(listener, PIN), WRITE, seconds=0.4)
        assert "takes connections, but says nothing" in str(error)
        assert not error.unsure


def test_who_hangs_up_at_once_may_have_been_told_to() -> None:
    with tcp_listener(lambda connection, _: connection.close()) as listener:
        error = failed(https(listener, PIN), WRITE)
        assert "broke the connection off before anything was said" in str(error)
        assert "DENY_FROM" in error.hint
        assert not error.unsure


@pytest.mark.parametrize("serve", [lambda c, _: c.close(), lambda _, w: w.over.wait(10) and None])
def test_a_fingerprint_is_not_compared_for_ever(serve: Serve) -> None:
    with tcp_listener(serve) as listener:
        way = https(listener, Pin(fingerprint=fingerprint(NODE.der)))
        assert not failed(way, seconds=0.4).unsure


# --- it dies, or lies ------------------------------------------------------------------


def test_the_daemon_dies_before_it_read_the_request(tmp_path: Path) -> None:
    with tls_listener(NODE, tmp_path, lambda connection, _: connection.close()) as listener:
        reading, writing = (failed(https(listener, PIN), call) for call in (READ, WRITE))
        assert listener.asked == []
    for error in (reading, writing):
        assert "broke the connection off before its answer was complete" in str(error)
    assert (reading.unsure, writing.unsure) == (False, True)  # nobody can tell from here


def test_the_daemon_dies_after_it_read_the_request(tmp_path: Path) -> None:
    reading, _ = after_the_request(lambda connection, _: connection.close(), tmp_path)
    assert "broke the connection off before its answer was complete" in str(reading)


def test_the_daemon_is_killed_in_the_middle_of_its_answer(tmp_path: Path) -> None:
    def half(connection: socket.socket, listener: Listener) -> None:
        connection.sendall(http_answer(b'{"data": [{"userid": "an', length=5000))

    reading, _ = after_the_request(half, tmp_path)
    assert "broke the connection off before its answer was complete" in str(reading)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b'{"data": [{"userid": "an', "half a JSON answer"),
        (b"<!DOCTYPE html><html><title>Login</title></html>", "a web page"),
        (b"", "an empty answer"),
        (b'{"data":' + b"[" * 100_000, "nests too deep"),
    ],
)
def test_an_answer_that_is_none_is_named(tmp_path: Path, body: bytes, what: str) -> None:
    reading, _ = after_the_request(lambda c, _: c.sendall(http_answer(body)), tmp_path)
    assert what in str(reading)


def test_a_packed_answer_is_not_unpacked(tmp_path: Path) -> None:
    bomb = http_answer(gzip.compress(b" " * 10_000_000), "200 OK", "Content-Encoding: gzip")
    reading, _ = after_the_request(lambda c, _: c.sendall(bomb), tmp_path)
    assert "packed" in str(reading)


def test_a_piece_of_less_than_nothing_is_no_answer(tmp_path: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with pve_listener(NODE, tmp_path, lambda _: head + b"-5\r\nx") as listener:
        error = failed(https(listener, PIN), WRITE)
    assert "pieces of a length that there is not" in str(error)
    assert error.unsure


@pytest.mark.parametrize("host", ["a..b", ".", "..", "x" * 64, f"pve1.{'x' * 64}", "a." * 127])
def test_what_can_be_no_host_is_not_looked_up(host: str) -> None:
    with pytest.raises(UsageError, match="no host"):
        Https(host, 8006, Pin(fingerprint="a" * 64))
    assert str(unreachable(UnicodeError("label empty"), host, 8006)).startswith("The name ")


def test_an_answer_that_claims_to_be_huge_is_not_read(tmp_path: Path) -> None:
    huge = http_answer(b"{", length=2**40)
    reading, _ = after_the_request(lambda c, _: c.sendall(huge), tmp_path)
    assert "more than 16 MiB" in str(reading)


@pytest.mark.parametrize("header", ["Connection: close", "Transfer-Encoding: chunked"])
def test_an_answer_without_end_is_cut_off(tmp_path: Path, header: str) -> None:
    mebibyte = b" " * (1 << 20)
    chunk = b"100000\r\n" + mebibyte + b"\r\n" if "chunked" in header else mebibyte

    def endless(connection: socket.socket, listener: Listener) -> None:
        connection.sendall(f"HTTP/1.1 200 OK\r\n{header}\r\n\r\n".encode())
        for _ in range(40):
            connection.sendall(chunk)

    reading, _ = after_the_request(endless, tmp_path)
    assert "more than 16 MiB" in str(reading)


@pytest.mark.parametrize(
    "start",
    [b"", b"HTTP/1.1 200 OK\r\nX-Slow: ", http_answer(b"{", length=1000)],
    ids=["status", "header", "body"],
)
def test_an_answer_that_drips_is_over_in_time(tmp_path: Path, start: bytes) -> None:
    def drip(connection: socket.socket, listener: Listener) -> None:
        connection.sendall(start)
        while not listener.over.wait(0.05):
            connection.sendall(b"H")

    reading, _ = after_the_request(drip, tmp_path, seconds=0.5)
    assert "did not come in time" in str(reading)


def test_an_answer_that_stops_late_gets_no_second_time(tmp_path: Path) -> None:
    def late(connection: ssl.SSLSocket, listener: Listener) -> None:
        read_request(connection, listener)
        listener.over.wait(1.2)
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        listener.over.wait(10)

    with tls_listener(NODE, tmp_path, late) as listener:
        assert "did not come in time" in str(failed(https(listener, PIN), seconds=1.4))


@pytest.mark.parametrize("call", [READ, WRITE], ids=["read", "write"])
def test_closing_ends_a_call_that_is_under_way(tmp_path: Path, call: Any) -> None:
    asked = threading.Event()

    def silent(connection: ssl.SSLSocket, listener: Listener) -> None:
        read_request(connection, listener)
        asked.set()
        listener.over.wait(10)

    with tls_listener(NODE, tmp_path, silent) as listener:
        way = https(listener, PIN)
        closing = threading.Thread(target=lambda: asked.wait(5) and way.close())
        closing.start()
        start = time.monotonic()
        with pytest.raises(Unreachable, match="was closed") as caught:
            way.call(*call, seconds=10)
        closing.join()
    assert time.monotonic() - start < 2
    assert caught.value.unsure is (call is WRITE)


def test_an_answer_that_never_comes_is_over_in_time(tmp_path: Path) -> None:
    reading, _ = after_the_request(lambda _, w: w.over.wait(10) and None, tmp_path, seconds=0.3)
    assert "did not come in time" in str(reading)


def test_who_speaks_tls_but_no_http_is_named(tmp_path: Path) -> None:
    def smtp(connection: socket.socket, listener: Listener) -> None:
        connection.sendall(b"220 mail.example.com ESMTP ready and waiting\r\n" * 3)

    reading, _ = after_the_request(smtp, tmp_path)
    assert "does not answer as a web server does" in str(reading)


def test_a_login_is_not_repeated_when_the_daemon_dies(tmp_path: Path) -> None:
    def die(connection: ssl.SSLSocket, listener: Listener) -> None:
        read_request(connection, listener)

    with tls_listener(NODE, tmp_path, die) as listener:
        with pytest.raises(Unreachable) as caught:
            Https("127.0.0.1", listener.port, PIN).login("root@pam", PASSWORD)
        assert len(listener.asked) == 1
    assert not isinstance(caught.value, LoginRefused)
    assert "canary" not in "".join(traceback.format_exception(caught.value))


def test_after_trouble_the_next_call_has_a_new_connection(tmp_path: Path) -> None:
    def once(connection: ssl.SSLSocket, listener: Listener) -> None:
        if read_request(connection, listener) and listener.connections > 1:
            connection.sendall(json_answer("back"))

    with tls_listener(NODE, tmp_path, once) as listener:
        way = https(listener, PIN)
        failed(way)
        assert way.call(*READ) == "back"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (595, "Connection refused"),
        (596, "tls_process_server_certificate: certificate verify failed"),
        (597, "Broken pipe"),
        (598, "aborted"),
        (599, "Too many redirections"),
    ],
)
def test_what_pveproxy_says_of_another_node_is_pves_refusal_with_a_meaning(
    tmp_path: Path, code: int, reason: str
) -> None:
    answer = http_answer(b"", f"{code} {reason}", "Connection: close")
    with (
        pve_listener(NODE, tmp_path, lambda _: answer) as listener,
        pytest.raises(ApiError) as caught,
    ):
        https(listener, PIN).call("GET", ("nodes", "pve2", "status"))
    assert (caught.value.code, str(caught.value)) == (code, reason)
    assert reason in str(explained(caught.value))
