"""TLS with a directory: every reason why it fails has a name of its own, before any bind."""

from __future__ import annotations

import queue
import socket
import ssl
import struct
import subprocess
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from pve_auth_tui.adapters.directory import contexts, tls
from pve_auth_tui.adapters.directory.directories import LdapDirectories
from pve_auth_tui.core.directory import verifycodes
from pve_auth_tui.core.directory.causes import Cause, DirectoryTrouble
from pve_auth_tui.core.secret import Secret
from tests.adapters.directory.authority import Authority, self_signed
from tests.adapters.directory.conftest import HOST
from tests.adapters.directory.server import HereNetwork, ber, directory, result, serving

MODES = ("ldaps", "ldap+starttls")
OLD = pytest.mark.filterwarnings("ignore:.*TLSv1.*deprecated:DeprecationWarning")
PASSWORD = Secret("correct-horse-battery")


def cause_of(directories, settings, host=HOST, **options):
    """Why a connection for a bind was not opened."""
    with pytest.raises(DirectoryTrouble) as caught:
        directories.open(settings, host, agreed=True, **options)
    return caught.value.cause


@pytest.fixture
def showing(tmp_path):
    """A server with a certificate."""

    def serve(shown, mode="ldaps"):
        return serving(directory(None, shown.context(tmp_path), ldaps=mode == "ldaps"))

    return serve


# --- certificates ---


@pytest.mark.parametrize("mode", MODES)
def test_a_good_certificate_is_shown_with_its_chain_and_code_0(
    mode, authority, showing, directories, realm
):
    shown = authority.issue(HOST)
    with showing(shown, mode) as server:
        found = directories.handshake(realm(server.port, mode), HOST)
    assert (found.code, found.reason) == (0, "ok")
    assert found.chain == (shown.der,)
    assert (found.protocol, found.address) == ("TLSv1.3", "127.0.0.1")
    assert found.cipher


@pytest.mark.parametrize("mode", MODES)
def test_exactly_pve_s_version_is_used_for_a_bind(mode, authority, showing, directories, realm):
    with showing(authority.issue(HOST), mode) as server:
        settings = realm(server.port, mode)
        assert directories.handshake(settings, HOST, version="tlsv1_2").protocol == "TLSv1.2"
        opened = directories.open(settings, HOST)
        opened.bind("cn=svc", PASSWORD)
        opened.close()
    assert b"cn=svc" in server.received


@pytest.fixture
def bad(authority, showing):
    """A certificate of a kind, OpenSSL's code (None: it depends), our cause; who shows it."""
    return lambda kind: (*_certificates(authority)[kind], showing)


def _certificates(authority: Authority):
    other = Authority("Somebody else")
    middle = Authority("Middle CA", authority)
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505
    client = (ExtendedKeyUsageOID.CLIENT_AUTH,)
    return {
        "untrusted": (other.issue(HOST), 20, Cause.CERT_UNTRUSTED),
        "same name, other key": (Authority().issue(HOST), None, Cause.CERT_UNTRUSTED),
        "self-signed": (self_signed(HOST), 18, Cause.CERT_SELF_SIGNED),
        "untrusted root sent": (
            other.issue(HOST, chain=other.pem), 19, Cause.CERT_UNTRUSTED
        ),
        "incomplete": (middle.issue(HOST), 20, Cause.CERT_UNTRUSTED),
        "expired": (authority.issue(HOST, days=(-90, -1)), 10, Cause.CERT_EXPIRED),
        "not yet": (authority.issue(HOST, days=(1, 90)), 9, Cause.CERT_NOT_YET),
        "other name": (authority.issue("dc1.example.com"), 62, Cause.CERT_OTHER_NAME),
        "weak": (authority.issue(HOST, key=weak), 66, Cause.CERT_WEAK),
        "no server": (
            authority.issue(HOST, purposes=client), 26, Cause.CERT_NOT_FOR_SERVERS
        ),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "mode"), [(kind, mode) for kind in _certificates(Authority()) for mode in MODES]
)
def test_a_bad_certificate_is_a_code_in_a_handshake_and_its_cause_before_a_bind(
    kind, mode, bad, directories, realm
):
    """R20: no octet of a bind before the verdict."""
    shown, code, cause, showing = bad(kind)
    with showing(shown, mode) as server:
        settings = realm(server.port, mode)
        found = directories.handshake(settings, HOST)
        assert found.code == code or (code is None and found.code in (7, 20))
        assert found.reason
        assert found.chain[0] == shown.der
        assert cause_of(directories, settings) is cause
    assert set(server.operations()) <= {0x77, 0x42}
    assert PASSWORD.reveal().encode() not in server.received


