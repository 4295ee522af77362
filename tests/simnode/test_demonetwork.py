"""The network of the demo: names, connections and whom is trusted, all of it in this process."""

import ssl
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from pve_auth_tui.core.directory.causes import Cause, DirectoryTrouble
from pve_auth_tui.simnode import democertificates, rack_certificates
from pve_auth_tui.simnode.demo import DEMO_NOW, demo_tree
from pve_auth_tui.simnode.demonetwork import DemoNetwork
from pve_auth_tui.simnode.disk import MemoryDisk
from tests.simnode.ldapclient import START_TLS, bind, context, over
from tests.simnode.outsides import Rack

DC1, DC2 = "dc01.example.com", "dc02.example.com"
WAIT = 10.0
READER, BIND_PASSWORD = "proxmox_auth@example.com", "demo-bind-password"


@pytest.fixture
def rack():
    return Rack()


def handshake(rack, host=DC1, version="", capath="", connect_to=""):
    """(version, certificate in DER); raises what OpenSSL says."""
    plain = rack.network.connect(connect_to or host, 636, WAIT)
    wanted = context(rack.network, capath, version)
    with plain, wanted.wrap_socket(plain, server_hostname=host) as secured:
        return secured.version(), secured.getpeercert(binary_form=True)


def cause(call, *arguments):
    with pytest.raises(DirectoryTrouble) as caught:
        call(*arguments)
    return caught.value.cause


def refused_with(rack, host=DC1, **more):
    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        handshake(rack, host, **more)
    return caught.value.verify_code


@pytest.mark.parametrize(
    ("host", "addresses"),
    [
        (DC1, ["192.0.2.10"]),
        (DC2.upper(), ["192.0.2.11"]),
        ("dc2.example.com", ["192.0.2.11"]),
        ("example.com", ["192.0.2.10", "192.0.2.11"]),
        ("pve1", ["192.0.2.21"]),
        ("localhost", ["127.0.0.1"]),
        ("192.0.2.11", ["192.0.2.11"]),
        ("login.microsoftonline.com", ["192.0.2.50"]),
    ],
)
def test_names_of_the_demo_have_addresses(rack, host, addresses):
    assert list(rack.network.resolve(host, WAIT)) == addresses


def test_no_other_name_is_known_and_nobody_asks_the_machine_s_resolver(rack, monkeypatch):
    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        monkeypatch.setattr(f"socket.{name}", lambda *_, **__: pytest.fail("asked outside"))
    for host in ("ldap.old.example.com", "www.example.org", ""):
        assert cause(rack.network.resolve, host, WAIT) is Cause.NAME_UNKNOWN
    assert cause(rack.network.connect, "192.0.2.99", 389, WAIT) is Cause.NO_ROUTE
    assert cause(rack.network.connect, "127.0.0.1", 389, WAIT) is Cause.REFUSED
    assert cause(rack.network.connect, "ldap.lab.example.com", 636, WAIT) is Cause.REFUSED
    assert cause(rack.network.connect, DC1, 8006, WAIT) is Cause.REFUSED


def test_without_anything_around_it_there_is_nobody():
    network = DemoNetwork(MemoryDisk(demo_tree().files))
    assert cause(network.resolve, DC1, WAIT) is Cause.NAME_UNKNOWN
    assert network.services("_ldap._tcp.dc._msdcs.example.com", WAIT) == ()
    assert cause(network.connect, "192.0.2.10", 389, WAIT) is Cause.REFUSED


def test_the_domain_s_controllers_stand_in_dns(rack):
    found = rack.network.services("_ldap._tcp.dc._msdcs.EXAMPLE.com", WAIT)
    assert [(each.host, each.port) for each in found] == [(DC1, 389), (DC2, 389)]
    assert rack.network.services("_ldap._tcp.dc._msdcs.example.org", WAIT) == ()


def test_a_connection_knows_whom_it_reached(rack):
    with rack.network.connect(DC2, 389, WAIT) as opened:
        assert opened.getpeername() == ("192.0.2.11", 389)
        assert opened.gettimeout() == WAIT


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_the_first_server_s_certificate_is_good(rack, version):
    assert handshake(rack, version=version)[0] == version.replace("_", ".")


def test_starttls_comes_before_the_bind(rack):
    opened = rack.network.connect(DC1, 389, WAIT)
    connection = over(opened)
    assert bind(connection, READER, BIND_PASSWORD)[0] == 8
    connection.extended(START_TLS)
    assert connection.result["result"] == 0
    connection.socket = context(rack.network).wrap_socket(opened, server_hostname=DC1)
    assert bind(connection, READER, BIND_PASSWORD)[0] == 0
    connection.unbind()


def test_the_second_server_shows_another_name_which_has_the_same_address(rack):
    assert refused_with(rack, DC2) == 62
    assert handshake(rack, "dc2.example.com")
    assert handshake(rack, "dc2.example.com", connect_to=DC2)


def test_the_first_certificate_ends_in_241_days_of_the_demo_s_clock(rack):
    ends = x509.load_der_x509_certificate(handshake(rack)[1]).not_valid_after_utc
    assert ends - datetime.fromtimestamp(DEMO_NOW, UTC) == timedelta(days=241)


