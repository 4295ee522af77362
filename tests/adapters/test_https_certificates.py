"""Nothing is sent to whoever does not show the expected certificate (R5)."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from pve_auth_tui.adapters.certificate import (
    Pin,
    fingerprint,
    fingerprint_problem,
    pveproxy_certificate,
    shown_certificate,
)
from pve_auth_tui.adapters.https import Https
from pve_auth_tui.adapters.pinned import pinned_context
from pve_auth_tui.core.errors import Missing, Unreadable, Untrusted, UsageError
from tests.adapters.https_parts import PASSWORD, https
from tests.adapters.tls_server import Authority, Issued, Listener, pve_listener

CLUSTER = Authority()
NODE = CLUSTER.issue()
ACME = Authority("R11, an intermediate of somebody else's")
CUSTOM = ACME.issue("pve1.example.com")


def fine(pin: Pin, issued: Issued, folder: Path, **more: str) -> None:
    with pve_listener(issued, folder) as listener:
        assert https(listener, pin, **more).call("GET", ("version",)) == "fine"


def refused(pin: Pin, issued: Issued, folder: Path, **more: str) -> Untrusted:
    """Neither a call with a ticket nor a login sends a byte."""
    with pve_listener(issued, folder) as listener:
        with pytest.raises(Untrusted) as caught:
            https(listener, pin, **more).call("PUT", ("access", "password"), {}, {"p": PASSWORD})
        with pytest.raises(Untrusted):
            Https("127.0.0.1", listener.port, pin, **more).login("root@pam", PASSWORD)
        assert bytes(listener.received) == b""
        assert listener.connections >= 2
    assert not caught.value.unsure
    assert "canary" not in f"{caught.value} {caught.value.hint} {caught.value.original}"
    return caught.value


# --- which certificate pveproxy uses ---------------------------------------------------


def reader(files: dict[str, bytes]):
    def read(path: str) -> bytes:
        if path not in files:
            raise Missing(f"There is no {path}.")
        return files[path]

    return read


OWN_FILES = {"etc/pve/local/pve-ssl.pem": NODE.pem, "etc/pve/pve-root-ca.pem": CLUSTER.pem}


def test_pves_own_certificate_and_its_ca_are_expected_by_default() -> None:
    assert pveproxy_certificate(reader(OWN_FILES)) == Pin(NODE.pem.strip(), CLUSTER.pem)


def test_a_custom_certificate_is_expected_alone_because_pves_ca_has_not_signed_it() -> None:
    files = {**OWN_FILES, "etc/pve/local/pveproxy-ssl.pem": CUSTOM.pem + ACME.pem}
    assert pveproxy_certificate(reader(files)) == Pin(certificate_pem=CUSTOM.pem.strip())


def test_a_tree_without_the_link_of_this_node_is_asked_for_the_node() -> None:
    files = {"etc/pve/nodes/pve2/pve-ssl.pem": NODE.pem}
    assert pveproxy_certificate(reader(files), "pve2") == Pin(certificate_pem=NODE.pem.strip())


def test_no_certificate_is_no_reason_to_go_on_without() -> None:
    with pytest.raises(Missing):
        pveproxy_certificate(reader({}))
    with pytest.raises(Unreadable, match=r"no certificate in pveproxy-ssl\.pem"):
        pveproxy_certificate(reader({**OWN_FILES, "etc/pve/local/pveproxy-ssl.pem": b"rubbish"}))


def test_a_file_that_may_not_be_read_does_not_lead_to_another_one() -> None:
    def read(path: str) -> bytes:
        if path.endswith("pveproxy-ssl.pem"):
            raise Unreadable("Only root may read it.")
        return OWN_FILES[path]

    with pytest.raises(Unreadable, match="Only root"):
        pveproxy_certificate(read)


# --- who is trusted --------------------------------------------------------------------


def test_the_nodes_own_certificate_is_trusted_under_any_name(tmp_path: Path) -> None:
    fine(Pin(NODE.pem), NODE, tmp_path)
    fine(Pin(NODE.pem), NODE, tmp_path, server_name="whatever")


def test_a_custom_certificate_is_trusted_without_the_ca_that_signed_it(tmp_path: Path) -> None:
    fine(Pin(CUSTOM.pem), CUSTOM, tmp_path)  # for pve1.example.com, reached as 127.0.0.1


def test_the_cas_certificate_is_enough_under_the_right_name(tmp_path: Path) -> None:
    fine(Pin(ca_pem=CLUSTER.pem), NODE, tmp_path)
    fine(Pin(ca_pem=CLUSTER.pem), NODE, tmp_path, server_name="pve1")
    fine(Pin(ca_pem=ACME.pem), CUSTOM, tmp_path, server_name="pve1.example.com")


def test_several_cas_may_stand_in_one_file(tmp_path: Path) -> None:
    fine(Pin(ca_pem=ACME.pem + b"\n# ours\n" + CLUSTER.pem), NODE, tmp_path)


def test_a_ca_without_key_usage_is_trusted_on_python_313_too(tmp_path: Path) -> None:
    old = Authority("PVE Cluster Manager CA", key_usage=False)
    fine(Pin(ca_pem=old.pem), old.issue(), tmp_path)
    leaf = old.issue()
    fine(Pin(leaf.pem, old.pem), leaf, tmp_path)


def test_a_certificate_that_was_renewed_under_the_same_ca_is_trusted_for_its_name(
    tmp_path: Path,
) -> None:
    renewed = CLUSTER.issue("pve1", "127.0.0.1")
    fine(Pin(NODE.pem, CLUSTER.pem), renewed, tmp_path)
    fine(Pin(NODE.pem, CLUSTER.pem), renewed, tmp_path, server_name="pve1")


@pytest.mark.parametrize("write", [str, str.lower, lambda text: f" {text.replace(':', '')}\n"])
def test_a_confirmed_fingerprint_is_enough_for_any_certificate(tmp_path: Path, write) -> None:
    strange = Authority("nobody knows").issue("elsewhere")
    fine(Pin(fingerprint=write(fingerprint(strange.der))), strange, tmp_path)


def test_a_certificate_can_be_looked_at_without_saying_anything(tmp_path: Path) -> None:
    with pve_listener(NODE, tmp_path) as listener:
        assert shown_certificate("127.0.0.1", listener.port, 5) == NODE.der
        assert bytes(listener.received) == b""
    assert len(fingerprint(NODE.der)) == 95


# --- who is not ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pin",
    [Pin(NODE.pem), Pin(NODE.pem, CLUSTER.pem), Pin(ca_pem=CLUSTER.pem)],
    ids=["certificate", "certificate and CA", "CA"],
)
def test_a_self_made_listener_is_told_nothing(pin: Pin, tmp_path: Path) -> None:
    error = refused(pin, Authority().issue(), tmp_path)  # a CA of the very same name
    expected = "signed by the given CA" if pin.certificate_pem is None else "another certificate"
    assert expected in str(error)


def test_a_nodes_certificate_of_the_same_ca_is_not_this_nodes(tmp_path: Path) -> None:
    other = CLUSTER.issue("pve2", "192.0.2.2")
    assert "another certificate" in str(refused(Pin(NODE.pem), other, tmp_path))
    both = refused(Pin(NODE.pem, CLUSTER.pem), other, tmp_path, server_name="pve1")
    assert "another certificate" in str(both)
    by_name = refused(Pin(ca_pem=CLUSTER.pem), other, tmp_path, server_name="pve1")
    assert "for another name" in str(by_name)


def test_a_certificate_signed_with_the_pinned_ones_key_is_not_the_pinned_one(
    tmp_path: Path,
) -> None:
    authority = Authority("a CA that is pinned as if it were a server")
    assert "another certificate" in str(refused(Pin(authority.pem), authority.issue(), tmp_path))


def test_another_certificate_with_the_same_key_is_not_the_pinned_one(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    mine, other = ACME.issue("pve1", key=key), ACME.issue("pve1", key=key)
    fine(Pin(mine.pem), mine, tmp_path)
    assert "another certificate" in str(refused(Pin(mine.pem), other, tmp_path))


def test_pves_own_ca_does_not_vouch_for_a_custom_certificate(tmp_path: Path) -> None:
    error = refused(Pin(ca_pem=CLUSTER.pem), CUSTOM, tmp_path, server_name="pve1.example.com")
    assert "custom certificate" in error.hint


def test_a_wrong_name_is_named(tmp_path: Path) -> None:
    error = refused(Pin(ca_pem=ACME.pem), CUSTOM, tmp_path)
    assert "is for another name than 127.0.0.1" in str(error)


@pytest.mark.parametrize("days", [(-300, -1), (1, 300)], ids=["expired", "not yet valid"])
def test_a_certificate_out_of_its_time_is_refused_and_clocks_are_mentioned(
    days: tuple[int, int], tmp_path: Path
) -> None:
    leaf = CLUSTER.issue(days=days)
    for pin in (Pin(leaf.pem), Pin(ca_pem=CLUSTER.pem)):
        assert "clock" in str(refused(pin, leaf, tmp_path))


def test_another_fingerprint_than_the_confirmed_one_is_refused(tmp_path: Path) -> None:
    error = refused(Pin(fingerprint=fingerprint(CUSTOM.der)), NODE, tmp_path)
    assert "another fingerprint" in str(error)


def test_a_certificate_that_changes_after_its_fingerprint_was_right_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pve_auth_tui.adapters.https.shown_certificate", lambda *_: NODE.der)
    error = refused(Pin(fingerprint=fingerprint(NODE.der)), CLUSTER.issue(), tmp_path)
    assert "another fingerprint" in str(error)


def test_the_check_holds_when_the_library_on_top_asks_for_none(
    tmp_path: Path, pve1: Listener
) -> None:
    way = https(pve1, Pin(CUSTOM.pem))
    way._connected(1.0).verify = False
    with pytest.raises(Untrusted):
        way.call("GET", ("version",))
    assert bytes(pve1.received) == b""


@pytest.fixture
def pve1(tmp_path: Path) -> Iterator[Listener]:
    with pve_listener(NODE, tmp_path) as listener:
        yield listener


def test_no_context_of_ours_goes_without_verification() -> None:
    for pin in (Pin(NODE.pem), Pin(NODE.pem, CLUSTER.pem), Pin(ca_pem=CLUSTER.pem)):
        context = pinned_context(pin)
        assert context.verify_mode is ssl.VerifyMode.CERT_REQUIRED
        assert context.minimum_version is ssl.TLSVersion.TLSv1_2
        assert context.check_hostname is (pin.certificate_pem is None)


@pytest.mark.parametrize(
    ("pin", "problem"),
    [
        (Pin(), "which certificate to expect"),
        (Pin(ca_pem=b""), "no certificate"),
        (
            Pin(certificate_pem=b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----"),
            "no cert",
        ),
        (Pin(ca_pem=CLUSTER.pem.replace(b"MII", b"AAA")), "no certificate"),
        (Pin(fingerprint="AB:CD"), "64 hexadecimal digits"),
        (Pin(fingerprint=""), "64 hexadecimal digits"),
    ],
)
def test_there_is_no_way_to_expect_nothing(pin: Pin, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        Https("pve1", 8006, pin)


@pytest.mark.parametrize(
    ("host", "port"), [("", 8006), ("a/b", 8006), ("u@h", 8006), ("h?x", 1), ("h", 0), ("h", 65536)]
)
def test_a_host_is_a_name_or_an_address(host: str, port: int) -> None:
    with pytest.raises(UsageError, match="no host"):
        Https(host, port, Pin(ca_pem=CLUSTER.pem))


def test_a_sha1_fingerprint_is_none() -> None:
    assert fingerprint_problem("AB" * 20)
    assert fingerprint_problem(fingerprint(NODE.der)) is None
