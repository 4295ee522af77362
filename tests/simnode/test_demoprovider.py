"""The OpenID provider of the demo, asked over HTTPS by Python's own client."""

import json
import ssl
from http.client import HTTPSConnection
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from pve_auth_tui.core.errors import ApiError
from tests.simnode.ldapclient import context
from tests.simnode.outsides import Rack

HOST = "login.microsoftonline.com"
TENANT = "00000000-1111-4222-8333-444444444444"
ISSUER = f"https://{HOST}/{TENANT}/v2.0"
CLIENT = "00000000-aaaa-4bbb-8ccc-dddddddddddd"
SECRET = "not-a-real-client-secret"
REDIRECT = "https://pve1.example.com:8006"
DISCOVERY = f"/{TENANT}/v2.0/.well-known/openid-configuration"


@pytest.fixture
def rack():
    return Rack()


class Browser:
    """One connection, kept open."""

    def __init__(self, rack):
        plain = rack.network.connect(HOST, 443, 10.0)
        self.http = HTTPSConnection(HOST)
        self.http.sock = context(rack.network).wrap_socket(plain, server_hostname=HOST)

    def ask(self, target, form=None, **headers):
        method = "GET" if form is None else "POST"
        self.http.request(method, target, urlencode(form) if form is not None else None, headers)
        self.reply = self.http.getresponse()
        body = self.reply.read()
        kind = self.reply.headers.get_content_type()
        return self.reply.status, json.loads(body) if kind == "application/json" else body.decode()


@pytest.fixture
def browser(rack):
    found = Browser(rack)
    yield found
    found.http.close()


def authorize(**query):
    usual = {
        "client_id": CLIENT,
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "scope": "openid email profile",
        "state": "x",
    }
    return f"/{TENANT}/oauth2/v2.0/authorize?{urlencode({**usual, **query})}"


def token(browser, **form):
    usual = {
        "grant_type": "authorization_code",
        "client_id": CLIENT,
        "client_secret": SECRET,
        "code": "made-up",
        "redirect_uri": REDIRECT,
    }
    status, answer = browser.ask(f"/{TENANT}/oauth2/v2.0/token", {**usual, **form})
    return status, answer["error"]


def test_it_calls_itself_by_the_issuer_of_the_realm_and_says_that_it_is_simulated(browser):
    status, found = browser.ask(DISCOVERY)
    assert (status, found["issuer"]) == (200, ISSUER)
    assert "simulated" in found["simulated"]
    assert "simulated" in browser.reply.headers["Server"]
    for name, url in found.items():
        if name.endswith(("_endpoint", "_uri")):
            assert url.startswith(f"https://{HOST}/"), name


def test_its_clock_is_the_demo_s(browser):
    browser.ask(DISCOVERY)
    assert browser.reply.headers["Date"] == "Sat, 21 Nov 2026 22:41:00 GMT"


def test_its_keys_fit_the_algorithm_that_it_names(browser):
    _, found = browser.ask(DISCOVERY)
    _, keys = browser.ask(urlsplit(found["jwks_uri"]).path)
    (key,) = keys["keys"]
    assert (key["kty"], key["alg"]) == ("RSA", "RS256")
    assert found["id_token_signing_alg_values_supported"] == ["RS256"]
    assert len(key["n"]) == 342  # 2048 bits in base64


def test_a_browser_would_get_a_login_page(browser):
    status, page = browser.ask(authorize())
    assert status == 200
    assert "Sign in to your account" in page
    assert "simulated" in page


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"redirect_uri": f"{REDIRECT}/"}, "AADSTS50011"),
        ({"redirect_uri": "https://pve3.example.com:8006"}, "AADSTS50011"),
        ({"client_id": "another"}, "AADSTS700016"),
        ({"scope": "email"}, "AADSTS900144"),
        ({"response_type": "token"}, "AADSTS900144"),
    ],
)
def test_a_login_that_is_not_registered_like_this_gets_a_page_that_says_so(browser, query, code):
    assert code in browser.ask(authorize(**query))[1]