def test_an_intermediate_that_the_server_sends_completes_the_chain(
    authority, showing, directories, realm
):
    middle = Authority("Middle CA", authority)
    shown = middle.issue(HOST, chain=middle.pem)
    with showing(shown) as server:
        found = directories.handshake(realm(server.port), HOST)
    assert found.code == 0
    assert len(found.chain) == 2


def test_an_intermediate_that_is_trusted_itself_ends_a_chain_as_in_pve(
    authority, tmp_path, directories, realm, showing
):
    middle = Authority("Middle CA", authority)
    trusted = tmp_path / "middle.pem"
    trusted.write_bytes(middle.pem)
    with showing(middle.issue(HOST)) as server:
        assert directories.handshake(realm(server.port, capath=str(trusted)), HOST).code == 0


def test_a_ca_without_key_usage_is_good_enough_on_every_python(
    tmp_path, directories, realm, showing
):
    """Python 3.13 would refuse it by itself; PVE takes it."""
    old = Authority("Old CA", usage=False)
    trusted = tmp_path / "old.pem"
    trusted.write_bytes(old.pem)
    with showing(old.issue(HOST)) as server:
        assert directories.handshake(realm(server.port, capath=str(trusted)), HOST).code == 0


@pytest.mark.parametrize("mode", MODES)
def test_an_address_is_looked_for_among_the_addresses(mode, authority, showing, directories, realm):
    with showing(authority.issue(HOST, "127.0.0.1"), mode) as server:
        settings = realm(server.port, mode)
        assert directories.handshake(settings, "127.0.0.1").code == 0
        assert directories.handshake(settings, "127.0.0.2").code == 64
        assert cause_of(directories, settings, "127.0.0.2") is Cause.CERT_OTHER_ADDRESS


def test_the_common_name_counts_as_it_does_for_pve(authority, showing, directories, realm):
    """Python's own check would refuse this certificate."""
    with showing(authority.issue(common_name=HOST.upper())) as server:
        settings = realm(server.port)
        assert directories.handshake(settings, HOST).code == 0
        directories.open(settings, HOST).close()


# --- CAs ---


@pytest.mark.parametrize("mode", MODES)
def test_a_ca_file_that_is_missing_or_none_is_told_before_anybody_is_asked(
    mode, tmp_path, directories, realm
):
    (tmp_path / "text.pem").write_text("not a certificate")
    (tmp_path / "empty").mkdir()
    with serving(directory()) as server:
        for name, cause in (
            ("gone.pem", Cause.CA_MISSING),
            ("ca.pem/below", Cause.CA_MISSING),
            ("text.pem", Cause.CA_UNREADABLE),
            ("empty", Cause.CA_UNREADABLE),
        ):
            settings = realm(server.port, mode, capath=str(tmp_path / name))
            assert cause_of(directories, settings) is cause
            with pytest.raises(DirectoryTrouble) as caught:
                directories.handshake(settings, HOST)
            assert caught.value.cause is cause
    assert server.connections == 0


