"""Names and connections of this machine: every call has an end, and every failure a name."""

from __future__ import annotations

import errno
import os
import socket
import ssl
import threading
from types import SimpleNamespace

import dns.exception
import dns.resolver
import pytest

from pve_auth_tui.adapters.directory.directories import LdapDirectories
from pve_auth_tui.adapters.directory.network import SystemNetwork
from pve_auth_tui.core.directory.causes import Cause, DirectoryTrouble
from pve_auth_tui.core.directory.ports import ServiceRecord
from tests.adapters.directory.server import serving

HELLO = 5.0


def cause_of(call, *given):
    with pytest.raises(DirectoryTrouble) as caught:
        call(*given)
    return caught.value.cause


class Addresses(SystemNetwork):
    """Every name has these."""

    def __init__(self, *addresses):
        super().__init__()
        self._addresses = addresses

    def resolve(self, host, seconds):
        return self._addresses


def answering(monkeypatch, answer):
    """The system's resolver returns or raises this."""

    def getaddrinfo(*given):
        if isinstance(answer, Exception):
            raise answer
        return answer() if callable(answer) else answer

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


# --- names ---


def test_addresses_come_once_each_in_the_resolver_s_order(monkeypatch):
    found = [
        (10, 1, 6, "", ("2001:db8::1", 0, 0, 0)),
        (2, 1, 6, "", ("192.0.2.1", 0)),
        (2, 1, 6, "", ("192.0.2.1", 0)),
    ]
    answering(monkeypatch, found)
    assert SystemNetwork().resolve("dc", HELLO) == ("2001:db8::1", "192.0.2.1")


@pytest.mark.parametrize(
    ("host", "address"),
    [("192.0.2.1", "192.0.2.1"), ("[2001:DB8::1]", "2001:db8::1"), ("::1", "::1")],
)
def test_an_address_is_no_name_and_nobody_is_asked(host, address, monkeypatch):
    answering(monkeypatch, AssertionError("asked"))
    assert SystemNetwork().resolve(host, HELLO) == (address,)


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), Cause.NAME_UNKNOWN),
        (socket.gaierror(socket.EAI_NODATA, "No address"), Cause.NAME_UNKNOWN),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), Cause.DNS_SILENT),
        (socket.gaierror(socket.EAI_FAIL, "Non-recoverable"), Cause.DNS_SILENT),
        (UnicodeError("label too long"), Cause.NAME_UNKNOWN),
    ],
)
def test_an_unknown_name_is_told_from_a_silent_name_server(error, cause, monkeypatch):
    answering(monkeypatch, error)
    assert cause_of(SystemNetwork().resolve, "dc01.example.com", HELLO) is cause


@pytest.mark.parametrize("host", ["a..b", "x" * 70 + ".example", "no\0body", ".", "\udcff"])
def test_what_cannot_be_a_name_is_unknown(host):
    assert cause_of(SystemNetwork().resolve, host, HELLO) is Cause.NAME_UNKNOWN


def test_a_resolver_that_hangs_is_left_behind(monkeypatch):
    held = threading.Event()
    answering(monkeypatch, lambda: held.wait(30) and [])
    assert cause_of(SystemNetwork().resolve, "dc01.example.com", 0.2) is Cause.DNS_SILENT
    held.set()


# --- service records ---


def records(monkeypatch, answer):
    """DNS answers or raises this; what was asked for."""
    asked = []

    class Resolver:
        def __init__(self):
            if isinstance(answer, dns.resolver.NoResolverConfiguration):
                raise answer

        def resolve(self, name, kind, **options):
            asked.append((name, kind, options["lifetime"]))
            if isinstance(answer, Exception):
                raise answer
            return [
                SimpleNamespace(
                    target=dns.name.from_text(host), port=port, priority=priority, weight=weight
                )
                for host, port, priority, weight in answer
            ]

    monkeypatch.setattr(dns.resolver, "Resolver", Resolver)
    return asked


def test_domain_controllers_come_by_priority_and_weight(monkeypatch):
    asked = records(
        monkeypatch,
        [
            ("dc3.example.com.", 389, 10, 0),
            ("dc1.example.com.", 389, 0, 1),
            ("dc2.example.com.", 389, 0, 100),
        ],
    )
    found = LdapDirectories(SystemNetwork(), seconds=3).locate("example.com.")
    assert asked == [("_ldap._tcp.dc._msdcs.example.com", "SRV", 3)]
    assert found == (
        ServiceRecord("dc2.example.com", 389, 0, 100),
        ServiceRecord("dc1.example.com", 389, 0, 1),
        ServiceRecord("dc3.example.com", 389, 10, 0),
    )


