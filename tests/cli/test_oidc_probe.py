"""`oidc-probe` on the command line: probes, presets, pasted claims, a login tried."""

import json
import os
import pty
import re
import select
import sys
import threading
from dataclasses import replace

import pytest

from pve_auth_tui.actions.pasting import pasted
from pve_auth_tui.arguments import FINDINGS, OK, USAGE
from pve_auth_tui.core.errors import LoginRefused, Refused, Unreadable, UsageError
from pve_auth_tui.core.openid.causes import Cause, OpenIdTrouble
from pve_auth_tui.core.openid.discovery import WELL_KNOWN
from pve_auth_tui.services.nodenames import NodeNames
from pve_auth_tui.services.openid import OpenIdService
from tests.cli.desk import Desk, Person, Pipe
from tests.core.openids import ISSUER, REDIRECT, answer, document
from tests.core.test_openid_claims import token, userinfo
from tests.services.test_openid import CODE, DOCUMENT, LINE, Pve, ScriptedWeb, usual_url
from tests.services.workbench import Bench

SECRET = "the-clients-own-secret"
REALM = (
    f"openid: idp\n\tissuer-url {ISSUER}\n\tclient-id proxmox\n\tclient-key {SECRET}\n"
    "\tusername-claim preferred_username\n\tautocreate 1\n"
)
TYPED = ("--issuer-url", ISSUER, "--client-id", "proxmox")


@pytest.fixture
def pve():
    return Pve(login={"username": "ann@idp", "ticket": "PVE:THETICKET"})


@pytest.fixture
def web():
    return ScriptedWeb()


@pytest.fixture
def desk(monkeypatch, web, pve):
    bench = Bench(domains=REALM)
    bench.node.disk.write("etc/hosts", b"192.0.2.21 pve1.example.com pve1\n")
    desk = Desk(bench, monkeypatch)
    names = NodeNames(lambda: bench.node.tree, lambda pem: (), lambda: "")
    probing = OpenIdService(web, lambda: pve, bench.clock)
    desk.workshop = replace(desk.workshop, names=names, openid=probing)
    return desk


def checks(ran):
    return {one["stage"]: one for one in ran.value["checks"]}


# --- a probe -------------------------------------------------------------------------------


def test_a_realm_is_probed_as_pve_has_it(desk, pve):
    ran = desk.run("oidc-probe", "idp")
    assert ran.code == OK, ran.out
    assert f"OpenID realm idp: {ISSUER}" in ran.out
    assert re.search(r"^ 5 Issuer, as text +ok +the same text$", ran.out, re.MULTILINE)
    assert ran.out.splitlines()[-1].startswith("13 checks: 12 ok, 1 not decided.")
    assert pve.calls == [("auth-url", {"realm": "idp", "redirect-url": REDIRECT}, {})]
    assert SECRET not in ran.out


def test_json_holds_every_stage(desk, web):
    slash = document(f"{ISSUER}/")
    web.says["document"] = answer(slash, url=DOCUMENT, line=LINE)
    ran = desk.run("oidc-probe", "idp", "--json")
    assert ran.code == FINDINGS
    found = checks(ran)["issuer"]
    assert found["causes"] == ["issuer-slash-missing"]
    assert found["fixes"][0]["options"] == {"issuer-url": f"{ISSUER}/"}
    assert ran.err == ""


def test_what_is_only_typed_is_probed_without_pve(desk, pve):
    ran = desk.run("oidc-probe", *TYPED, "--username-claim", "email", "--json")
    assert checks(ran)["pve"]["text"] == "not saved yet"
    assert pve.calls == []
    other = desk.run("oidc-probe", "idp", "--client-id", "other", "--json")
    assert other.value["client_id"] == "other"
    assert checks(other)["pve"]["text"] == "not saved yet"


def test_the_redirect_uri_is_the_nodes_or_as_typed(desk):
    assert desk.run("oidc-probe", "idp", "--json").value["redirect_url"] == REDIRECT
    vip = desk.run("oidc-probe", "idp", "--address", "vip.example.com:443", "--json")
    assert vip.value["redirect_url"] == "https://vip.example.com"
    typed = desk.run("oidc-probe", "idp", "--redirect-url", "https://x/", "--json")
    assert typed.value["redirect_url"] == "https://x/"


def test_the_realms_own_secret_is_tried_when_that_is_asked_for(desk, web):
    """R23: once, and only with --ask-secret."""
    ran = desk.run("oidc-probe", "idp", "--ask-secret", "--json")
    assert checks(ran)["secret"]["word"] == "ok"
    ((_, _, _, basic),) = web.posted
    assert basic[1].reveal() == SECRET
    assert SECRET not in ran.out + ran.err


