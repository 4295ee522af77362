"""OpenID on the simulated node, against an issuer's real https server on this machine."""

import json
import ssl
from base64 import urlsafe_b64decode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.conformance.certificates import Authority
from tests.simnode.small import NOW, refusal, small_node

STATE = "var/lib/pve-manager/proxmox-openid-auth-state-idp"
STORE = "etc/ssl/certs/ca-certificates.crt"
SELF = {"realm": "idp", "redirect-url": "https://pve1.example.com:8006"}
REALM = "openid: idp\n\tclient-id pve\n\tissuer-url {}\n\tscopes email groups\n\tprompt login\n"


class Issuer(BaseHTTPRequestHandler):
    def do_GET(self):
        reply = self.server.replies.get(self.path)
        self.send_response(200 if reply else 302)
        self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(reply or b"")

    def log_message(self, *args):
        pass


@pytest.fixture
def server(tmp_path):
    """An issuer called idp.example.com on a port of its own; `authority` signed for it."""
    authority = Authority("Test CA")
    for name, data in zip(("cert", "key"), authority.certificate(["idp.example.com"]), strict=True):
        (tmp_path / name).write_bytes(data)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert", tmp_path / "key")
    with ThreadingHTTPServer(("127.0.0.1", 0), Issuer) as found:
        found.socket = context.wrap_socket(found.socket, server_side=True)
        found.handle_error = lambda *args: None
        found.authority = authority
        found.issuer = f"https://idp.example.com:{found.server_port}/o/pve/"
        found.replies = {}
        found.well_known = "/o/pve/.well-known/openid-configuration"
        tell(found)
        Thread(target=found.serve_forever, args=(0.01,), daemon=True).start()
        yield found
        found.shutdown()


def tell(server, **changes):
    document = {
        "issuer": server.issuer,
        "authorization_endpoint": "https://idp.example.com/authorize",
        **changes,
    }
    server.replies[server.well_known] = json.dumps(document).encode()


@pytest.fixture
def node(server):
    node = small_node(domains=REALM.format(server.issuer))
    node.disk.write("etc/hosts", b"127.0.0.1 idp.example.com\n")
    node.disk.write(STORE, server.authority.pem)
    return node


def refused(node, params=None):
    code, text, _ = refusal(node, "POST", "/access/openid/auth-url", params or SELF)
    assert code == 500
    return text


def test_the_address_has_all_that_the_issuer_needs(node):
    url = urlsplit(node.answer("POST", "/access/openid/auth-url", SELF))
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert f"{url.scheme}://{url.netloc}{url.path}" == "https://idp.example.com/authorize"
    state = json.loads(urlsafe_b64decode(query.pop("state") + "=="))
    assert state["realm"] == "idp"
    assert len(query.pop("code_challenge")) == 43
    assert query.pop("nonce")
    assert query == {
        "response_type": "code",
        "client_id": "pve",
        "code_challenge_method": "S256",
        "redirect_uri": SELF["redirect-url"],
        "scope": "openid email groups",
        "prompt": "login",
    }
    [pending] = json.loads(node.disk.read(STATE))
    assert (pending["csrf_token"], pending["ctime"]) == (state["csrf_token"], NOW)


def test_who_is_long_on_the_way_is_forgotten(node):
    node.disk.write(STATE, json.dumps([{"ctime": NOW - 601}, {"ctime": NOW - 599}]).encode())
    node.answer("POST", "/access/openid/auth-url", SELF)
    assert [one["ctime"] for one in json.loads(node.disk.read(STATE))] == [NOW - 599, NOW]


def test_an_issuer_that_calls_itself_otherwise_is_refused(node, server):
    tell(server, issuer=server.issuer.rstrip("/"))
    assert refused(node).startswith("Validation error: unexpected issuer URI `")


def test_a_certificate_that_nobody_vouches_for_is_refused(node):
    node.disk.write(STORE, Authority("Another").pem)
    assert "certificate verify failed" in refused(node)


def test_a_certificate_for_another_name_is_refused(node, server):
    other = server.issuer.replace("idp.example.com", "localhost")
    node.disk.write("etc/pve/domains.cfg", REALM.format(other).encode())
    assert "certificate verify failed" in refused(node)


def test_redirects_are_not_followed(node, server):
    server.replies.clear()
    assert refused(node) == "Server returned invalid response: HTTP status code 302\n"


def test_what_is_no_document_is_refused(node, server):
    server.replies[server.well_known] = b"<html>"
    assert refused(node) == "Failed to parse server response\n"


def test_a_node_without_name_servers_asks_nobody(node):
    node.disk.remove("etc/hosts")
    assert refused(node) == "Request failed: Temporary failure in name resolution\n"


@pytest.mark.parametrize("issuer", ["http://idp.example.com", "not a url", "https://[x"])
def test_only_https_addresses_are_asked(issuer):
    assert refused(small_node(domains=REALM.format(issuer))).startswith("Request failed: ")


def test_other_realms_have_no_such_address():
    node = small_node()
    assert refused(node, {**SELF, "realm": "pam"}) == "wrong realm type (pam != openid)\n"
    assert refused(node) == "authentication domain 'idp' does not exist\n"


def test_a_login_is_refused_and_the_journal_says_why():
    node = small_node()
    params = {"state": "s", "code": "c", "redirect-url": "https://pve1"}
    assert refusal(node, "POST", "/access/openid/login", params)[:2] == (
        401,
        "authentication failure\n",
    )
    assert "openid authentication failure" in node.journal[-1]
