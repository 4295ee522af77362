"""A probe stage by stage, with a provider that says what the test wants; a login tried."""

import json

import pytest

from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.adapters.journal import MemoryJournal
from pve_auth_tui.core.errors import (
    ApiError,
    AuthTuiError,
    LoginRefused,
    Refused,
    Unreachable,
    Unwritable,
    UsageError,
)
from pve_auth_tui.core.journal import Who
from pve_auth_tui.core.openid.causes import Cause, OpenIdTrouble
from pve_auth_tui.core.openid.client import authorize_url
from pve_auth_tui.core.openid.ports import AT, Line
from pve_auth_tui.core.openid.report import Stage
from pve_auth_tui.core.openid.words import worst
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Datacenter
from pve_auth_tui.services.openid import OpenIdService, proxy_of
from tests.core.openids import ISSUER, NOW, REDIRECT, RSA, answer, document, settings
from tests.core.pictures import part, picture

SECRET = Secret("the client's own secret")
CODE = "SECRETCODE"
TICKET = "PVE:ann@idp:THETICKET"
LINE = Line("192.0.2.10", "TLSv1.3", NOW + 200 * 86400, 0.001, 0.002, 0.003, 0.004)
DOCUMENT = f"{ISSUER}/.well-known/openid-configuration"


class ScriptedWeb:
    """A Web: `says` has answers or troubles by path; what was asked is noted."""

    def __init__(self, found=None, **says):
        found = document() if found is None else found
        date = {"date": "Sat, 21 Nov 2026 12:00:00 GMT"}
        self.says = {
            "document": answer(found, url=DOCUMENT, line=LINE, **date),
            "keys": answer({"keys": [RSA]}),
            "authorize": answer(b"", 303, location="/login"),
            "token": answer({"error": "invalid_grant"}, 400),
            **says,
        }
        self.asked, self.posted = [], []

    def _answer(self, url):
        path = url.partition("?")[0].rpartition("/")[2]
        said = self.says["document" if path == "openid-configuration" else path]
        if isinstance(said, Exception):
            raise said
        return said

    def get(self, url, *, issuer, agreed=False, follow=True, proxy=None):
        assert issuer.startswith(("https:", "http:"))
        self.asked.append((url, agreed, follow, proxy))
        return self._answer(url)

    def post(self, url, form, secrets, *, issuer, basic=None, agreed=False, proxy=None):
        self.posted.append((url, dict(form), dict(secrets), basic))
        return self._answer(url)


class Pve:
    """An Api that knows /access/openid alone. `says`: its answer, or the error, by the call."""

    way, user = "direct", "root@pam"

    def __init__(self, **says):
        self.says = says
        self.calls = []

    def call(self, method, path, params=None, secrets=None, *, seconds=30.0):
        assert (method, path[:2]) == ("POST", ("access", "openid"))
        self.calls.append((path[2], dict(params), dict(secrets or {})))
        said = self.says.get(path[2], usual_url())
        if isinstance(said, Exception):
            raise said
        return said

    def close(self):
        """Nothing is held."""


def usual_url(**changes):
    return authorize_url(
        settings(**changes), document(), REDIRECT, state="STATE", nonce="n", pkce="p"
    )


def service(web=None, api=None):
    return OpenIdService(web or ScriptedWeb(), lambda: api, FixedClock(NOW))


def probed(web=None, api=None, realm=None, **more):
    return service(web, api or Pve()).probe(realm or settings(), redirect=REDIRECT, **more)


def words(found):
    return {stage.value: found.at(stage).word for stage in Stage}


def trouble(cause, **facts):
    return OpenIdTrouble(cause, "no", facts=facts)


# --- a probe -----------------------------------------------------------------------------------


