"""A YubiKey's one-time codes: what one looks like, where PVE can check them, and the plan."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pve_auth_tui.core import yubico
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.errors import AuthTuiError, Refused, UsageError
from pve_auth_tui.core.intents.yubico import add_yubico, described_problem
from pve_auth_tui.core.plan import ApiCall
from pve_auth_tui.core.planning import make_plan
from pve_auth_tui.core.secret import Secret
from tests.core.pictures import CORP, ENTRA, NOW, PAM, factor, factors, picture

OTP = "cccjgjgkhcbbirdrfdnlnghhfgrtnnlgedjlftrbdeut"
WITH = Realm("pve", "pve", {"tfa": "type=yubico,id=1,key=a2V5"})
GOLDEN = Path(__file__).parent.parent / "conformance/golden/api/13-tfa.json"


def made(*lines, realms=(PAM, WITH, CORP, ENTRA), tfa=()):
    return picture("user:ann@pve:1:0:::::", "user:bob@pve:1:0:::::", *lines, realms=realms, tfa=tfa)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (OTP, ""),
        (f" {OTP}\n", ""),
        ("", "Touch the YubiKey"),
        (OTP[:-1], "these are 43"),
        (OTP * 2, "these are 88, which are two codes"),
        (OTP.upper(), "Caps Lock"),
        (OTP.replace("c", "a"), "another layout"),
        ("123456", "another layout"),
    ],
)
def test_a_code_is_looked_at_before_anybody_is_asked(typed, said):
    problem = yubico.otp_problem(Secret(typed))
    assert problem == "" if not said else said in problem
    assert typed.strip() == "" or typed.strip() not in problem


def test_the_first_twelve_letters_name_the_key():
    assert yubico.public_id(Secret(OTP)) == "cccjgjgkhcbb"


@pytest.mark.parametrize(
    ("tfa", "said"),
    [
        ("type=yubico,id=1,key=a2V5", ""),
        ("type=yubico", "lack the API ID or the API key"),
        ("type=oath", "has no Yubico settings"),
        ("", "has no Yubico settings"),
        ("nonsense=1", "has no Yubico settings"),
    ],
)
def test_a_realm_without_yubico_settings_says_so(tfa, said):
    shown = made(realms=(PAM, Realm("pve", "pve", {"tfa": tfa} if tfa else {})))
    problem = yubico.why_no_yubico(shown, "ann@pve")
    assert problem == "" if not said else said in problem


def test_an_openid_realm_has_none_whatever_stands_there():
    openid = Realm("entra", "openid", {"tfa": "type=yubico,id=1,key=k"})
    assert "no Yubico settings" in yubico.why_no_yubico(made(realms=(PAM, openid)), "a@entra")


def test_the_plan_is_one_call_and_the_code_is_secret():
    plan = make_plan(add_yubico("ann@pve", " blue ", Secret(f"{OTP}\n")), made(), now=NOW)
    (step,) = plan.steps
    assert isinstance(step, ApiCall)
    assert (step.method, step.path) == ("POST", ("access", "tfa", "ann@pve"))
    assert step.params == {"type": "yubico", "description": "blue"}
    assert step.secrets == {"value": Secret(OTP)}
    assert plan.title == "add Yubico OTP blue for ann@pve"
    assert OTP not in repr(plan)
    (entry,) = plan.after.tfa.value.users["ann@pve"].entries
    assert (entry.type, entry.data) == ("yubico", OTP[:12])


@pytest.mark.parametrize(
    ("userid", "said"), [("ann@pve", "of the same user already: old"), ("bob@pve", "of ann@pve")]
)
def test_a_key_that_is_in_an_entry_already_is_said(userid, said):
    old = replace(factor("yubico", "old"), data=OTP[:12])
    shown = made(tfa=[factors("ann@pve", old)])
    plan = make_plan(add_yubico(userid, "new", Secret(OTP)), shown, now=NOW)
    assert any(said in each.text for each in plan.findings if each.word == "LOOK")


@pytest.mark.parametrize(
    ("userid", "description", "otp", "kind", "said"),
    [
        ("ann@pve", "", OTP, UsageError, "wants a description"),
        ("ann@pve", "x" * 256, OTP, UsageError, "at most 255"),
        ("ann@pve", OTP, OTP, UsageError, "belongs into the field below"),
        ("ann@pve", "blue", OTP[1:], UsageError, "these are 43"),
        ("gone@pve", "blue", OTP, UsageError, "no user gone@pve"),
        ("root@pam", "blue", OTP, Refused, "Realm pam has no Yubico settings"),
    ],
)
def test_what_pve_would_refuse_is_not_planned(userid, description, otp, kind, said):
    with pytest.raises(kind) as caught:
        make_plan(add_yubico(userid, description, Secret(otp)), made(), now=NOW)
    assert said in str(caught.value)
    assert OTP not in f"{caught.value} {caught.value.hint}"


def test_a_code_in_the_wrong_field_is_recognised_and_not_repeated():
    assert "belongs into the field below" in described_problem(f" {OTP} ")
    assert OTP not in described_problem(OTP)
    assert described_problem("blue YubiKey") == ""


def test_what_pve_refused_in_the_recordings_is_refused_here():
    asked = [
        each
        for each in json.loads(GOLDEN.read_text())["calls"]
        if (each.get("params") or {}).get("type") == "yubico"
    ]
    assert asked
    for each in asked:
        userid = each["path"].rpartition("/")[2]
        params = each["params"]
        intent = add_yubico(userid, params["description"], Secret(params["value"]))
        plain = picture(f"user:{userid}:1:0:::::")
        assert each["status"] == 500
        with pytest.raises(AuthTuiError):
            make_plan(intent, plain, now=NOW)
