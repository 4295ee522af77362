"""The simulated node on a real port: TLS, limits, clients that misbehave, and its end."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from pve_auth_tui.adapters.certificate import pveproxy_certificate
from pve_auth_tui.core.errors import Refused
from pve_auth_tui.simnode.certificates import certificate_path
from pve_auth_tui.simnode.disk import FolderDisk
from pve_auth_tui.simnode.node import SimNode
from pve_auth_tui.simnode.proxy import Proxy
from pve_auth_tui.simnode.server import Server
from tests.simnode.door import ANN_PASSWORD, ROOT_PASSWORD, Door, by_token, files, headers_of

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
LOGIN = urlencode({"username": "ann@pve", "password": ANN_PASSWORD})


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
def server(door: Door) -> Iterator[Server]:
    with Server(door.proxy) as server:
        yield server


def trust(server: Server) -> ssl.SSLContext:
    """As strict as a client can be."""
    context = ssl.create_default_context(cadata=server.ca_pem.decode())
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


def client(server: Server) -> http.client.HTTPSConnection:
    return http.client.HTTPSConnection("127.0.0.1", server.port, context=trust(server), timeout=10)


def asked(
    connection: http.client.HTTPConnection, method: str, path: str, body: object = None, **more: str
) -> tuple[http.client.HTTPResponse, bytes]:
    connection.request(method, path, body, {**(FORM if body else {}), **more})  # type: ignore[arg-type]
    response = connection.getresponse()
    return response, response.read()


def until(condition) -> None:
    """Something that happens in another thread, at once or a little later."""
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def clients() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "client"]


def test_it_listens_on_loopback_alone(server: Server) -> None:
    assert server.address == ("127.0.0.1", server.port)
    assert server.url == f"https://127.0.0.1:{server.port}"


def test_a_login_and_a_change_over_one_connection(server: Server) -> None:
    connection = client(server)
    body = urlencode({"username": "root@pam", "password": ROOT_PASSWORD})
    response, content = asked(connection, "POST", "/api2/json/access/ticket", body)
    assert (response.status, response.reason) == (200, "OK")
    assert response.headers["content-type"] == "application/json;charset=UTF-8"
    held = connection.sock
    headers = headers_of(json.loads(content)["data"])
    change = urlencode({"groupid": "new", "comment": "Zürich & ü=1; +"})
    response, content = asked(connection, "POST", "/api2/json/access/groups", change, **headers)
    assert (response.status, content) == (200, b'{"data": null}')
    response, content = asked(connection, "GET", "/api2/json/access/groups/new", **headers)
    assert json.loads(content)["data"]["comment"] == "Zürich & ü=1; +"
    assert connection.sock is held


def test_every_reply_says_that_it_is_simulated(server: Server) -> None:
    for path in ("/", "/nope", "/api2/json/version", "/api2/json/access/domains", "/api2/json/?%"):
        response, _ = asked(client(server), "GET", path)
        assert response.headers["x-simulated-node"] == "pve-auth-tui", path
    response, content = asked(client(server), "GET", "/")
    assert b"Nothing on it is real" in content


@pytest.mark.parametrize(
    ("method", "path", "status", "reason"),
    [
        ("GET", "/api2/json/version", 401, "No ticket"),
        ("PATCH", "/api2/json/version", 501, "method 'PATCH' not available"),
        ("GET", "/api2", 501, "no such uri"),
        ("GET", "/nope", 500, "no such file '/nope'"),
    ],
)
def test_refusals_end_the_connection(
    server: Server, method: str, path: str, status: int, reason: str
) -> None:
    connection = client(server)
    response, _ = asked(connection, method, path)
    assert (response.status, response.reason) == (status, reason)
    assert response.headers["connection"] == "close"


def test_json_bodies_and_queries_are_taken_too(door: Door, server: Server) -> None:
    headers = door.as_root()
    body = json.dumps({"groupid": "new", "comment": None})
    response, _ = asked(
        client(server),
        "POST",
        "/api2/json/access/groups",
        body,
        **{**headers, "Content-Type": "application/json;charset=UTF-8"},
    )
    assert response.status == 200
    query = urlencode({"comment": "a b", "_dc": "17"})
    response, _ = asked(client(server), "PUT", f"/api2/json/access/groups/new?{query}", **headers)
    assert response.status == 200
    assert door.node.state.access.groups["new"].comment == "a b"


@pytest.mark.parametrize(
    ("method", "headers", "body", "told"),
    [
        ("POST", {"Content-Length": "600000"}, b"", "501 for data too large"),
        ("POST", {"Content-Length": "-1"}, b"", "501 for data too large"),
        ("POST", {"Content-Length": "9" * 30}, b"", "501 for data too large"),
        ("GET", {"Content-Length": "1"}, b"x", "501 Unexpected content for method 'GET'"),
        ("POST", {"Transfer-Encoding": "chunked"}, b"0\r\n\r\n", "501 chunked transfer"),
        ("POST", {"Content-Type": "text/xml", "Content-Length": "1"}, b"x", "506 upload"),
        (
            "POST",
            {"Content-Type": "application/json", "Content-Length": "2"},
            b"[]",
            "500 malformed JSON",
        ),
    ],
)
def test_bodies_that_pveproxy_does_not_take(
    server: Server, method: str, headers: dict[str, str], body: bytes, told: str
) -> None:
    connection = client(server)
    connection.putrequest(method, "/api2/json/access/ticket")
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    response = connection.getresponse()
    assert f"{response.status} {response.reason}".startswith(told)


@pytest.mark.parametrize(
    "data",
    [
        b"GARBAGE\r\n\r\n",
        b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"a%d: 1\r\n" % number for number in range(80)) + b"\r\n",
        b"GET / HTTP/1.1\r\na: " + b"x" * 10_000 + b"\r\n\r\n",
        b"GET / HTTP/7.1\r\n\r\n",
        b"\x00" * 100,
    ],
    ids=["garbage", "long line", "many headers", "long header", "version", "zeros"],
)
def test_nonsense_ends_its_own_connection_only(server: Server, data: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as raw:
        sock = trust(server).wrap_socket(raw, server_hostname="localhost")
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: sock.recv(65536), b""))
    assert b" 200 " not in answer
    until(lambda: not clients())
    assert asked(client(server), "GET", "/")[0].status == 200


def test_clients_that_say_nothing_keep_nobody_waiting(server: Server) -> None:
    silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(20)]
    half = trust(server).wrap_socket(silent[0], server_hostname="localhost")
    half.sendall(b"POST /api2/json/access/ticket HTTP/1.1\r\nContent-Length: 100\r\n\r\nuser")
    assert asked(client(server), "GET", "/")[0].status == 200
    start = time.monotonic()
    server.close()
    assert time.monotonic() - start < 1
    assert clients() == []
    for one in (half, *silent[1:]):
        one.close()


def test_plain_http_is_sent_to_https_and_not_listened_to(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    response, _ = asked(connection, "GET", "/api2/json/version")
    assert response.status == 301
    assert response.headers["location"] == f"{server.url}/api2/json/version"
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    response, _ = asked(connection, "POST", "/api2/json/access/ticket", LOGIN)
    assert response.status == 308


def test_a_refused_login_waits_before_it_is_told(door: Door, server: Server) -> None:
    door.faults.login_delay = 3.0
    wrong = urlencode({"username": "ann@pve", "password": "wrong"})
    assert asked(client(server), "POST", "/api2/json/access/ticket", wrong)[0].status == 401
    assert door.slept == [3.0]
    assert asked(client(server), "POST", "/api2/json/access/ticket", LOGIN)[0].status == 200
    assert door.slept == [3.0]


def test_a_big_answer_is_packed_for_those_who_take_that(door: Door, server: Server) -> None:
    headers = {**door.as_root(), "Accept-Encoding": "gzip"}
    response, packed = asked(client(server), "GET", "/api2/json/access/roles", **headers)
    assert response.headers["content-encoding"] == "gzip"
    plain = asked(client(server), "GET", "/api2/json/access/roles", **door.as_root())[1]
    assert gzip.decompress(packed) == plain
    assert len(plain) > 1024


def test_while_pveproxy_is_dead_connections_are_refused(door: Door, server: Server) -> None:
    connection = client(server)
    assert asked(connection, "GET", "/")[0].status == 200
    door.faults.dead.add("pveproxy")
    until(lambda: server.address is None)
    with pytest.raises(ConnectionRefusedError):
        client(server).connect()
    until(lambda: not clients())
    door.faults.dead.clear()
    until(lambda: server.address is not None)
    assert asked(client(server), "GET", "/")[0].status == 200


def test_while_pvedaemon_is_dead_pveproxy_says_so(door: Door, server: Server) -> None:
    door.faults.dead.add("pvedaemon")
    response, content = asked(client(server), "POST", "/api2/json/access/ticket", LOGIN)
    assert (response.status, response.reason, content) == (595, "Connection refused", b"")


def test_the_log_has_names_and_no_secrets(door: Door, server: Server) -> None:
    def written(lines: int) -> None:  # after the answer has gone: the next one could be first
        until(lambda: len(server.access_log) == lines)

    asked(client(server), "POST", "/api2/json/access/ticket", LOGIN)
    written(1)
    asked(client(server), "GET", "/api2/json/version", **by_token("ann@pve!ci"))
    written(2)
    asked(client(server), "GET", "/api2/json/version")
    written(3)
    first, second, third = server.access_log
    when = "[15/01/2027:08:00:00 +0000]"
    assert first.startswith(f'127.0.0.1 - - {when} "POST /api2/json/access/ticket HTTP/1.1" 200 ')
    line = '"GET /api2/json/version HTTP/1.1"'
    assert second.startswith(f"127.0.0.1 - ann@pve!ci {when} {line} 200 ")
    assert third == f"127.0.0.1 - - {when} {line} 401 -"


def test_a_port_that_is_taken_is_told(server: Server) -> None:
    with pytest.raises(Refused, match=f"Port {server.port} "):
        Server(Door().proxy, server.port).start()


def test_its_certificate_is_the_one_that_the_nodes_files_name(tmp_path) -> None:
    """R5 pins the very file; a later start finds it again."""
    disk = FolderDisk(tmp_path)
    for path, data in files().items():
        disk.write(path, data)
    node = SimNode(disk, Door().sources())
    with Server(Proxy(node), folder=tmp_path) as server:
        shown = ssl.get_server_certificate(("127.0.0.1", server.port)).encode().strip()
        pin = pveproxy_certificate(node.tree.read, "pve1")
        assert shown == pin.certificate_pem
        assert shown == (disk.read(certificate_path("pve1")) or b"").strip()
        assert pin.ca_pem == server.ca_pem == server.ca_file.read_bytes()
    again = Server(Proxy(node), folder=tmp_path)
    assert again.ca_pem == pin.ca_pem


def test_the_private_key_lies_in_no_file_but_its_own(tmp_path) -> None:
    disk = FolderDisk(tmp_path)
    for path, data in files().items():
        disk.write(path, data)
    with Server(Proxy(SimNode(disk, Door().sources()))):
        holders = [
            str(file.relative_to(tmp_path))
            for file in tmp_path.rglob("*")
            if file.is_file() and b"PRIVATE KEY" in file.read_bytes()
        ]
    assert sorted(holders) == [
        "etc/pve/nodes/pve1/pve-ssl.key",
        "etc/pve/priv/authkey.key",
        "etc/pve/priv/pve-root-ca.key",
    ]
    assert all((tmp_path / file).stat().st_mode & 0o777 == 0o600 for file in holders)


def test_many_clients_at_once_change_the_same_file(door: Door, server: Server) -> None:
    headers = door.as_root()
    made: list[int] = []

    def make(number: int) -> None:
        body = urlencode({"groupid": f"group{number}"})
        connection = client(server)
        made.append(
            asked(connection, "POST", "/api2/json/access/groups", body, **headers)[0].status
        )

    threads = [threading.Thread(target=make, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [200] * 16
    assert {f"group{number}" for number in range(16)} <= set(door.node.state.access.groups)