def test_a_provider_that_is_right_is_right_in_every_stage():
    heard = []
    found = probed(on_check=heard.append)
    assert words(found) == {
        **dict.fromkeys((stage.value for stage in Stage), "ok"),
        "secret": "-",
    }
    assert tuple(heard) == found.checks
    assert (found.saved, found.stopped) == (True, False)
    timed = [found.at(stage).seconds for stage in (Stage.ADDRESS, Stage.PORT, Stage.TLS)]
    assert timed == [0.001, 0.002, 0.003]
    assert found.at(Stage.TLS).text == "200 days"


def test_the_document_and_the_login_are_asked_without_following():
    """PVE follows no redirect to the document, and a redirect is the answer of a login."""
    web = ScriptedWeb()
    probed(web)
    follows = {url.partition("?")[0]: follow for url, _, follow, _ in web.asked}
    assert follows == {DOCUMENT: False, f"{ISSUER}/keys": True, f"{ISSUER}/authorize": False}
    assert web.posted == []


@pytest.mark.parametrize(
    ("failed", "stage"),
    [
        (trouble(Cause.NAME_UNKNOWN), Stage.ADDRESS),
        (trouble(Cause.LOCAL_ADDRESS), Stage.ADDRESS),
        (trouble(Cause.REFUSED), Stage.PORT),
        (trouble(Cause.PROXY_REFUSED), Stage.PORT),
        (trouble(Cause.SILENT, **{AT: "port"}), Stage.PORT),
        (trouble(Cause.SILENT, **{AT: "tls"}), Stage.TLS),
        (trouble(Cause.SILENT), Stage.DISCOVERY),
        (trouble(Cause.CERT_OTHER_NAME), Stage.TLS),
        (trouble(Cause.NO_TLS), Stage.TLS),
        (trouble(Cause.NOT_HTTP), Stage.DISCOVERY),
        (trouble(Cause.TOO_LARGE), Stage.DISCOVERY),
    ],
)
def test_what_fails_on_the_way_fails_in_its_stage_and_pve_is_asked_all_the_same(failed, stage):
    found = probed(ScriptedWeb(document=failed))
    assert found.at(stage).causes == (failed.cause,)
    at = list(Stage).index(stage)
    assert [found.at(one).word for one in list(Stage)[:at]] == ["ok"] * at
    rest = [found.at(one).word for one in list(Stage)[at + 1 : -1]]
    assert set(rest) <= {"-"}
    assert found.at(Stage.PVE).word == "ok"


@pytest.mark.parametrize(
    ("changes", "stage", "cause"),
    [
        ({"issuer": f"{ISSUER}/"}, Stage.ISSUER, Cause.SLASH_MISSING),
        ({"jwks_uri": None}, Stage.DISCOVERY, Cause.FIELD_MISSING),
        ({"token_endpoint": None}, Stage.ENDPOINTS, Cause.ENDPOINT_MISSING),
        ({"response_types_supported": ["token"]}, Stage.ENDPOINTS, Cause.NO_CODE_FLOW),
        (
            {"id_token_signing_alg_values_supported": ["HS256"]},
            Stage.KEYS,
            Cause.SHARED_SECRET_ONLY,
        ),
        ({"claims_supported": ["sub"]}, Stage.CLAIMS, Cause.CLAIM_NOT_ANNOUNCED),
        ({"code_challenge_methods_supported": ["plain"]}, Stage.PKCE, Cause.PKCE_NOT_S256),
    ],
)
def test_faults_of_the_document_are_found_in_one_run(changes, stage, cause):
    found = probed(ScriptedWeb(document(**changes)))
    assert cause in found.at(stage).causes
    assert worst(found) in ("LOOK", "BAD")
    assert found.at(Stage.AUTHORIZE).word == "ok", "the rest was asked all the same"


def test_keys_that_cannot_be_fetched_say_why():
    gone = probed(ScriptedWeb(keys=trouble(Cause.NAME_UNKNOWN))).at(Stage.KEYS)
    assert gone.causes == (Cause.KEYS_UNREACHABLE, Cause.NAME_UNKNOWN)
    assert probed(ScriptedWeb(keys=answer(b"", 500))).at(Stage.KEYS).causes == (
        Cause.KEYS_UNREACHABLE,
    )