def test_the_stored_secret_does_not_go_to_an_issuer_that_somebody_typed(desk, web, monkeypatch):
    """It is asked for there; who cannot be asked gives it on standard input."""
    other = "https://sso.example.net"

    def nobody(question):
        raise UsageError("There is no terminal to ask on.", "Give it: --password-stdin < FILE")

    monkeypatch.setattr("pve_auth_tui.asking._asked", nobody)
    web.says["document"] = answer(document(other), url=f"{other}/{WELL_KNOWN}", line=LINE)
    elsewhere = ("oidc-probe", "idp", "--issuer-url", other, "--ask-secret")
    assert desk.run(*elsewhere).code == USAGE
    assert web.posted == []
    desk.run(*elsewhere, "--password-stdin", stdin=Pipe("typed"))
    ((url, _, _, basic),) = web.posted
    assert url.startswith(other)
    assert basic[1].reveal() == "typed"


def test_another_path_of_the_same_issuer_has_the_stored_secret(desk, web):
    """A slash more or less is what a probe itself proposes."""
    desk.run("oidc-probe", "idp", "--issuer-url", f"{ISSUER}/", "--ask-secret")
    ((_, _, _, basic),) = web.posted
    assert basic[1].reveal() == SECRET


def test_another_secret_comes_from_standard_input(desk, web):
    desk.run("oidc-probe", "idp", "--ask-secret", "--password-stdin", stdin=Pipe("typed"))
    assert web.posted[0][3][1].reveal() == "typed"


def test_an_issuer_without_tls_is_asked_only_after_a_yes(desk, web):
    """R21"""
    issuer = "http://idp.example.com"
    web.says["document"] = OpenIdTrouble(Cause.NOT_HTTPS, "no")
    words = ("oidc-probe", "--issuer-url", issuer, "--client-id", "x", "--json")
    assert desk.run(*words).code == FINDINGS
    assert {agreed for _, agreed, _, _ in web.asked} == {False}
    web.asked.clear()
    desk.run(*words, stdin=Person("no"))
    desk.run(*words, stdin=Person("yes"))
    desk.run(*words, "--without-tls")
    assert [agreed for _, agreed, _, _ in web.asked] == [False, True, True]


@pytest.mark.parametrize("words", [(), ("nowhere",), ("pam",)])
def test_what_is_no_openid_realm_is_refused(desk, words):
    assert isinstance(desk.run("oidc-probe", *words).error, UsageError)


# --- presets -------------------------------------------------------------------------------


def test_the_presets_are_listed(desk):
    ran = desk.run("oidc-probe", "--presets")
    assert len(ran.out.splitlines()) == 12
    assert {one["name"] for one in desk.run("oidc-probe", "--presets", "--json").value} >= {
        "entra", "authentik", "kanidm", "keycloak", "authelia", "zitadel", "pocket-id",
        "google", "okta", "adfs", "generic",
    }  # fmt: skip


def test_a_preset_prints_its_steps_with_the_exact_redirect_uris(desk):
    words = ("oidc-probe", "kc", "--preset", "keycloak", "--address", "vip.example.com:443")
    more = ("--answer", "host=sso.example.com", "--answer", "name=lab")
    ran = desk.run(*words, *more)
    assert ran.code == OK
    lines = [line.strip() for line in ran.out.splitlines()]
    assert REDIRECT in lines
    assert "https://vip.example.com" in lines
    assert "issuer-url        https://sso.example.com/realms/lab" in lines
    assert any("ops-kc" in line for line in lines)
    value = desk.run(*words, *more, "--json").value
    assert value["redirect_uris"] == [REDIRECT, "https://vip.example.com"]
    assert value["options"]["groups-claim"] == "groups"


def test_what_a_preset_misses_is_told_by_its_option(desk):
    ran = desk.run("oidc-probe", "--preset", "keycloak")
    assert "--answer host=" in ran.error.hint


@pytest.mark.parametrize("other", [("--login",), ("--claims", "-")])
def test_the_secret_is_tried_by_a_probe_alone(desk, other):
    ran = desk.run("oidc-probe", "idp", "--ask-secret", *other)
    assert ran.code == USAGE
    assert "--ask-secret" in str(ran.error)


@pytest.mark.parametrize(
    "words", [("--preset", "none"), ("--preset", "entra"), ("--preset", "entra", "--answer", "x")]
)
def test_a_preset_that_is_not_answered_says_what_is_missing(desk, words):
    assert isinstance(desk.run("oidc-probe", *words).error, UsageError)


