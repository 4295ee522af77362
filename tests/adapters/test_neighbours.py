"""Other nodes asked over https: only a node's own certificate proves that it is alive."""

from __future__ import annotations

import errno
import json
import shutil
import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from pve_auth_tui.adapters.neighbours import ask_neighbours
from pve_auth_tui.adapters.neighbours.asking import is_own
from pve_auth_tui.core.recover.condition import Neighbour
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.simnode.certificates import CA as SIMULATED_CA
from pve_auth_tui.simnode.certificates import certificate_path
from pve_auth_tui.simnode.disk import MemoryDisk
from pve_auth_tui.simnode.node import SimNode
from pve_auth_tui.simnode.proxy import Proxy
from pve_auth_tui.simnode.server import Server
from pve_auth_tui.simnode.sources import system_sources
from pve_auth_tui.simnode.tickets import key_files
from tests.adapters.conftest import DATABASE, can_mount, in_a_dead_mount, our_python, run
from tests.adapters.neighbours_parts import (
    CA,
    PVE2,
    PVE2_TOO,
    PVE3,
    Roads,
    corosync,
    own_certificate,
    status,
)
from tests.adapters.tls_server import (
    Answer,
    Asked,
    Authority,
    Issued,
    Listener,
    http_answer,
    json_answer,
    pve_listener,
    read_request,
    tcp_listener,
    tls_listener,
)

PVE2_CERTIFICATE = own_certificate("pve2")


@pytest.fixture
def roads(tmp_path: Path) -> Iterator[Roads]:
    """pve1 in a cluster with pve2, of which it has the certificate and no ssh host key."""
    roads = Roads(tmp_path / "root")
    roads.configure(pve2=(PVE2,))
    roads.trust("pve2", PVE2_CERTIFICATE)
    with roads.listeners:
        yield roads


def answering(data: object) -> Answer:
    return lambda asked: json_answer(data, "200 OK", f"Date: {formatdate(usegmt=True)}")


# --- a node that is alive ----------------------------------------------------------------


@pytest.fixture
def pve2() -> SimNode:
    """A whole simulated node; its quorum stands in its .members."""
    return SimNode(
        MemoryDisk({"etc/hostname": b"pve2\n", **members(quorate=1), **key_files()}),
        system_sources(),
    )


def members(quorate: int) -> dict[str, bytes]:
    told = {
        "nodename": "pve2",
        "version": 4,
        "cluster": {"name": "rack", "version": 3, "nodes": 3, "quorate": quorate},
        "nodelist": {
            "pve1": {"id": 1, "online": 0},
            "pve2": {"id": 2, "online": 1, "ip": PVE2},
        },
    }
    return {"etc/pve/.members": json.dumps(told).encode()}


@pytest.mark.parametrize("quorate", [True, False])
def test_a_node_says_whether_it_has_quorum(roads: Roads, pve2: SimNode, quorate: bool) -> None:
    """Against the simulated node: its certificate, its tickets, its /cluster/status."""
    for path, data in members(int(quorate)).items():
        pve2.disk.write(path, data)
    mint = lambda: (Secret(pve2.tickets.ticket("root@pam")), Secret(""))  # noqa: E731
    with Server(Proxy(pve2)) as server:
        roads.write(certificate_path("pve2"), pve2.disk.read(certificate_path("pve2")) or b"")
        roads.write(SIMULATED_CA, pve2.disk.read(SIMULATED_CA) or b"")
        roads.lead(PVE2, server.port)
        found = roads.ask(roads.means()._replace(mint=mint))["pve2"]
    assert found.alive is True
    assert found.quorate is quorate
    assert (found.address, found.asked, found.why) == (PVE2, (PVE2,), "")
    assert found.web == f"https://{PVE2}:8006"
    assert found.ahead is not None
    assert abs(found.ahead) <= 2


def test_the_first_address_that_answers_is_enough(roads: Roads, tmp_path: Path) -> None:
    roads.configure(pve2=(PVE2, PVE2_TOO))
    with pve_listener(PVE2_CERTIFICATE, tmp_path, answering(status("pve2", 1))) as listener:
        roads.lead(PVE2_TOO, listener)  # the other address is silent
        found = roads.ask()["pve2"]
    assert (found.alive, found.quorate, found.address) == (True, True, PVE2_TOO)
    assert found.asked == (PVE2, PVE2_TOO)