@pytest.mark.parametrize(
    ("date", "word"),
    [
        ("Sat, 21 Nov 2026 12:00:20 GMT", "ok"),
        ("Sat, 21 Nov 2026 12:01:00 GMT", "LOOK"),
        ("Sat, 21 Nov 2026 14:00:00 GMT", "BAD"),
        ("rubbish", "-"),
        ("", "-"),
        ("Sat, 99 Nov 99999999 12:00:00 GMT", "-"),
    ],
)
def test_the_clock_is_told_by_the_date_of_the_answer(date, word):
    said = answer(document(), url=DOCUMENT, line=LINE, date=date)
    assert probed(ScriptedWeb(document=said)).at(Stage.CLOCK).word == word


def test_a_certificate_that_ends_soon_is_to_be_looked_at():
    soon = answer(document(), url=DOCUMENT, line=LINE._replace(ends=NOW + 3 * 86400))
    check = probed(ScriptedWeb(document=soon)).at(Stage.TLS)
    assert (check.word, check.causes) == ("LOOK", (Cause.CERT_ENDS_SOON,))


def test_an_issuer_without_tls_is_asked_only_as_agreed():
    realm = settings(issuer="http://idp.example.com")
    found = document("http://idp.example.com")
    plain = answer(found, url=DOCUMENT, line=Line("192.0.2.10"))
    web = ScriptedWeb(found, document=plain)
    assert probed(web, realm=realm, agreed=True).at(Stage.TLS).word == "LOOK"
    assert {agreed for _, agreed, _, _ in web.asked} == {True}
    web = ScriptedWeb()
    probed(web, agreed=True)  # a document may not lead from TLS to an address without it
    assert {agreed for _, agreed, _, _ in web.asked} == {False}


def test_the_datacenters_proxy_is_used_for_everything():
    web, proxy = ScriptedWeb(), Secret("http://ann:hidden@proxy:3128")
    probed(web, proxy=proxy)
    assert {id(one) for _, _, _, one in web.asked} == {id(proxy)}


def test_the_proxy_is_the_datacenters_own():
    kept = part(Datacenter({"http_proxy": "http://ann:hidden@proxy:3128"}))
    found = proxy_of(picture(datacenter=kept.value))
    assert found is not None
    assert found.reveal() == "http://ann:hidden@proxy:3128"
    assert proxy_of(picture()) is None


def test_a_login_of_the_proxy_that_is_not_known_is_nobodys_mistake():
    """What PVE itself sees is still asked for."""
    hidden = OpenIdTrouble(Cause.PROXY_LOGIN_HIDDEN, "not shown here")
    found = probed(ScriptedWeb(document=hidden))
    told = {one.stage: one for one in found.checks}
    assert (told[Stage.PORT].word, told[Stage.PORT].text) == ("-", "by a proxy: not asked")
    assert told[Stage.PORT].causes == (Cause.PROXY_LOGIN_HIDDEN,)
    assert "BAD" not in {one.word for one in found.checks}
    assert told[Stage.PVE].word == "ok"


def test_somebody_can_stop_it_after_any_stage():
    heard = []
    found = probed(on_check=heard.append, stopped=lambda: len(heard) == 4)
    assert found.stopped
    assert len(found.checks) == 4
    assert found.at(Stage.PVE).text == "not reached"


# --- the client's secret ---------------------------------------------------------------------


def test_the_secret_is_tried_only_when_it_is_asked_for_and_once():
    """R23: it is a failed login in the provider's log."""
    web = ScriptedWeb()
    assert probed(web, secret=SECRET).at(Stage.SECRET).text == "not asked"
    assert web.posted == []
    assert probed(web, secret=SECRET, ask_secret=True).at(Stage.SECRET).word == "ok"
    ((url, form, secrets, basic),) = web.posted
    assert url == f"{ISSUER}/token"
    assert basic == ("proxmox", SECRET)
    assert secrets == {}
    assert form["code"].startswith("probe-")
    assert form["redirect_uri"] == REDIRECT


