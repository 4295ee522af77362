"""One client's connection to the simulated node: requests in, replies out, until somebody ends it.

Source: PVE::APIServer::AnyEvent (pve-http-server 6): its limits, its order of checks, its headers.
"""

from __future__ import annotations

import gzip
import json
import re
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from email.message import Message
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from time import localtime, monotonic, strftime
from typing import Any, Final, Protocol
from urllib.parse import unquote_to_bytes

from pve_auth_tui.simnode.proxy import HttpReply, HttpRequest, Proxy

NOTE: Final = "X-Simulated-Node"
_IDLE: Final = 5.0  # seconds without a byte
_GOODBYE: Final = 0.5  # seconds for what the client is still sending
_MOST_UNREAD: Final = 64  # pieces of that
_MOST_BODY: Final = 512 * 1024
_MOST_HEADERS: Final = 64
_MOST_IN_HEADERS: Final = 8 * 1024
_MOST_REQUESTS: Final = 100  # on one connection
_LONGEST_LINE: Final = 64 * 1024
_COMPRESSED_FROM: Final = 1024
_TLS_HANDSHAKE: Final = b"\x16"
_API: Final = re.compile(r"/api2/+([a-z][a-z0-9]+)(/.*)?")
_FORM: Final = "application/x-www-form-urlencoded"
_JSON: Final = "application/json"
_HELLO: Final = (
    "A simulated Proxmox VE node of pve-auth-tui. Nothing on it is real.\n"
    "Its API is below /api2/json.\n"
)


class Host(Protocol):
    """The server, as far as a connection needs it."""

    proxy: Proxy
    tls: ssl.SSLContext
    access_log: Any

    @property
    def dead(self) -> bool:
        """Nothing is answered any more."""

    def news(self) -> None:
        """Called before each request."""

    def done(self, connection: Connection) -> None:
        """Called at the end."""