def test_each_node_is_told_as_soon_as_it_is_known(roads: Roads, tmp_path: Path) -> None:
    roads.configure(pve2=(PVE2,), pve3=(PVE3,))
    roads.trust("pve3", own_certificate("pve3"))
    told: list[Neighbour] = []
    with pve_listener(PVE2_CERTIFICATE, tmp_path, answering(status("pve2", 1))) as listener:
        roads.lead(PVE2, listener)
        found = ask_neighbours(roads.root, told.append, roads.means())
    assert [one.name for one in told] == ["pve2", "pve3"]
    assert [one.name for one in found] == ["pve2", "pve3"]
    assert [one.alive for one in found] == [True, None]


def test_one_ticket_is_made_for_each_connection_and_sent_to_nobody_else(
    roads: Roads, tmp_path: Path
) -> None:
    """R18: tickets of root@pam only in memory, one per connection."""
    roads.configure(pve2=(PVE2, PVE2_TOO), pve3=(PVE3,))
    with pve_listener(PVE2_CERTIFICATE, tmp_path, answering([])) as listener:
        roads.lead(PVE2, listener)
        roads.lead(PVE2_TOO, listener)
        roads.ask()
    cookies = sorted(asked.headers["cookie"] for asked in listener.asked)
    assert len(roads.minted) == len(cookies) == len(set(cookies)) == 2
    assert {asked.method for asked in listener.asked} == {"GET"}
    assert {asked.path for asked in listener.asked} == {b"/api2/json/cluster/status"}
    assert all(asked.headers["host"] == "pve2:8006" for asked in listener.asked)


@pytest.mark.parametrize("seconds", [-90_000, 0, 3 * 365 * 86_400])
def test_its_clock_is_compared_even_where_ours_is_years_behind(
    roads: Roads, tmp_path: Path, seconds: int
) -> None:
    """A certificate's dates say nothing about whose it is, and the clock may be what is wrong."""
    roads.trust("pve2", expired := CA.issue("pve2", days=(-400, -30)))
    with pve_listener(expired, tmp_path, answering(status("pve2", 1))) as listener:
        roads.lead(PVE2, listener)
        found = roads.ask(roads.means(now=lambda: time.time() - seconds))["pve2"]
    assert found.quorate is True
    assert found.ahead is not None
    assert abs(found.ahead - seconds) <= 2


def test_its_name_in_the_certificate_is_what_a_browser_is_sent_to(
    roads: Roads, tmp_path: Path
) -> None:
    roads.write("etc/hosts", f"{PVE2} pve2.example.com pve2\n".encode())
    with pve_listener(PVE2_CERTIFICATE, tmp_path, answering(status("pve2", 1))) as listener:
        roads.lead(PVE2, listener)
        assert roads.ask()["pve2"].web == "https://pve2.example.com:8006"
    assert listener.asked[0].headers["host"] == "pve2.example.com:8006"


def test_a_certificate_that_the_cluster_renewed_while_we_were_away_is_taken(
    roads: Roads, tmp_path: Path
) -> None:
    """R5: signed by PVE's own CA, for that node's name; /etc/pve here is as old as the split."""
    roads.trust_ca()
    with pve_listener(own_certificate("pve2"), tmp_path, answering(status("pve2", 1))) as listener:
        roads.lead(PVE2, listener)
        assert roads.ask()["pve2"].quorate is True


def test_a_custom_certificate_counts_instead_of_pves_own(roads: Roads, tmp_path: Path) -> None:
    roads.trust_ca()
    custom = Authority("ACME").issue("pve2.example.com")
    roads.trust("pve2", custom, "pveproxy-ssl.pem")
    with pve_listener(custom, tmp_path, answering(status("pve2", 1))) as listener:
        roads.lead(PVE2, listener)
        found = roads.ask()["pve2"]
    assert (found.quorate, found.web) == (True, "https://pve2.example.com:8006")
    with pve_listener(PVE2_CERTIFICATE, tmp_path, answering(status("pve2", 1))) as listener:
        roads.lead(PVE2, listener)
        assert roads.ask()["pve2"].alive is None


# --- alive, and nothing known of its quorum ------------------------------------------------