def test_the_realms_own_secret_is_tried_where_none_is_given():
    web = ScriptedWeb()
    probed(web, realm=settings(secret=SECRET), ask_secret=True)
    assert web.posted[0][3] == ("proxmox", SECRET)


def test_a_public_client_names_itself_in_the_form():
    web = ScriptedWeb(token=answer({"error": "invalid_client"}, 401))
    found = probed(web, ask_secret=True)
    assert found.at(Stage.SECRET).causes == (Cause.SECRET_MISSING,)
    assert (web.posted[0][1]["client_id"], web.posted[0][3]) == ("proxmox", None)


def test_a_secret_goes_to_another_host_only_where_its_name_was_typed():
    """R21"""
    elsewhere = document(token_endpoint="https://evil.example.org/token")
    web = ScriptedWeb(elsewhere)
    check = probed(web, secret=SECRET, ask_secret=True).at(Stage.SECRET)
    assert (check.word, check.causes) == ("-", (Cause.TOKEN_ELSEWHERE,))
    probed(web, secret=SECRET, ask_secret=True, token_host="other.example.org")
    assert web.posted == []
    probed(web, secret=SECRET, ask_secret=True, token_host=" Evil.example.org ")
    assert len(web.posted) == 1


def test_no_report_holds_the_secret():
    wrong = answer({"error": "invalid_client"}, 401)
    found = probed(ScriptedWeb(token=wrong), secret=SECRET, ask_secret=True)
    assert found.at(Stage.SECRET).causes == (Cause.SECRET_WRONG,)
    assert SECRET.reveal() not in f"{found!r}"


# --- as PVE sees it --------------------------------------------------------------------------


def test_pve_is_asked_for_a_realm_that_is_saved():
    pve = Pve()
    probed(api=pve)
    assert pve.calls == [("auth-url", {"realm": "idp", "redirect-url": REDIRECT}, {})]
    unsaved = probed(api=pve, saved=False)
    assert unsaved.at(Stage.PVE).text == "not saved yet"
    assert len(pve.calls) == 1


def test_what_pve_says_against_it_is_told():
    def cause(said):
        check = probed(api=Pve(**{"auth-url": said})).at(Stage.PVE)
        return check.word, check.causes

    text = "Validation error: unexpected issuer URI `a` (expected `b`)\n"
    assert cause(ApiError(500, text)) == ("BAD", (Cause.PVE_ISSUER,))
    assert cause(usual_url(client_id="old")) == ("LOOK", (Cause.PVE_OTHER_URL,))
    assert cause(Unreachable("Nobody answers.")) == ("-", ())
    assert service().probe(settings(), redirect=REDIRECT).at(Stage.PVE).word == "-"


# --- a login -----------------------------------------------------------------------------------


class Pictures:
    """Before and after."""

    def __init__(self, *lines):
        self.found = [picture("user:ann@idp:1:0::::::", "group:local:ann@idp::"), picture(*lines)]

    def __call__(self):
        return self.found.pop(0)


PASTED = Secret(f"{REDIRECT}/?code={CODE}&state=STATE")


def logged_in(api=None, pasted=PASTED, journal=None, look=None):
    one = service(api=api or Pve(login={"username": "ann@idp", "ticket": TICKET}))
    begun = one.begin_login("idp", REDIRECT)
    journal = journal or MemoryJournal(Who("root"), FixedClock(NOW))
    after = Pictures("user:ann@idp:1:0::::::", "group:ops-idp:ann@idp::")
    return one.finish_login(begun, pasted, journal, look or after), journal


def told_of(journal):
    return json.dumps([str(one) for one in journal.read()])