# --- claims --------------------------------------------------------------------------------


def test_claims_are_read_from_a_file_or_pasted(desk, tmp_path):
    file = tmp_path / "claims.json"
    file.write_text(userinfo(groups=["ops"]).reveal())
    groups = ("--groups-claim", "groups")
    ran = desk.run("oidc-probe", "idp", "--claims", str(file), *groups)
    assert ran.out.splitlines()[0] == "User ID  ann@idp"
    assert "ann@example.com" not in ran.out, "values of claims are nobody's business"
    assert "ops-idp" in ran.out
    ran = desk.run("oidc-probe", "idp", "--claims", "-", "--json", stdin=Pipe(token().reveal()))
    assert (ran.value["userid"], ran.value["verified"]) == ("ann@idp", False)
    assert token().reveal()[:40] not in ran.out + ran.err


def test_a_paste_that_is_none_is_refused(desk, tmp_path):
    ran = desk.run("oidc-probe", "idp", "--claims", "-", stdin=Pipe("no token"))
    assert isinstance(ran.error, OpenIdTrouble)
    assert isinstance(desk.run("oidc-probe", "idp", "--claims", "-").error, UsageError)
    gone = desk.run("oidc-probe", "idp", "--claims", str(tmp_path / "gone"))
    assert isinstance(gone.error, Unreadable)
    assert isinstance(desk.run("oidc-probe", "idp", "--claims", str(tmp_path)).error, Unreadable)


# --- a login -------------------------------------------------------------------------------


def test_a_login_is_told_of_before_and_after(desk, pve):
    pve.says["auth-url"] = usual_url()
    back = f"{REDIRECT}/?code={CODE}&state=STATE"
    ran = desk.run("oidc-probe", "idp", "--login", stdin=Person(back))
    assert ran.code == OK
    assert "makes the user" in ran.err
    assert usual_url() in ran.out
    assert "ann@idp logged in" in ran.out
    assert CODE not in ran.out + ran.err
    assert "THETICKET" not in ran.out + ran.err


def test_the_url_of_a_login_with_json_stands_on_standard_error(desk):
    ran = desk.run(
        "oidc-probe", "idp", "--login", "--json",
        stdin=Person(f"{REDIRECT}/?code={CODE}&state=STATE"),
    )  # fmt: skip
    assert json.loads(ran.out)["userid"] == "ann@idp"
    assert usual_url() in ran.err


def test_a_login_that_pve_refuses_is_an_error(desk, pve):
    pve.says["login"] = LoginRefused("no")
    ran = desk.run("oidc-probe", "idp", "--login", stdin=Person(f"?code={CODE}&state=STATE"))
    assert isinstance(ran.error, LoginRefused)


def test_no_login_is_tried_read_only_or_with_what_is_only_typed(desk, pve):
    assert isinstance(desk.run("oidc-probe", "idp", "--login", "--read-only").error, Refused)
    assert isinstance(desk.run("oidc-probe", *TYPED, "--login").error, UsageError)
    assert pve.calls == []


def test_a_terminal_takes_a_paste_of_eight_kibibytes_and_echoes_none_of_it(monkeypatch):
    """A terminal's own line ends at 4,096 characters."""
    ours, theirs = pty.openpty()
    text = "x" * 8192

    class Screen:
        """Somebody pastes as soon as the question stands there."""

        def write(self, shown):
            if "Paste" in shown:
                threading.Thread(target=os.write, args=(ours, f"{text}\n".encode())).start()

        def flush(self):
            """Nothing is held back."""

    with os.fdopen(theirs) as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        monkeypatch.setattr(sys, "stderr", Screen())
        assert pasted("Paste: ").reveal() == text
    os.set_blocking(ours, False)
    try:
        echoed = os.read(ours, 100)
    except OSError:
        echoed = b""
    os.close(ours)
    assert b"x" not in echoed


def test_what_is_pasted_behind_the_lines_end_is_left_to_no_shell(monkeypatch):
    """R22: a second line would stand in the shell's history."""
    ours, theirs = pty.openpty()

    class Screen:
        def write(self, shown):
            if "Paste" in shown:
                os.write(ours, b"?code=one\n" + b"rest of the code\n" * 400)

        def flush(self):
            """Nothing is held back."""

    with os.fdopen(theirs) as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        monkeypatch.setattr(sys, "stderr", Screen())
        assert pasted("Paste: ").reveal() == "?code=one"
        assert not select.select([terminal], [], [], 0)[0]
    os.close(ours)