@pytest.mark.parametrize("years", [-6, -1, 0, 1, 20])
def test_on_any_real_date_good_certificates_are_good_and_ended_ones_have_ended(years, monkeypatch):
    """OpenSSL's clock cannot be set; so the demo's own is moved away from it, and the dates that
    are chosen for it are looked at.
    """
    now = time.time() + years * 365 * 86400
    rack = Rack()
    monkeypatch.setattr(rack.outside, "_since", now)
    assert handshake(rack)
    rack.outside.faults[DC1].add("expired certificate")
    assert refused_with(rack) == 10
    assert handshake(rack, "dc2.example.com")
    rack.outside.faults[DC1].clear()
    rack.outside.faults[DC1].add("certificate not yet valid")
    assert refused_with(rack) == 9


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("other name", 62),
        ("self-signed certificate", 18),
        ("unknown CA", 20),
        ("incomplete chain", 20),
        ("weak certificate", 66),
        ("certificate not for servers", 26),
    ],
)
def test_what_can_be_wrong_with_a_certificate_has_openssl_s_code(rack, fault, code):
    rack.outside.faults[DC1].add(fault)
    assert refused_with(rack, version="TLSv1_2") == code
    rack.outside.faults[DC1].clear()
    assert handshake(rack)


@pytest.mark.parametrize(
    ("fault", "bad", "good"),
    [("tls 1.3 only", "TLSv1_2", "TLSv1_3"), ("tls 1.2 only", "TLSv1_3", "TLSv1_2")],
)
def test_a_server_may_know_one_version_of_tls_alone(rack, fault, bad, good):
    rack.outside.faults[DC1].add(fault)
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        handshake(rack, version=bad)
    assert handshake(rack, version=good)


def test_a_server_that_is_down_refuses(rack):
    rack.outside.faults[DC1].add("refused")
    assert cause(rack.network.connect, DC1, 389, WAIT) is Cause.REFUSED


def test_trust_comes_from_the_node_s_own_disk(rack):
    assert handshake(rack, capath="/etc/ssl/certs")
    assert handshake(rack, capath="/etc/ssl/certs/ca-certificates.crt")
    other = "etc/pve/nodes/pve2/pve-ssl.pem"
    assert refused_with(rack, capath=f"/{other}") == 20
    rack.disk.write("etc/ssl/certs/ca-certificates.crt", b"")
    assert refused_with(rack) == 20
    rack.disk.write("root/cas/corp.crt", rack_certificates.CA.encode())
    assert handshake(rack, capath="/root/cas")


def test_a_ca_that_is_not_there_or_is_none_is_told(rack):
    empty = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    rack.disk.write("root/notes.txt", b"no certificate")
    rack.disk.write(
        "root/torn.pem", rack_certificates.CA[:200].encode() + b"\n-----END CERTIFICATE-----\n"
    )
    assert cause(rack.network.trust, empty, "/root/none.pem") is Cause.CA_MISSING
    assert cause(rack.network.trust, empty, "/root/notes.txt") is Cause.CA_UNREADABLE
    assert cause(rack.network.trust, empty, "/root/torn.pem") is Cause.CA_UNREADABLE


def test_a_client_may_show_a_certificate_of_the_node_s(rack):
    rack.outside.faults[DC1].add("client certificate wanted")
    with pytest.raises(ssl.SSLError, match="HANDSHAKE_FAILURE"):
        handshake(rack, version="TLSv1_2")
    shown = democertificates.Shown(("pve1.example.com",), 30, DEMO_NOW)
    chain, key = democertificates.pair(shown, {"certificate not for servers"})
    rack.disk.write("root/client.pem", chain)
    rack.disk.write("root/client.key", key)
    wanted = context(rack.network, version="TLSv1_2")
    rack.network.identify(wanted, "/root/client.pem", "/root/client.key")
    plain = rack.network.connect(DC1, 636, WAIT)
    with plain, wanted.wrap_socket(plain, server_hostname=DC1) as secured:
        assert secured.version() == "TLSv1.2"


def test_a_client_certificate_that_is_none_is_told(rack):
    empty = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    rack.disk.write("root/a.pem", b"nothing")
    unreadable = Cause.CLIENT_CERT_UNREADABLE
    assert cause(rack.network.identify, empty, "/root/none", "/root/none") is unreadable
    assert cause(rack.network.identify, empty, "/root/a.pem", "/root/a.pem") is unreadable


def test_the_ca_that_is_written_down_is_the_one_whose_key_signs():
    assert democertificates.make_ca().decode() == rack_certificates.CA
    assert demo_tree().files["etc/ssl/certs/ca-certificates.crt"] == rack_certificates.CA.encode()


def test_a_demo_starts_without_its_servers():
    """They are built when somebody first asks one of them."""
    code = (
        "import os, sys\n"
        "from pve_auth_tui.arguments import parse\n"
        "from pve_auth_tui.equipment import equipped\n"
        "from pve_auth_tui.wiring import wired\n"
        "options = parse(['demo'])\n"
        "equipped(options, wired(options), None, dict(os.environ))\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert "pve_auth_tui.simnode.demonetwork" in loaded
    for heavy in ("cryptography", "ldap3", "pve_auth_tui.simnode.ldapserver"):
        assert heavy not in loaded
    assert "pve_auth_tui.simnode.demoprovider" not in loaded