def test_a_folder_of_cas_is_read_by_its_hashes(authority, tmp_path, directories, realm, showing):
    folder = tmp_path / "cas"
    folder.mkdir()
    (folder / "ca.pem").write_bytes(authority.pem)
    named = ["openssl", "x509", "-hash", "-noout", "-in", str(folder / "ca.pem")]
    hashed = subprocess.run(named, capture_output=True, check=True, text=True).stdout.strip()
    (folder / f"{hashed}.0").symlink_to("ca.pem")
    with showing(authority.issue(HOST)) as server:
        assert directories.handshake(realm(server.port, capath=str(folder)), HOST).code == 0


@pytest.fixture
def steered(ca_file, monkeypatch):
    """Somebody's environment names our authority."""
    monkeypatch.setenv("SSL_CERT_FILE", str(ca_file))


@pytest.mark.usefixtures("steered")
def test_without_ca_path_the_system_s_store_counts_whatever_the_environment_says(
    authority, tmp_path, realm, showing
):
    store = tmp_path / "store"
    store.mkdir()
    (store / "00000000.0").write_bytes(Authority("Nobody").pem)
    own = LdapDirectories(HereNetwork(store), seconds=5.0)
    with showing(authority.issue(HOST)) as server:
        assert own.handshake(realm(server.port, capath=""), HOST).code == 20


# --- versions ---


@pytest.mark.parametrize("mode", MODES)
def test_a_server_with_another_version_only_is_told_from_one_without_tls(
    mode, authority, tmp_path, directories, realm
):
    context = authority.issue(HOST).context(tmp_path)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    with serving(directory(None, context, ldaps=mode == "ldaps")) as server:
        settings = realm(server.port, mode)
        assert directories.handshake(settings, HOST).code == 0
        with pytest.raises(DirectoryTrouble) as caught:
            directories.handshake(settings, HOST, version="tlsv1_2")
        assert caught.value.cause is Cause.OTHER_TLS_VERSION
        assert caught.value.facts == {"knows": "TLSv1.3", "wanted": "TLSv1.2"}
        assert cause_of(directories, settings) is Cause.OTHER_TLS_VERSION
        newer = realm(server.port, mode, version="tlsv1_3")
        directories.open(newer, HOST).close()


@OLD
def test_a_server_that_knows_old_tls_only_is_told_and_no_realm_reaches_it(
    authority, tmp_path, directories, realm
):
    """Net::LDAP fails there, too: Debian's OpenSSL allows no SHA-1 in handshakes."""
    context = authority.issue(HOST).context(tmp_path)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with serving(directory(None, context, ldaps=True)) as server:
        with pytest.raises(DirectoryTrouble) as caught:
            directories.handshake(realm(server.port), HOST)
        assert caught.value.cause is Cause.OTHER_TLS_VERSION
        assert caught.value.facts["knows"] == "TLSv1.1"
        old = realm(server.port, version="tlsv1_1")
        assert cause_of(directories, old) is Cause.NO_COMMON_TLS


@OLD
def test_a_realm_with_an_old_version_is_told_what_the_server_knows(
    authority, showing, directories, realm
):
    with showing(authority.issue(HOST)) as server, pytest.raises(DirectoryTrouble) as caught:
        directories.open(realm(server.port, version="tlsv1_1"), HOST)
    assert caught.value.cause is Cause.OTHER_TLS_VERSION
    assert caught.value.facts == {"knows": "TLSv1.3", "wanted": "TLSv1.1"}


def test_a_server_whose_ciphers_nobody_has_is_told(authority, tmp_path, directories, realm):
    context = authority.issue(HOST).context(tmp_path)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ADH-AES128-SHA256:@SECLEVEL=0")
    with serving(directory(None, context, ldaps=True)) as server:
        assert cause_of(directories, realm(server.port)) is Cause.NO_COMMON_TLS


def test_a_server_without_forward_secrecy_is_reached_as_pve_reaches_it(
    authority, tmp_path, directories, realm
):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    context = authority.issue(HOST, key=key).context(tmp_path)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("AES128-GCM-SHA256")
    with serving(directory(None, context, ldaps=True)) as server:
        directories.open(realm(server.port), HOST).close()