class Connection:
    """Runs in a thread of its own. Whatever the client does ends this connection at most."""

    def __init__(self, host: Host, accepted: socket.socket, client: tuple[str, int]) -> None:
        self._host = host
        self._socket = accepted
        self._client = client

    def run(self) -> None:
        """Until the end of the connection."""
        try:
            self._socket.settimeout(_IDLE)
            if self._socket.recv(1, socket.MSG_PEEK) == _TLS_HANDSHAKE:
                self._socket = self._host.tls.wrap_socket(self._socket, server_side=True)
                _Requests(self._socket, self._client, self._host)
            else:
                _Redirect(self._socket, self._client, self._host)
        except OSError:
            pass  # the client is gone, is no TLS client, or was broken off
        finally:
            with suppress(OSError):
                self._let_go()
            self._socket.close()
            self._host.done(self)

    def _let_go(self) -> None:
        """End it so that the client still gets all of the reply.

        Were bytes left unread, the kernel would take back what the client has not seen yet.
        """
        if isinstance(self._socket, ssl.SSLSocket):
            self._socket.settimeout(0)
            with suppress(OSError, ValueError):
                self._socket.unwrap()  # says goodbye, and does not wait for an answer
        socket.socket.shutdown(self._socket, socket.SHUT_WR)
        end = monotonic() + _GOODBYE
        for _ in range(_MOST_UNREAD):
            self._socket.settimeout(max(0.001, end - monotonic()))
            if not socket.socket.recv(self._socket, _LONGEST_LINE):
                break

    def break_off(self) -> None:
        """From another thread: whoever waits on this connection wakes up."""
        with suppress(OSError):
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class _Requests(BaseHTTPRequestHandler):
    """Reads requests, one after another."""

    protocol_version = "HTTP/1.1"
    timeout = _IDLE
    headers = Message()
    location = ""

    def __init__(self, connection: socket.socket, client: tuple[str, int], host: Host) -> None:
        self._host = host
        self._left = _MOST_REQUESTS
        super().__init__(connection, client, host)  # type: ignore[arg-type]

    def handle_one_request(self) -> None:
        self.close_connection = True
        self.raw_requestline = self.rfile.readline(_LONGEST_LINE)
        if not self.raw_requestline.endswith(b"\n") or not self.parse_request():
            return
        sizes = [len(name) + len(value) for name, value in self.headers.items()]
        if len(sizes) >= _MOST_HEADERS or sum(sizes) >= _MOST_IN_HEADERS:
            self.close_connection = True  # PVE says nothing either
            return
        self._host.news()
        if self._host.dead:
            self.close_connection = True
        else:
            self._left -= 1
            self._send(self._reply())

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What parse_request cannot read."""
        self.requestline = ""
        self.close_connection = True
        self._send(HttpReply(code, message or "bad request", text=message or "bad request"))

    def _reply(self) -> HttpReply:
        path, _, query = self.path.partition("?")
        found = _API.fullmatch(path)
        if found is None:
            if path == "/" and self.command == "GET":
                return HttpReply(200, "OK", text=_HELLO)
            what = "no such uri" if path.startswith("/api2") else f"no such file '{path}'"
            return HttpReply(501 if path.startswith("/api2") else 500, what, text=what)
        params, flaw = self._body()
        request = HttpRequest(
            self.command,
            found[2] or "/",
            params | decoded(query),
            {name.lower(): value for name, value in self.headers.items()},
            self.client_address[0],
            found[1],
            flaw,
        )
        reply = self._host.proxy.answer(request)
        if reply.wait:
            self._host.proxy.node.sources.sleep(reply.wait)
        return reply

    def _body(self) -> tuple[dict[str, str], tuple[int, str] | None]:
        """Parameters in the body, or why there are none."""
        if "transfer-encoding" in self.headers:
            self.close_connection = True
            return {}, (501, "chunked transfer encoding not supported")
        length = self.headers.get("content-length", "0").strip()
        size = int(length) if re.fullmatch("[0-9]{1,9}", length, re.ASCII) else _MOST_BODY + 1
        if not size:
            return {}, None
        kind = self.headers.get("content-type", "").partition(";")[0].strip()
        if self.command not in ("POST", "PUT"):
            return {}, (501, f"Unexpected content for method '{self.command}'")
        if size > _MOST_BODY:
            return {}, (501, "for data too large")
        if kind not in ("", _FORM, _JSON):
            return {}, (506, f"upload 'Content-Type '{kind}' not implemented")
        data = self.rfile.read(size)
        if kind != _JSON:
            return decoded(data.decode("latin-1")), None
        try:
            return _from_json(json.loads(data)), None
        except (ValueError, RecursionError):
            return {}, (500, "malformed JSON string")

    def _send(self, reply: HttpReply) -> None:
        content = reply.content
        size = len(content)
        headers = {
            "Cache-Control": "max-age=0",
            "Date": formatdate(usegmt=True),
            "Expires": formatdate(usegmt=True),
            "Pragma": "no-cache",
            "Server": "pve-api-daemon/3.0",
            NOTE: "pve-auth-tui",
        }
        if self.location:
            headers["Location"] = self.location
        if reply.body:
            headers["Content-Type"] = "application/json;charset=UTF-8"
        if size > _COMPRESSED_FROM and "gzip" in self.headers.get("accept-encoding", ""):
            content = gzip.compress(content, 6)
            headers["Content-Encoding"] = "gzip"
        if content:
            headers["Content-Length"] = str(len(content))
        if reply.status >= 400 or not content or not self._left:
            self.close_connection = True
        headers["Connection"] = "close" if self.close_connection else "Keep-Alive"
        lines = [f"HTTP/1.1 {reply.status} {reply.reason}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("utf-8", "replace") + content)
        self._log(reply, size)

    def _log(self, reply: HttpReply, size: int) -> None:
        """As in /var/log/pveproxy/access.log."""
        when = strftime("%d/%m/%Y:%H:%M:%S %z", localtime(self._host.proxy.node.sources.now()))
        self._host.access_log.append(
            f"{self.client_address[0]} - {reply.userid or '-'} [{when}] "
            f'"{self.requestline}" {reply.status} {size or "-"}'
        )


class _Redirect(_Requests):
    """Who speaks plain http is sent to https, and heard no further."""

    def _reply(self) -> HttpReply:
        self._left = 0
        self.location = f"https://{self.headers.get('host', '')}{self.path}"
        moved = self.command in ("GET", "HEAD")
        status, text = (301, "Moved Permanently") if moved else (308, "Permanent Redirect")
        return HttpReply(status, text, text=text)


def decoded(text: str) -> dict[str, str]:
    """`a=1&b=x%20y` as parameters; bytes are taken for UTF-8."""
    found: dict[str, str] = {}
    for pair in filter(None, re.split("[&;]", text)):
        name, _, value = (unquote_to_bytes(part) for part in pair.replace("+", " ").partition("="))
        found[name.decode("utf-8", "replace")] = value.decode("utf-8", "replace")
    return found


def _from_json(value: Any) -> dict[str, str]:
    """Values as PVE's parameter check sees them. Raises ValueError for anything but an object."""
    if not isinstance(value, Mapping):
        raise ValueError("no object")
    return {
        name: one if isinstance(one, str) else json.dumps(int(one) if one in (True, False) else one)
        for name, one in value.items()
        if one is not None
    }