def test_a_node_that_takes_no_ticket_of_ours_is_alive(roads: Roads, tmp_path: Path) -> None:
    def refuse(asked: Asked) -> bytes:
        return http_answer(b"", "401 No ticket", f"Date: {formatdate(usegmt=True)}")

    with pve_listener(PVE2_CERTIFICATE, tmp_path, refuse) as listener:
        roads.lead(PVE2, listener)
        found = roads.ask()["pve2"]
    assert (found.alive, found.quorate) == (True, None)
    assert "it does not take a ticket of this node" in found.why
    assert found.ahead is not None
    assert found.web


def test_without_pmxcfs_no_ticket_is_made_and_the_handshake_proves_life(
    roads: Roads, tmp_path: Path
) -> None:
    (roads.root / "etc/pve/.members").unlink()
    with pve_listener(PVE2_CERTIFICATE, tmp_path, answering(status("pve2", 1))) as listener:
        roads.lead(PVE2, listener)
        found = roads.ask()["pve2"]
    assert (found.alive, found.quorate, roads.minted) == (True, None, [])
    assert "no ticket can be made here" in found.why
    assert [(asked.path, asked.headers.get("cookie")) for asked in listener.asked] == [(b"/", None)]
    assert found.ahead is not None


def test_a_node_whose_corosync_is_dead_says_nothing_of_quorum(roads: Roads, tmp_path: Path) -> None:
    with pve_listener(PVE2_CERTIFICATE, tmp_path, answering(status("pve2", None))) as listener:
        roads.lead(PVE2, listener)
        found = roads.ask()["pve2"]
    assert (found.alive, found.quorate) == (True, None)
    assert "its corosync may be dead" in found.why