def test_a_server_that_ends_the_handshake_of_another_version_without_a_word(
    authority, tmp_path, directories, realm
):
    """As Windows does."""
    context = authority.issue(HOST).context(tmp_path)
    context.minimum_version = ssl.TLSVersion.TLSv1_3

    def serve(line, server):
        hello = line.socket.recv(65536, 2)  # MSG_PEEK
        if b"\x00\x2b" in hello and b"\x03\x04" in hello:
            line.secure(context)
            line.asked()

    with serving(serve) as server:
        assert cause_of(directories, realm(server.port)) is Cause.OTHER_TLS_VERSION


# --- the wrong port, the wrong server ---


def test_ldaps_at_a_port_in_the_clear(directories, realm):
    with serving(directory()) as server:
        settings = realm(server.port, "ldaps")
        assert cause_of(directories, settings) is Cause.NO_TLS
        with pytest.raises(DirectoryTrouble) as caught:
            directories.handshake(settings, HOST)
        assert caught.value.cause is Cause.NO_TLS


def test_ldaps_at_a_port_in_the_clear_that_stays_silent_at_it(realm):
    impatient = LdapDirectories(HereNetwork(), seconds=0.5)

    def serve(line, server):
        if line.socket.recv(1, 2) == b"\x16":  # MSG_PEEK
            server.over.wait()
        else:
            directory()(line, server)

    with serving(serve) as server:
        assert cause_of(impatient, realm(server.port)) is Cause.NO_TLS


def test_starttls_at_a_port_with_tls_from_the_start(authority, showing, directories, realm):
    with showing(authority.issue(HOST)) as server:
        settings = realm(server.port, "ldap+starttls")
        assert cause_of(directories, settings) is Cause.TLS_WANTED


def test_in_the_clear_at_a_port_with_tls_from_the_start(authority, showing, directories, realm):
    with showing(authority.issue(HOST)) as server:
        opened = directories.open(realm(server.port, "ldap"), HOST, agreed=True)
        with pytest.raises(DirectoryTrouble) as caught:
            opened.root()
        opened.close()
    assert caught.value.cause is Cause.TLS_WANTED


def test_starttls_that_is_not_offered_says_so_in_the_server_s_words(directories, realm):
    """R20: never falls back to the clear."""
    with serving(directory()) as server:
        settings = realm(server.port, "ldap+starttls")
        with pytest.raises(DirectoryTrouble) as caught:
            directories.starttls(settings, HOST)
        assert caught.value.cause is Cause.STARTTLS_NOT_OFFERED
        assert caught.value.original == "unsupported extended operation"
        assert cause_of(directories, settings) is Cause.STARTTLS_NOT_OFFERED
    assert set(server.operations()) == {0x77}


def test_starttls_that_is_granted_says_nothing(authority, showing, directories, realm):
    with showing(authority.issue(HOST), "ldap+starttls") as server:
        directories.starttls(realm(server.port, "ldap+starttls"), HOST)


@pytest.mark.parametrize(
    "said",
    [
        ber(0x61, result(0)),  # a bind's
        ber(0x78, b"\x0a\x01"),
        ber(0x78, ber(0x0A, b"\0" * 9), ber(4), ber(4)),
        ber(0x04, b"text"),
    ],
)
def test_another_answer_to_starttls_is_no_ldap(said, directories, realm):
    with serving(directory(start_tls=said)) as server:
        settings = realm(server.port, "ldap+starttls")
        assert cause_of(directories, settings) is Cause.NOT_LDAP


def test_what_comes_in_the_clear_behind_the_answer_to_starttls_is_never_read_as_if_in_tls(
    directories, realm
):
    """R20: somebody between could put answers there (as CVE-2011-0411)."""

    def serve(line, server):
        asked = line.asked()
        granted = ber(0x30, ber(2, bytes([asked.identity])), ber(0x78, result(0)))
        line.send(granted + ber(0x30, ber(2, b"\x02"), ber(0x61, result(0))))
        server.over.wait()

    with serving(serve) as server:
        settings = realm(server.port, "ldap+starttls")
        assert cause_of(directories, settings) is Cause.NOT_LDAP