@pytest.mark.parametrize(
    ("form", "answer"),
    [
        ({}, (400, "invalid_grant")),
        ({"client_secret": "wrong"}, (401, "invalid_client")),
        ({"client_secret": ""}, (401, "invalid_client")),
        ({"client_id": "another"}, (401, "unauthorized_client")),
        ({"grant_type": "password"}, (400, "unsupported_grant_type")),
    ],
)
def test_a_right_secret_ends_at_the_code_a_wrong_one_before(browser, form, answer):
    assert token(browser, **form) == answer


def test_a_secret_may_come_in_the_header(browser):
    from base64 import b64encode

    for secret, error in [(SECRET, "invalid_grant"), ("wrong", "invalid_client")]:
        login = b64encode(f"{CLIENT}:{secret}".encode()).decode()
        form = {"grant_type": "authorization_code", "code": "x"}
        path = f"/{TENANT}/oauth2/v2.0/token"
        _, answer = browser.ask(path, form, Authorization=f"Basic {login}")
        assert answer["error"] == error


def test_nobody_is_known_and_other_tenants_are_not(browser):
    assert browser.ask("/oidc/userinfo")[0] == 401
    assert browser.ask(f"/{'0' * 8}{DISCOVERY}")[0] == 400
    assert browser.ask(f"/{TENANT}/nothing")[0] == 404


@pytest.mark.parametrize(
    ("fault", "look"),
    [
        ("unavailable", lambda status, found: status == 503),
        ("not json", lambda status, found: "<html>" in found),
        ("other issuer", lambda status, found: found["issuer"] == f"{ISSUER}/"),
        ("plain issuer", lambda status, found: found["issuer"].startswith("http://")),
        ("sends away", lambda status, found: status == 302),
    ],
)
def test_what_can_be_wrong_with_its_document(rack, browser, fault, look):
    rack.outside.faults[HOST].add(fault)
    assert look(*browser.ask(DISCOVERY))


def test_what_can_be_wrong_with_its_keys_its_secret_and_its_clock(rack, browser):
    faults = rack.outside.faults[HOST]
    faults |= {"no keys", "secret expired", "redirect unknown", "provider clock wrong"}
    assert browser.ask(f"/{TENANT}/discovery/v2.0/keys")[1] == {"keys": []}
    assert token(browser) == (401, "invalid_client")
    assert "AADSTS50011" in browser.ask(authorize())[1]
    assert browser.reply.headers["Date"] == "Sat, 21 Nov 2026 22:51:00 GMT"
    faults.clear()
    faults.add("other keys")
    assert browser.ask(f"/{TENANT}/discovery/v2.0/keys")[1]["keys"][0]["kty"] == "EC"


def test_a_form_without_an_end_is_refused(browser):
    browser.http.putrequest("POST", f"/{TENANT}/oauth2/v2.0/token")
    browser.http.putheader("Content-Length", "9" * 12)
    browser.http.endheaders()
    assert browser.http.getresponse().status == 411


def test_the_node_makes_an_address_for_the_browser_from_it(rack):
    wanted = {"realm": "entra", "redirect-url": REDIRECT}
    url = urlsplit(rack.node.answer("POST", "/access/openid/auth-url", wanted))
    assert (
        f"{url.scheme}://{url.netloc}{url.path}" == f"https://{HOST}/{TENANT}/oauth2/v2.0/authorize"
    )
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert (query["client_id"], query["redirect_uri"]) == (CLIENT, REDIRECT)
    assert query["code_challenge_method"] == "S256"
    status, page = Browser(rack).ask(f"{url.path}?{url.query}")
    assert (status, "Sign in to your account" in page) == (200, True)


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("unavailable", "Server returned invalid response: HTTP status code 503"),
        ("expired certificate", "certificate has expired"),
        ("other issuer", "unexpected issuer URI"),
        ("not json", "Failed to parse server response"),
    ],
)
def test_a_provider_that_is_broken_gives_the_node_s_own_error(rack, fault, text):
    rack.outside.faults[HOST].add(fault)
    wanted = {"realm": "entra", "redirect-url": REDIRECT}
    with pytest.raises(ApiError, match=text):
        rack.node.answer("POST", "/access/openid/auth-url", wanted)


def test_it_shows_its_own_certificate_alone(rack):
    plain = rack.network.connect(HOST, 443, 10.0)
    with plain, pytest.raises(ssl.SSLCertVerificationError):
        context(rack.network).wrap_socket(plain, server_hostname="graph.microsoft.com")