@pytest.mark.parametrize(
    "reply",
    [
        *(http_answer(b""), http_answer(b"[" * 100_000), http_answer(b'{"data": {"a": NaN}}')),
        *(json_answer({"type": "cluster"}), json_answer([[], 7, {"type": {}}]), b"SSH-2.0-x\r\n"),
        http_answer(json.dumps({"data": "x" * 2**20}).encode()),
        http_answer(b"", "200 OK", length=10**12),
        http_answer(b"", "301 Away", "Location: https://203.0.113.99/"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n" + b"x" * 100_000,
        http_answer(b"\x1f\x8b", "200 OK", "Content-Encoding: gzip"),
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
        http_answer(b"{}", "200 OK", "Date: Thu, 99 Foo 9999999999 99:99:99 GMT"),
    ],
    ids=range(13),
)
def test_whatever_the_node_answers_it_is_alive_and_nothing_else_is_known(
    roads: Roads, tmp_path: Path, reply: bytes
) -> None:
    """R12: at most 1 MiB of anything."""

    def serve(connection: ssl.SSLSocket, listener: Listener) -> None:
        if read_request(connection, listener):
            connection.sendall(reply)

    with tls_listener(PVE2_CERTIFICATE, tmp_path, serve) as listener:
        roads.lead(PVE2, listener)
        found = roads.ask()["pve2"]
    assert (found.alive, found.quorate) == (True, None)
    assert found.why


def test_an_answer_that_drips_ends_in_time(roads: Roads, tmp_path: Path) -> None:
    """Every byte of it would begin a time-out of the socket anew."""

    def drip(connection: ssl.SSLSocket, listener: Listener) -> None:
        read_request(connection, listener)
        for byte in http_answer(b"x" * 1000):
            connection.sendall(bytes([byte]))
            if listener.over.wait(0.1):
                return

    with tls_listener(PVE2_CERTIFICATE, tmp_path, drip) as listener:
        roads.lead(PVE2, listener)
        found = roads.ask()["pve2"]  # holds the bound
    assert (found.alive, found.quorate) == (True, None)


@pytest.mark.parametrize(
    "answer",
    [
        json_answer([*status("pve2", 1), {"more": "x" * (1 << 20)}]),
        json_answer(status("pve2", 1), "200 OK", "Content-Encoding: gzip"),
        json_answer(status("pve2", 1), "200 OK", "Transfer-Encoding: identity"),
    ],
    ids=["above 1 MiB", "packed", "in pieces"],
)
def test_an_answer_that_pveproxy_never_gives_says_nothing_of_quorum(
    roads: Roads, tmp_path: Path, answer: bytes
) -> None:
    """R12: it has the node's certificate, so it lives; nothing more is taken from it."""
    with pve_listener(PVE2_CERTIFICATE, tmp_path, lambda asked: answer) as listener:
        roads.lead(PVE2, listener)
        found = roads.ask()["pve2"]
    assert (found.alive, found.quorate) == (True, None)
    assert "no proper answer" in found.why


# --- somebody, who may be anybody ------------------------------------------------------------


@pytest.mark.parametrize(
    "certificate",
    [
        own_certificate("pve2", Authority()),  # everything right but the key of the CA
        own_certificate("pve3"),  # of the cluster, and another node
        CA.issue("pve2", days=(-400, -30)),  # of that node once
    ],
    ids=["another CA of the same name", "another node", "expired"],
)
def test_who_cannot_show_that_nodes_certificate_gets_not_one_byte(
    roads: Roads, tmp_path: Path, certificate: Issued
) -> None:
    """R5: a self-made listener on 8006 receives no request, no cookie; R18: no ticket is made."""
    roads.trust_ca()
    with pve_listener(certificate, tmp_path, answering(status("pve2", 1))) as listener:
        roads.lead(PVE2, listener)
        found = roads.ask()["pve2"]
    assert listener.connections > 0
    assert bytes(listener.received) == b""
    assert roads.minted == []
    assert (found.alive, found.quorate, found.web, found.address) == (None, None, "", "")
    assert f"somebody else answers at {PVE2}:8006: another certificate" in found.why


def test_who_takes_one_connection_and_no_second_one_is_there(
    roads: Roads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The certificate itself, then its CA: two connections. A node in trouble may take one."""
    roads.trust_ca()
    took: list[object] = []
    connect = socket.create_connection

    def once(*args: Any) -> socket.socket:
        took.append(args)
        if len(took) > 1:
            raise TimeoutError
        return connect(*args)

    monkeypatch.setattr(socket, "create_connection", once)
    with pve_listener(own_certificate("pve3"), tmp_path, answering(None)) as listener:
        roads.lead(PVE2, listener)
        found = roads.ask()["pve2"]
    assert len(took) == 2
    assert found.alive is None
    assert "another certificate" in found.why


def test_a_certificate_of_several_nodes_proves_no_single_one(roads: Roads, tmp_path: Path) -> None:
    """One wildcard for all: the address of a dead node may lead to another one by now."""
    shared = Authority("ACME").issue("*.example.com")
    roads.configure(pve2=(PVE2,), pve3=(PVE3,))
    for node in ("pve2", "pve3"):
        roads.trust(node, shared, "pveproxy-ssl.pem")
    folder = roads.root / "etc/pve/nodes/pve3"  # the same certificate, written differently
    (folder / "pveproxy-ssl.pem").write_bytes(b"wildcard\r\n" + shared.pem.replace(b"\n", b"\r\n"))
    with pve_listener(shared, tmp_path, answering(status("pve3", 1))) as listener:
        roads.lead(PVE2, listener)
        roads.lead(PVE3, listener)
        found = roads.ask()
    assert (found["pve3"].alive, found["pve3"].quorate) == (True, True)
    assert (found["pve2"].alive, found["pve2"].quorate) == (None, None)
    assert f"another node of the cluster answers at {PVE2}" in found["pve2"].why


def test_a_certificate_of_several_nodes_is_no_proof_without_the_nodes_own_name(
    roads: Roads, tmp_path: Path
) -> None:
    roads.trust("pve1", PVE2_CERTIFICATE)  # this node's own one counts, too
    refusal = json_answer(None, "401 No ticket")
    with pve_listener(PVE2_CERTIFICATE, tmp_path, lambda asked: refusal) as listener:
        roads.lead(PVE2, listener)
        found = roads.ask()["pve2"]
    assert (found.alive, found.quorate) == (None, None)
    assert f"the certificate shown at {PVE2} belongs to several nodes" in found.why


def test_a_port_that_refuses_shows_that_a_machine_is_there(roads: Roads) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        roads.lead(PVE2, closed.getsockname()[1])
    found = roads.ask()["pve2"]
    assert found.alive is None
    assert f"{PVE2} refuses port 8006: a machine is there, its pveproxy is not" in found.why


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 400 Bad\r\n\r\n"])
def test_something_else_on_that_port_is_somebody(roads: Roads, said: bytes) -> None:
    with tcp_listener(lambda line, _: line.sendall(said)) as listener:
        roads.lead(PVE2, listener)
        found = roads.ask()["pve2"]
    assert found.alive is None
    assert "takes connections, and is no pveproxy" in found.why


def test_a_handshake_that_never_ends_is_given_up(roads: Roads) -> None:
    found = roads.ask()["pve2"]  # its road leads to a listener that says nothing
    assert found.alive is None
    assert "takes connections, and is no pveproxy" in found.why


# --- nobody ------------------------------------------------------------------------------------


def test_when_nobody_answers_at_any_address_it_says_where_it_asked(
    roads: Roads, monkeypatch: pytest.MonkeyPatch
) -> None:
    """False: nobody answered. It may run all the same."""
    roads.configure(pve2=(PVE2, PVE2_TOO))

    def nothing(place: object, timeout: float) -> socket.socket:
        assert timeout <= 3
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", nothing)
    found = roads.ask()["pve2"]
    assert (found.alive, found.asked) == (False, (PVE2, PVE2_TOO))
    assert found.why == f"nobody answers at {PVE2}; nobody answers at {PVE2_TOO}"


def test_an_address_without_a_route_is_given_up_in_time(roads: Roads) -> None:
    """Really tried: TEST-NET-2 is routed nowhere. Some networks refuse it, most are silent."""
    found = roads.ask(roads.means()._replace(place=lambda address: ("198.51.100.254", 8006)))
    assert found["pve2"].alive is not True
    assert PVE2 in found["pve2"].why


@pytest.mark.parametrize(
    ("number", "clause"),
    [
        (errno.ENETUNREACH, f"no network of this node leads to {PVE2}"),
        (errno.EMFILE, f"{PVE2} could not be asked: Too many open files"),
        (errno.EPERM, f"{PVE2} could not be asked: Operation not permitted"),
    ],
)
def test_what_fails_on_this_side_is_nobodys_silence(
    roads: Roads, monkeypatch: pytest.MonkeyPatch, number: int, clause: str
) -> None:
    """A node whose own network is down must not take the others for dead."""

    def failing(place: object, timeout: float) -> socket.socket:
        raise OSError(number, "failed")

    monkeypatch.setattr(socket, "create_connection", failing)
    found = roads.ask()["pve2"]
    assert found.alive is None
    assert clause in found.why


def test_many_nodes_are_asked_at_the_same_time(roads: Roads) -> None:
    nodes = {f"n{number}": (f"203.0.113.{number}",) for number in range(100, 131)}
    roads.configure(**nodes)
    for name in nodes:
        roads.trust(name, PVE2_CERTIFICATE)
    assert set(roads.ask()) == set(nodes)  # within the bound


# --- what this node has ------------------------------------------------------------------------


def test_a_node_of_its_own_asks_nobody(tmp_path: Path) -> None:
    assert ask_neighbours(tmp_path, lambda one: pytest.fail("nobody to tell of")) == ()


def test_a_node_without_certificate_and_host_key_is_not_asked(roads: Roads) -> None:
    shutil.rmtree(roads.root / "etc/pve/nodes")
    found = roads.ask()["pve2"]
    assert (found.alive, found.why) == (None, "no ssh host key of pve2 is known here")


def test_what_is_kept_as_a_certificate_may_be_rubbish(roads: Roads) -> None:
    rubbish = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    roads.write("etc/pve/nodes/pve2/pve-ssl.pem", rubbish)
    assert roads.ask()["pve2"].alive is None


def test_corosyncs_own_copy_is_enough_to_know_the_others(roads: Roads) -> None:
    shutil.rmtree(roads.root / "etc/pve")
    roads.write(
        "etc/corosync/corosync.conf", corosync({"pve1": ("203.0.113.21",), "pve2": (PVE2,)})
    )
    found = roads.ask()["pve2"]
    assert (found.alive, found.asked) == (None, (PVE2,))


def test_config_db_is_read_when_pmxcfs_is_dead(roads: Roads) -> None:
    """The recorded database of pmxcfs knows pve2 at 10.99.0.2, and has no certificate of it."""
    shutil.rmtree(roads.root / "etc/pve")
    (roads.root / "etc/pve").mkdir()
    database = roads.root / "var/lib/pve-cluster/config.db"
    database.parent.mkdir(parents=True)
    shutil.copyfile(DATABASE, database)
    found = roads.ask()
    assert {name: one.asked for name, one in found.items()} == {"pve2": ("10.99.0.2",)}


HANGS = """
import time
from pathlib import Path
from pve_auth_tui.adapters import bounded
from pve_auth_tui.adapters.neighbours import Means, ask_neighbours
start, told = time.monotonic(), []
means = Means(is_own=lambda address: False, ssh="/nonexistent/ssh")
found = ask_neighbours(Path(sys.argv[1]), told.append, means)
print([(one.name, one.asked, one.alive) for one in found])
print(len(told), time.monotonic() - start < 10)
"""
# The child for files sleeps where it would read /etc/pve; the one for the database does not.
FILES_SLEEP = """
really = bounded.BoundedTree.__init__
def sleeping(tree, root, rung, reason="", seconds=None):
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
    really(tree, root, rung, reason, seconds=seconds, command=sleeper if rung == "files" else ())
bounded.BoundedTree.__init__ = sleeping
"""


@pytest.mark.parametrize("dead", ["a reader that sleeps", *["a mount that is dead"] * can_mount()])
def test_an_etc_pve_that_hangs_costs_three_of_the_ten_seconds(
    root: Path, database: Path, dead: str
) -> None:
    """No thread of ours ever touches it, and what was asked for is known from config.db.

    PVE makes /etc/ssh/ssh_known_hosts a link into it, which hangs as well.
    """
    (root / "etc/ssh").mkdir()
    (root / "etc/ssh/ssh_known_hosts").symlink_to("/etc/pve/priv/known_hosts")
    if dead == "a mount that is dead":
        command = in_a_dead_mount(root / "etc/pve", our_python(HANGS, str(root)))
    else:
        command = our_python(HANGS.replace("start,", f"{FILES_SLEEP}start,"), str(root))
    code, lines = run(command)
    assert (code, lines) == (0, ["[('pve2', ('10.99.0.2',), None)]", "1 True"])


def test_hostile_addresses_are_asked_nothing(roads: Roads) -> None:
    """Options, our own address, loopback in every spelling: nobody is asked, and nothing runs."""
    hostile = ("-oProxyCommand=touch${IFS}/tmp/x", "203.0.113.21", "127.1", "0x7f000001", "::1")
    roads.configure(pve2=hostile, pve3=("localhost", "0.0.0.0", "::ffff:127.0.0.1", "224.0.0.1"))  # noqa: S104
    roads.host_keys("pve2")
    found = roads.ask()
    assert [one.asked for one in found.values()] == [(), ()]
    assert {one.why for one in found.values()} == {"no address of it is known here"}
    assert {one.alive for one in found.values()} == {None}


def test_an_address_of_this_machine_is_never_asked(roads: Roads, tmp_path: Path) -> None:
    """It would be ourselves who answer."""
    roads.configure(pve2=(PVE2, PVE2_TOO))
    means = roads.means()._replace(is_own=lambda address: address == PVE2)
    assert roads.ask(means)["pve2"].asked == (PVE2_TOO,)


def test_the_kernel_tells_which_addresses_are_its_own() -> None:
    assert is_own("127.0.0.1")
    assert not is_own("203.0.113.21")
    assert not is_own("2001:db8::21")


def test_names_are_looked_up_and_a_dead_dns_holds_nothing_up(
    roads: Roads, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()

    def look_up(name: str, *_: object, **__: object) -> list[object]:
        if name == "dead.example.com":
            over.wait(60)
        where = {"two.example.com": PVE2_TOO, "us.example.com": "127.0.0.1"}
        if name not in where:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (where[name], 0))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    roads.configure(
        pve2=("two.example.com", "us.example.com", "dead.example.com", "gone.example.com")
    )
    (roads.root / "etc/pve/nodes/pve2/pve-ssl.pem").unlink()
    assert roads.ask()["pve2"].asked == (PVE2_TOO,)
    over.set()


def test_it_works_with_the_standard_library_alone(
    roads: Roads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Recover runs on a node whose packages are broken."""
    with pve_listener(PVE2_CERTIFICATE, tmp_path, answering(status("pve2", 1))) as listener:
        roads.lead(PVE2, listener)
        for name in ("requests", "proxmoxer", "urllib3", "cryptography"):
            monkeypatch.setitem(sys.modules, name, None)
        assert roads.ask()["pve2"].quorate is True
