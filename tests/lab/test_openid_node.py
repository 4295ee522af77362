"""A real provider as a node sees it, and what a real token of it comes to."""

from __future__ import annotations

import base64
import hashlib
import http.cookiejar
import json
import re
import ssl
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit
from urllib.request import (
    HTTPCookieProcessor,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    Request,
    build_opener,
)

import pytest

from pve_auth_tui.core.openid.causes import Cause
from pve_auth_tui.core.openid.claims import claimed, read_claims
from pve_auth_tui.core.openid.report import Stage
from pve_auth_tui.core.openid.settings import settings_of
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.services.snapshots import SnapshotService
from pve_auth_tui.simnode.direct import DirectApi
from pve_auth_tui.simnode.network import STORE
from tests.conformance.start import Stage as Node
from tests.lab.adlab import names
from tests.lab.adlab.lab import Lab
from tests.lab.faults.openid import FLAVOURS, HEALTHY, ORIGIN, REDIRECT
from tests.lab.faults.rows import OpenIdFault
from tests.lab.realm_lab import NodeClock, node_in, probed, realm, started


@pytest.fixture
def node(lab: Lab, keys: Mapping[str, bytes]) -> Node:
    started(lab, "slapd")
    return node_in(lab, keys)


def add(node: Node, options: Mapping[str, str]) -> None:
    kept = {name: text for name, text in options.items() if text}
    node.node.answer("POST", "/access/domains", {"realm": "lab", **kept})


def seen_by(lab: Lab, node: Node, options: Mapping[str, str]) -> tuple[str, tuple[Cause, ...]]:
    """What PVE's own stage says."""
    api = DirectApi(node.node, f"{names.NODE}:8006")
    fault = OpenIdFault("", "", Stage.PVE, Cause.PVE_OTHER_URL, options)
    check = probed(lab, fault, api).at(Stage.PVE)
    return check.word, check.causes


@pytest.mark.parametrize("path", FLAVOURS)
def test_the_node_makes_the_same_url(lab: Lab, node: Node, path: str) -> None:
    options = {**FLAVOURS[path], "issuer-url": f"{ORIGIN}{path}"}
    add(node, {**HEALTHY, **options})
    assert seen_by(lab, node, options) == ("ok", ())


def test_the_node_wants_the_slash_as_well(lab: Lab, node: Node) -> None:
    options = {"issuer-url": f"{ORIGIN}/application/o/proxmox"}
    add(node, {**HEALTHY, **options})
    assert seen_by(lab, node, options) == ("BAD", (Cause.PVE_ISSUER,))


def test_a_node_that_does_not_trust_the_ca_says_so(lab: Lab, node: Node) -> None:
    node.disk.write(STORE, lab.pki.other_ca.read_bytes())
    add(node, HEALTHY)
    assert seen_by(lab, node, {}) == ("BAD", (Cause.PVE_CERTIFICATE,))


def test_a_realm_that_pve_does_not_have(lab: Lab, node: Node) -> None:
    assert seen_by(lab, node, {}) == ("BAD", (Cause.PVE_NO_REALM,))


# --- somebody logs in ---


class _Back(Exception):
    """The provider sends the browser back: `url`."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


class _Redirects(HTTPRedirectHandler):
    def redirect_request(  # noqa: PLR0917 (urllib's own signature)
        self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> Request | None:
        if newurl.startswith(REDIRECT):
            raise _Back(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def page(
    browser: OpenerDirector, url: str, form: Mapping[str, str] | None = None
) -> tuple[str, str]:
    """Where it ended, and the page there."""
    data = urlencode(form).encode() if form else None
    with browser.open(url, data, timeout=10) as answer:
        return answer.url, answer.read().decode()


def login_of(issuer: str, who: str, scopes: str) -> tuple[Secret, Secret]:
    """What the token endpoint and the userinfo endpoint answer after a login in a browser of ours,
    with PKCE.
    """
    trust = ssl.create_default_context()
    cookies = HTTPCookieProcessor(http.cookiejar.CookieJar())
    browser = build_opener(HTTPSHandler(context=trust), cookies, _Redirects())
    _, text = page(browser, f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    document = json.loads(text)
    verifier = "v" * 64
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    query = {
        "response_type": "code",
        "client_id": "proxmox",
        "redirect_uri": REDIRECT,
        "scope": f"openid {scopes}",
        "code_challenge": challenge.decode(),
        "code_challenge_method": "S256",
    }
    try:
        url, text = page(browser, f"{document['authorization_endpoint']}?{urlencode(query)}")
        for form in ({"prompt": "login", "login": who, "password": "any"}, {"prompt": "consent"}):
            action = re.search(r'<form[^>]* action="([^"]+)"', text)
            assert action, text
            url, text = page(browser, urljoin(url, action[1]), form)
    except _Back as back:
        code = parse_qs(urlsplit(back.url).query)["code"][0]
    else:
        raise AssertionError(f"no way back from {url}")
    asked = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT,
        "code_verifier": verifier,
        "client_id": "proxmox",
        "client_secret": HEALTHY["client-key"],
    }
    token = page(browser, document["token_endpoint"], asked)[1]
    browser.addheaders = [("Authorization", f"Bearer {json.loads(token)['access_token']}")]
    return Secret(token), Secret(page(browser, document["userinfo_endpoint"])[1])


USERIDS = {
    "": "alice@lab",
    "/realms/lab": "alice@lab",
    "/application/o/proxmox/": "alice@lab",
    "/oauth2/openid/proxmox": "alice@idm.lab.test@lab",
    "/6f0c2a51-0000-4000-8000-00000000aaaa/v2.0": "alice@contoso.test@lab",
}


@pytest.mark.parametrize("path", FLAVOURS)
def test_what_a_real_login_brings_is_read_as_pve_would(lab: Lab, node: Node, path: str) -> None:
    """This provider keeps names out of ID tokens, so PVE needs its userinfo, which is asked for
    unless a realm turns it off.
    """
    issuer = f"{ORIGIN}{path}"
    options = {**HEALTHY, **FLAVOURS[path], "issuer-url": issuer, "autocreate": "1"}
    wanted = settings_of(realm(options))
    answers = lab.inside(lambda: login_of(issuer, "alice", " ".join(wanted.scopes)))
    picture = SnapshotService(node.node.tree, NodeClock(), demo=True).load()
    token, info = (claimed(wanted, read_claims(answer), picture, time.time()) for answer in answers)
    assert (token.source, token.userid) == ("ID token", "")
    assert "missing configured claim 'preferred_username'" in token.refusal
    assert (info.source, info.userid, info.refusal) == ("userinfo", USERIDS[path], "")
    groups = [(one.value, one.fate) for one in info.groups]
    assert groups == ([("ProxmoxAdmins", "missing")] if wanted.groups_claim else [])