def test_a_web_server_is_no_directory(directories, realm):
    def serve(line, server):
        line.socket.recv(4096)
        line.send(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")

    with serving(serve) as server:
        assert cause_of(directories, realm(server.port, "ldap+starttls")) is Cause.NOT_LDAP
        assert cause_of(directories, realm(server.port, "ldaps")) is Cause.NO_TLS


def test_a_server_that_hangs_up_at_once(directories, realm):
    with serving(lambda line, server: None) as server:
        for mode in MODES:
            assert cause_of(directories, realm(server.port, mode)) is Cause.BROKEN_OFF


@pytest.mark.parametrize("verify", [True, False])
def test_a_server_that_resets_every_connection(verify, directories, realm):
    def serve(line, server):
        line.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with serving(serve) as server:
        for mode in MODES * 5:
            settings = realm(server.port, mode, verify=verify)
            assert cause_of(directories, settings) is Cause.BROKEN_OFF


def test_a_server_that_has_hung_up_already_is_reached_at_no_address(realm):
    class Gone(HereNetwork):
        def connect(self, host, port, seconds):
            return socket.socket()

    assert LdapDirectories(Gone()).reach(realm(1), HOST) == ""


def test_a_connection_that_was_reset_before_tls_is_never_taken_for_one_with_tls():
    """R20: Python itself returns a TLS socket there, which writes in the clear."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    theirs.close()
    lone = socket.socket()  # never connected: what Python finds after a reset
    for plain in (ours, lone):
        context = contexts.context_for("")
        contexts.not_verifying(context)
        with pytest.raises(tls.BrokenOff):
            tls.shaken(plain, context, HOST, 1.0)


def test_a_server_that_says_nothing(realm):
    impatient = LdapDirectories(HereNetwork(), seconds=0.3)
    with serving(lambda line, server: server.over.wait() and None) as server:
        for mode in MODES:
            assert cause_of(impatient, realm(server.port, mode)) is Cause.SILENT


# --- client certificates ---


@pytest.fixture
def insisting(authority, ca_file, tmp_path):
    """A server with TLS that lets in whoever our authority signed."""
    context = authority.issue(HOST).context(tmp_path)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(ca_file)
    return directory(None, context, ldaps=True)


def _own(authority, folder):
    """A node's certificate and key, by the options of a realm."""
    own = folder / "own"
    own.mkdir()
    client = (ExtendedKeyUsageOID.CLIENT_AUTH,)
    cert, key = authority.issue(common_name="pve1", purposes=client).files(own)
    return {"cert": str(cert), "certkey": str(key)}


@pytest.mark.parametrize("version", ["tlsv1_2", "tlsv1_3"])
def test_a_server_that_insists_on_a_client_certificate(version, insisting, directories, realm):
    with serving(insisting) as server:
        settings = realm(server.port, version=version)
        with pytest.raises(DirectoryTrouble) as caught:  # TLS 1.3 tells only after the handshake
            directories.open(settings, HOST).bind_nobody()
    assert caught.value.cause is Cause.CLIENT_CERT_WANTED


def test_a_client_certificate_is_shown(insisting, authority, tmp_path, directories, realm):
    with serving(insisting) as server:
        opened = directories.open(realm(server.port, **_own(authority, tmp_path)), HOST)
        opened.bind_nobody()
        opened.close()


def test_a_client_certificate_that_the_server_does_not_know(
    insisting, tmp_path, directories, realm
):
    with serving(insisting) as server:
        settings = realm(server.port, **_own(Authority("Somebody else"), tmp_path))
        assert cause_of(directories, settings) is Cause.CLIENT_CERT_WANTED


@pytest.fixture
def stranger(authority, ca_file, tmp_path):
    """`shown`, `context`: of a server that nobody trusts, which would take our `own`."""
    shown = Authority("Somebody else").issue(HOST)
    context = shown.context(tmp_path)
    context.load_verify_locations(ca_file)
    return SimpleNamespace(shown=shown, context=context, own=_own(authority, tmp_path))


@pytest.mark.parametrize("version", ["tlsv1_2", "tlsv1_3"])
def test_a_server_that_is_not_trusted_does_not_get_the_client_certificate(
    version, stranger, directories, realm
):
    """The second handshake, which only looks at what the server shows, shows it nothing."""
    stranger.context.verify_mode = ssl.CERT_OPTIONAL
    got = queue.SimpleQueue()

    def serve(line, server):
        line.secure(stranger.context)  # ends here in the first one, which verifies
        got.put(line.socket.getpeercert(binary_form=True))

    with serving(serve) as server:
        found = directories.handshake(realm(server.port, **stranger.own), HOST, version=version)
        assert got.get(timeout=10) is None
    assert found.code != 0
    assert found.chain == (stranger.shown.der,)
    assert server.connections == 2


@pytest.mark.parametrize("version", ["tlsv1_2", "tlsv1_3"])
def test_the_verdict_stays_where_such_a_server_insists_on_it(version, stranger, directories, realm):
    """With TLS 1.2 there is nothing to look at then."""
    stranger.context.verify_mode = ssl.CERT_REQUIRED
    with serving(directory(None, stranger.context, ldaps=True)) as server:
        found = directories.handshake(realm(server.port, **stranger.own), HOST, version=version)
    assert verifycodes.cause_of(found.code) is Cause.CERT_UNTRUSTED
    assert found.chain == (() if version == "tlsv1_2" else (stranger.shown.der,))


def test_a_client_certificate_that_cannot_be_read(authority, tmp_path, directories, realm):
    cert, key = authority.issue(common_name="pve1").files(tmp_path)
    locked = tmp_path / "locked.key"
    encrypt = ["openssl", "pkcs8", "-topk8", "-in", str(key), "-out", str(locked)]
    subprocess.run([*encrypt, "-passout", "pass:x1y2"], check=True, capture_output=True)
    with serving(directory()) as server:
        for pair in (
            (str(tmp_path / "gone.pem"), str(key)),
            (str(cert), ""),
            ("", str(key)),
            (str(key), str(cert)),
            (str(cert), str(locked)),
            ("/dev/zero", str(key)),
        ):
            settings = realm(server.port, cert=pair[0], certkey=pair[1])
            assert cause_of(directories, settings) is Cause.CLIENT_CERT_UNREADABLE
    assert server.connections == 0


# --- what somebody has to agree to ---


def test_nothing_is_opened_in_the_clear_or_unverified_unless_somebody_agreed(
    authority, showing, directories, realm
):
    """R20: plain LDAP or verify-off needs a typed yes."""
    with showing(self_signed("elsewhere"), "ldap+starttls") as server:
        for mode, verify, cause in (
            ("ldap", True, Cause.IN_CLEAR),
            ("ldap", False, Cause.IN_CLEAR),
            ("ldap+starttls", False, Cause.NOT_VERIFIED),
        ):
            settings = realm(server.port, mode, verify=verify)
            with pytest.raises(DirectoryTrouble) as caught:
                directories.open(settings, HOST)
            assert caught.value.cause is cause
        assert server.connections == 0
        unverified = realm(server.port, "ldap+starttls", verify=False)
        opened = directories.open(unverified, HOST, agreed=True)
        opened.bind("cn=svc", PASSWORD)
        opened.close()
        assert directories.handshake(unverified, HOST).code == 18
    assert server.operations().count(0x60) == 1


def test_an_agreement_does_not_turn_a_check_off_that_the_realm_has(showing, directories, realm):
    """R20"""
    with showing(self_signed(HOST)) as server:
        assert cause_of(directories, realm(server.port)) is Cause.CERT_SELF_SIGNED
    assert not server.received
