"""Every cause in words, a report that repeats no secret, JSON that stays."""

import json

import pytest

from pve_auth_tui.core.openid.advice import advice_for
from pve_auth_tui.core.openid.causes import Cause
from pve_auth_tui.core.openid.report import Check, Fact, OpenIdTest, Stage
from pve_auth_tui.core.openid.words import (
    advice,
    as_json,
    report_text,
    stage_title,
    summary,
    worst,
)
from pve_auth_tui.core.schema import REALM_OPTIONS
from pve_auth_tui.core.secret import Secret
from tests.core.openids import ISSUER, NOW, REDIRECT, settings

SECRET = Secret("the client's own secret")


def report(*checks, **changes):
    return OpenIdTest(settings(secret=SECRET, **changes), REDIRECT, checks, 0.71)


@pytest.mark.parametrize("cause", Cause, ids=lambda cause: cause.value)
def test_every_cause_says_what_it_is_and_what_to_do(cause):
    check = Check(Stage.DISCOVERY, "BAD", "x", causes=(cause,))
    found = advice_for(cause, check, report(check))
    assert found.what.endswith((".", ":", ": ", ":."))
    assert "{" not in "".join([found.what, found.now, *(fix.text for fix in found.fixes)])
    assert all(set(fix.options) <= set(REALM_OPTIONS["openid"]) for fix in found.fixes)


def test_there_are_enough_of_them_and_their_names_are_their_own():
    assert len(Cause) >= 25
    assert len({cause.value for cause in Cause}) == len(Cause)


def test_names_in_facts_are_never_looked_at_again():
    check = Check(
        Stage.ISSUER, "BAD", "another", causes=(Cause.ISSUER_OTHER,),
        facts=(Fact("The provider says", "https://{issuer}/{redirect}"),),
    )  # fmt: skip
    assert "https://{issuer}/{redirect}" in advice(check, report(check)).what


@pytest.mark.parametrize(
    ("cause", "heading", "fact", "options"),
    [
        (Cause.SLASH_MISSING, "The provider says", f"{ISSUER}/", {"issuer-url": f"{ISSUER}/"}),
        (Cause.SCOPES_NOT_ANNOUNCED, "Scopes not announced", "email", {"scopes": "profile"}),
        (Cause.NO_USERINFO, "userinfo_endpoint", "missing", {"query-userinfo": "0"}),
    ],
)
def test_a_fix_knows_the_options_that_it_changes(cause, heading, fact, options):
    check = Check(Stage.ISSUER, "BAD", causes=(cause,), facts=(Fact(heading, fact),))
    assert advice(check, report(check)).fixes[0].options == options


def test_the_documents_address_becomes_the_issuer():
    issuer = f"{ISSUER}/.well-known/openid-configuration"
    check = Check(Stage.ADDRESS, "BAD", causes=(Cause.ISSUER_IS_DOCUMENT,))
    first, second, *_ = advice(check, report(check, issuer=issuer)).fixes
    assert first.options == {"issuer-url": ISSUER}
    assert second.options == {"issuer-url": f"{ISSUER}/"}


def test_a_summary_counts_every_stage():
    checks = (
        Check(Stage.ADDRESS, "ok"),
        Check(Stage.TLS, "LOOK", causes=(Cause.CERT_ENDS_SOON,)),
        Check(Stage.ISSUER, "BAD", causes=(Cause.SLASH_MISSING,)),
    )
    assert summary(report(*checks)) == (
        "13 checks: 1 ok, 1 to look at, 1 bad, 10 not decided. 0.7 s. Nothing changed."
    )
    assert worst(report(*checks)) == "BAD"
    assert worst(report(*checks[:2])) == "LOOK"
    assert worst(report(*checks[:1])) == "ok"


def test_a_report_is_printable_and_holds_no_secret():
    check = Check(
        Stage.ISSUER, "BAD", "another \x1b[31m", causes=(Cause.ISSUER_OTHER,),
        facts=(Fact("The provider says", "https://\u202eevil\n"),),
    )  # fmt: skip
    text = report_text(report(check), NOW)
    assert SECRET.reveal() not in text
    assert all(line.isprintable() for line in text.splitlines())
    assert "issuer-other" in text
    assert SECRET.reveal() not in repr(report(check))


def test_json_has_a_place_for_every_stage():
    check = Check(Stage.KEYS, "BAD", "no keys", 0.25, (Cause.NO_KEYS,), (Fact("a", "b"),))
    found = json.loads(json.dumps(as_json(report(check))))
    assert [one["stage"] for one in found["checks"]] == [stage.value for stage in Stage]
    keys = found["checks"][list(Stage).index(Stage.KEYS)]
    assert (keys["causes"], keys["facts"], keys["seconds"]) == (["no-keys"], {"a": "b"}, 0.25)
    assert keys["fixes"][0]["text"]
    assert found["worst"] == "BAD"


@pytest.mark.parametrize("stage", Stage)
def test_every_stage_has_a_title_that_fits_its_column(stage):
    assert 0 < len(stage_title(stage, settings())) <= 26