@pytest.mark.parametrize(
    "answer",
    [
        [],
        [(".", 0, 0, 0)],
        dns.resolver.NXDOMAIN(),
        dns.resolver.NoAnswer(response=dns.message.make_response(dns.message.make_query("a", 33))),
        dns.name.LabelTooLong(),
    ],
)
def test_no_records_are_no_trouble(answer, monkeypatch):
    records(monkeypatch, answer)
    assert SystemNetwork().services("_ldap._tcp.example.com", HELLO) == ()


@pytest.mark.parametrize(
    "answer",
    [
        dns.resolver.LifetimeTimeout(timeout=1, errors=[]),
        dns.resolver.NoNameservers(request=dns.message.make_query("a", 33), errors=[]),
        dns.resolver.NoResolverConfiguration(),
        OSError(errno.ENETUNREACH, "Network is unreachable"),
    ],
)
def test_name_servers_that_do_not_answer_are_told(answer, monkeypatch):
    records(monkeypatch, answer)
    assert cause_of(SystemNetwork().services, "_ldap._tcp.example.com", HELLO) is Cause.DNS_SILENT


# --- connections ---


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_the_first_address_that_answers_is_taken():
    with serving(lambda line, server: None) as server:
        line = Addresses("127.0.0.2", "127.0.0.1").connect("dc", server.port, HELLO)
        assert line.getpeername()[0] == "127.0.0.1"
        assert line.gettimeout() == HELLO
        line.close()


def test_a_port_where_nothing_listens_refuses():
    assert cause_of(Addresses("127.0.0.1").connect, "dc", free_port(), HELLO) is Cause.REFUSED


@pytest.fixture
def full():
    """A port that takes no more connections: what is sent there is dropped."""
    held = []
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        port = listening.getsockname()[1]
        for _ in range(4):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
            held.append(one)
        yield port
        for one in held:
            one.close()


def test_a_port_that_answers_nothing_is_silent(full):
    assert cause_of(Addresses("127.0.0.1").connect, "dc", full, 0.4) is Cause.SILENT


@pytest.mark.parametrize(
    ("number", "cause"),
    [
        (errno.EHOSTUNREACH, Cause.NO_ROUTE),
        (errno.ENETUNREACH, Cause.NO_ROUTE),
        (errno.EACCES, Cause.NO_ROUTE),
        (errno.ECONNREFUSED, Cause.REFUSED),
        (errno.ECONNRESET, Cause.BROKEN_OFF),
        (errno.ETIMEDOUT, Cause.SILENT),
    ],
)
def test_the_kernel_s_reasons_have_names(number, cause, monkeypatch):
    def create_connection(*given):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(socket, "create_connection", create_connection)
    assert cause_of(Addresses("192.0.2.1").connect, "dc", 389, HELLO) is cause


def test_of_several_failures_a_refusal_says_most(monkeypatch):
    def create_connection(address, seconds):
        raise TimeoutError if address[0] == "192.0.2.1" else ConnectionRefusedError(111, "refused")

    monkeypatch.setattr(socket, "create_connection", create_connection)
    network = Addresses("192.0.2.1", "192.0.2.2")
    assert cause_of(network.connect, "dc", 389, HELLO) is Cause.REFUSED


def test_each_address_gets_its_share_of_the_seconds(monkeypatch):
    given = []

    def create_connection(address, seconds):
        given.append(round(seconds))
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", create_connection)
    network = Addresses("192.0.2.1", "192.0.2.2")
    assert cause_of(network.connect, "dc", 389, 10) is Cause.SILENT
    assert given == [5, 10]  # the first took none of its own in this test


def test_a_name_without_addresses_leads_nowhere():
    assert cause_of(Addresses().connect, "dc", 389, HELLO) is Cause.NO_ROUTE


# --- whom this machine trusts ---


def test_a_pipe_or_a_device_is_no_file_of_cas(tmp_path):
    """OpenSSL would wait for it for ever, or read it to no end."""
    os.mkfifo(tmp_path / "pipe")
    for path in (str(tmp_path / "pipe"), "/dev/zero"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        assert cause_of(SystemNetwork().trust, context, path) is Cause.CA_UNREADABLE


def test_a_store_that_is_not_there_is_missing(tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    assert cause_of(SystemNetwork(tmp_path / "no").trust, context, "") is Cause.CA_MISSING