def test_a_login_says_what_it_wrote_and_keeps_nothing():
    """R22: the code is handed over as a secret, the ticket is dropped."""
    pve = Pve(login={"username": "ann@idp", "ticket": TICKET, "CSRFPreventionToken": "x"})
    found, journal = logged_in(pve)
    assert (found.userid, found.new_user) == ("ann@idp", False)
    assert (found.new_groups, found.joined, found.left) == (("ops-idp",), ("ops-idp",), ("local",))
    called, params, secrets = pve.calls[-1]
    assert (called, params) == ("login", {"state": "STATE", "redirect-url": REDIRECT})
    assert secrets["code"].reveal() == CODE
    assert [one.entry.event for one in journal.read()] == ["begin", "intent", "result", "end"]
    for secret in (CODE, TICKET):
        assert secret not in f"{found!r}{told_of(journal)}"


def test_a_user_that_pve_made_is_told():
    before = [picture(), picture("user:ann@idp:1:0::::::")]
    found, _ = logged_in(look=lambda: before.pop(0))
    assert found.new_user


def test_a_refused_login_is_one_attempt_and_journalled_as_that():
    """R23"""
    pve = Pve(login=ApiError(401, "authentication failure\n"))
    journal = MemoryJournal(Who("root"), FixedClock(NOW))
    with pytest.raises(LoginRefused) as caught:
        logged_in(pve, journal=journal)
    assert "journalctl" in caught.value.hint
    assert [called for called, _, _ in pve.calls] == ["auth-url", "login"]
    assert "failed: LoginRefused" in told_of(journal)
    assert CODE not in f"{caught.value!r}{told_of(journal)}"


def test_what_was_pasted_wrong_is_not_sent_and_not_journalled():
    pve = Pve()
    journal = MemoryJournal(Who("root"), FixedClock(NOW))
    with pytest.raises(OpenIdTrouble) as caught:
        logged_in(pve, Secret(f"{REDIRECT}/?code={CODE}&state=other"), journal)
    assert caught.value.cause is Cause.STATE_OTHER
    assert [called for called, _, _ in pve.calls] == ["auth-url"]
    assert list(journal.read()) == []


def test_where_nothing_records_it_no_login_is_tried():
    """R16"""

    class Full:
        def write(self, entry):
            raise Unwritable("The disk is full.")

    pve = Pve()
    with pytest.raises(Unwritable):
        logged_in(pve, journal=Full())
    assert [called for called, _, _ in pve.calls] == ["auth-url"]


def test_an_answer_that_did_not_come_is_unsure():
    journal = MemoryJournal(Who("root"), FixedClock(NOW))
    with pytest.raises(Unreachable):
        logged_in(Pve(login=Unreachable("Broken off.", unsure=True)), journal=journal)
    assert "unsure: Unreachable" in told_of(journal)


@pytest.mark.parametrize("said", [None, {}, {"username": 5}, []])
def test_an_answer_without_a_user_is_none(said):
    with pytest.raises(LoginRefused):
        logged_in(Pve(login=said))


def test_what_it_wrote_may_stay_unknown():
    before = [picture()]

    def look():
        if not before:
            raise Unreachable("Gone.")
        return before.pop()

    found, _ = logged_in(look=look)
    assert found.userid == "ann@idp"
    assert found.remarks


def test_a_login_is_not_begun_with_what_no_browser_sends():
    with pytest.raises(UsageError):
        service(api=Pve()).begin_login("idp", f"{REDIRECT}/")
    with pytest.raises(Refused):
        service().begin_login("idp", REDIRECT)


def test_a_refusal_that_repeats_the_code_is_told_without_it():
    """R22: nobody knows what a proxy puts into its answer."""
    repeats = ApiError(400, f"got '{CODE}'", {"code": CODE})
    with pytest.raises(AuthTuiError) as caught:
        logged_in(Pve(login=repeats))
    error = caught.value
    assert CODE not in f"{error} {error.hint} {error.original}"
    assert "****" in error.original
