"""Every cause in words, and a whole test as text at any width."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.directory.causes import Cause
from pve_auth_tui.core.directory.settings import DirectorySettings, settings_of
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.plain import cells
from pve_auth_tui.core.realmtest.advice import SAID
from pve_auth_tui.core.realmtest.report import NOT_REACHED, Check, Fact, RealmTest, Stage
from pve_auth_tui.core.realmtest.short import SHORT
from pve_auth_tui.core.realmtest.words import (
    advice,
    as_json,
    report_text,
    stage_title,
    summary,
)

ONE, TWO = "dc01.example.com", "dc02.example.com"
OPTIONS = {
    "server1": ONE, "server2": TWO, "mode": "ldap+starttls", "verify": "1",
    "domain": "example.com", "base_dn": "DC=example,DC=com",
    "bind_dn": "CN=proxmox_auth,OU=Service,DC=example,DC=com",
}  # fmt: skip


def corp(kind: str = "ad", **changed: str) -> DirectorySettings:
    return settings_of(Realm("corp", kind, {**OPTIONS, **changed}))


def of(check: Check, *others: Check, settings: DirectorySettings | None = None) -> RealmTest:
    return RealmTest(settings or corp(), (check, *others), 0.7)


WELL = tuple(
    Check(stage, server, "ok")
    for stage in Stage
    if stage is not Stage.LOGIN
    for server in (ONE, TWO)
)


def beside(check: Check, settings: DirectorySettings | None = None) -> RealmTest:
    """All else is well."""
    place = (check.stage, check.server)
    others = (one for one in WELL if (one.stage, one.server) != place)
    return of(check, *others, settings=settings)


@pytest.mark.parametrize("cause", Cause)
@pytest.mark.parametrize("facts", [(), (Fact("Is for", "a{b}"), Fact("Skipped", "{x}"))])
def test_every_cause_has_words(cause: Cause, facts: tuple[Fact, ...]) -> None:
    for stage in (Stage.CERTIFICATE, Stage.BIND, Stage.USERS, Stage.LOGIN):
        for word in ("BAD", "LOOK", "-"):
            check = Check(stage, TWO, word, SHORT[cause], None, (cause,), facts)  # type: ignore[arg-type]
            told = advice(check, beside(check))
            assert told.what.endswith((".", "!")), told.what
            assert "{" not in told.what.replace("{b}", "").replace("{x}", "")
            assert all(fix.text for fix in told.fixes)
            assert told.now or word != "BAD" or stage is Stage.LOGIN


def test_an_unknown_person_is_told_how_pve_names_people() -> None:
    at = {
        stage: Check(stage, ONE, "BAD", "no such account", None, (Cause.UNKNOWN_ACCOUNT,))
        for stage in (Stage.BIND, Stage.LOGIN)
    }
    fixes = {stage: advice(check, beside(check)).fixes[0].text for stage, check in at.items()}
    assert fixes == {
        Stage.BIND: "correct the name: a DN, or name@domain at AD",
        Stage.LOGIN: "type the name as it is written before the @ of a PVE user",
    }


def test_a_realm_without_a_bind_user_is_not_read_as_nobody() -> None:
    """`lets nobody in` would say the opposite."""
    settings = corp(bind_dn="")
    bound = Check(Stage.BIND, ONE, "ok")
    assert advice(bound, beside(bound, settings)).what == f"{ONE} lets anonymous readers in."
    check = Check(Stage.BASE, ONE, "BAD", "not allowed", None, (Cause.NOT_ALLOWED,))
    assert advice(check, beside(check, settings)).what == (
        "anonymous readers may not read what PVE asks for."
    )


def test_every_cause_has_a_way_out() -> None:
    for cause in Cause:
        checks = (
            Check(stage, ONE, "BAD", "", None, (cause,), (Fact("Offered", "STARTTLS"),))
            for stage in (Stage.STARTTLS, Stage.CERTIFICATE)
        )
        assert any(advice(check, beside(check)).fixes for check in checks), cause


def test_no_two_causes_share_a_sentence() -> None:
    told: dict[str, Cause] = {}
    for cause in Cause:
        check = Check(Stage.BIND, ONE, "LOOK", "", None, (cause,))
        what = advice(check, of(check)).what
        assert told.setdefault(what, cause) is cause, what
    assert set(SAID) == set(SHORT) == set(Cause)


@pytest.mark.parametrize("cause", Cause)
def test_what_stands_in_the_table_is_short(cause: Cause) -> None:
    assert 0 < len(SHORT[cause]) <= 16


# --- what it means ------------------------------------------------------------------------------


def now(stage: Stage, server: str, settings: DirectorySettings, *bad: Stage) -> str:
    check = Check(stage, server, "BAD", "", None, (Cause.SILENT,))
    other = TWO if server == ONE else ONE
    wrong = {(one, other) for one in bad} | {(stage, server)}
    rest = [one for one in WELL if (one.stage, one.server) not in wrong]
    also = [Check(one, other, "BAD") for one in bad]
    return advice(check, of(check, *rest, *also, settings=settings)).now


def test_a_first_server_that_is_not_there_costs_time_alone() -> None:
    assert now(Stage.PORT, ONE, corp()) == (
        f"PVE goes on to {TWO}, after up to 10 s at every login and every sync."
    )


def test_after_a_starttls_that_failed_pve_asks_no_other_server() -> None:
    told = now(Stage.CERTIFICATE, ONE, corp())
    assert told.startswith(f"PVE asks {TWO} only when it cannot connect to the first server.")
    assert "Nobody of corp can log in" in told
    assert "goes on to" in now(Stage.CERTIFICATE, ONE, corp(mode="ldaps"))


def test_a_fallback_that_is_no_help_is_told_when_it_is_needed() -> None:
    assert now(Stage.PORT, TWO, corp()).startswith(f"Nothing fails while {ONE} answers.")
    assert now(Stage.PORT, TWO, corp(), Stage.PORT).startswith(f"{ONE} is no help either. Nobody")


def test_an_ad_login_needs_no_bind_user_and_an_ldap_login_does() -> None:
    assert now(Stage.BIND, ONE, corp()).startswith("Logins go on")
    plain = corp("ldap", user_attr="uid", server2="")
    assert now(Stage.BIND, ONE, plain).startswith("Nobody of corp can log in")


def test_reading_users_is_for_syncs_alone() -> None:
    assert now(Stage.USERS, ONE, corp()) == "Logins do not need this; every sync fails."


# --- titles and the summary -----------------------------------------------------------------------


def test_the_stages_are_called_as_in_the_drawing() -> None:
    assert [stage_title(stage, corp()) for stage in Stage] == [
        "Address", "Port 389", "STARTTLS offered", "Certificate", "TLS 1.2 only, as PVE",
        "Bind as proxmox_auth", "Base DC=example,DC=com", "Users, PVE's own filter",
        "Groups and members", "Names PVE would skip", "Try one person's login",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "stage", "title"),
    [
        ({"mode": "ldaps"}, Stage.STARTTLS, "TLS answers"),
        ({"mode": "ldaps"}, Stage.PORT, "Port 636"),
        ({"sslversion": "tlsv1_3"}, Stage.VERSION, "TLS 1.3 only, as PVE"),
        ({"bind_dn": ""}, Stage.BIND, "Bind as nobody"),
        ({"bind_dn": "svc@example.com"}, Stage.BIND, "Bind as svc"),
        ({"bind_dn": "", "cert": "/c", "certkey": "/k"}, Stage.BIND, "Client certificate, no bind"),
        ({"base_dn": ""}, Stage.BASE, "Base of the server's own"),
    ],
)
def test_a_title_follows_the_realm(changed: dict[str, str], stage: Stage, title: str) -> None:
    assert stage_title(stage, corp(**changed)) == title


def as_drawn() -> RealmTest:
    order = list(Stage)
    first = [Check(stage, ONE, "ok") for stage in order[:8]]
    first += [
        Check(Stage.GROUPS, ONE, "LOOK", "44, 3 bad", 0.08, (Cause.GROUPS_SKIPPED,)),
        Check(Stage.NAMES, ONE, "LOOK", "4", None, (Cause.NAMES_SKIPPED,)),
    ]
    facts = (Fact("Is for", "dc2.example.com"), Fact("Same server", "dc2.example.com"),
             Fact("Verify code", "62: Hostname mismatch"))  # fmt: skip
    second = [Check(stage, TWO, "ok") for stage in order[:3]]
    second.append(
        Check(Stage.CERTIFICATE, TWO, "BAD", "other name", 0.004, (Cause.CERT_OTHER_NAME,), facts)
    )
    second += [Check(stage, TWO, "-", NOT_REACHED) for stage in order[4:10]]
    checks = sorted((*first, *second), key=lambda one: order.index(one.stage))
    return RealmTest(corp(), tuple(checks), 0.7, saved=False)


def test_the_summary_counts_as_in_the_drawing() -> None:
    assert summary(as_drawn()) == (
        "20 checks: 11 ok, 2 to look at, 1 bad, 6 not reached. 0.7 s. Nothing changed."
    )


def test_the_advice_is_that_of_the_drawing() -> None:
    test = as_drawn()
    told = advice(test.at(Stage.CERTIFICATE, TWO), test)
    assert told.what == f"It is for dc2.example.com. The realm asks for {TWO}: 62."
    assert told.now == (
        f"Nothing fails while {ONE} answers. When it is down, nobody of corp can log in, and PVE "
        'only says "authentication failure".'
    )
    assert [fix.text for fix in told.fixes] == [
        "use dc2.example.com as fallback server (same address, checked just now)",
        f"a certificate with the name {TWO} in its SAN (directory team)",
    ]
    assert dict(told.fixes[0].options) == {"server2": "dc2.example.com"}


# --- as text and as JSON --------------------------------------------------------------------------


@pytest.mark.parametrize("width", [20, 40, 79, 80, 132, 200])
def test_no_line_is_wider_than_it_may_be(width: int) -> None:
    lines = report_text(as_drawn(), width).splitlines()
    assert max(map(cells, lines)) <= width
    assert any("certificate-other-name" in "".join(lines[at : at + 2]) for at in range(len(lines)))


def test_side_by_side_both_servers_stand_in_one_line() -> None:
    text = report_text(as_drawn(), 80)
    (line,) = (line for line in text.splitlines() if line.startswith(" 4 Certificate"))
    assert "ok" in line
    assert "BAD   other name" in line
    assert "not saved yet" in text


def test_without_a_width_nothing_is_cut_or_wrapped() -> None:
    text = report_text(as_drawn(), None)
    assert f"{TWO} (fallback)" in text
    assert "nobody of corp can log in, and PVE only says" in text


@given(st.text(max_size=40), st.integers(16, 100))
def test_what_a_server_says_is_shown_as_plain_text(said: str, width: int) -> None:
    facts = (Fact(said, said), Fact("Is for", said), Fact("Skipped", said))
    check = Check(Stage.USERS, ONE, "BAD", said, 1.0, (Cause.NAMES_SKIPPED,), facts, said)
    text = report_text(of(check), width)
    assert all(line.isprintable() for line in text.splitlines())
    assert all(cells(line) <= width for line in text.splitlines())


def test_as_json_everything_is_there_by_name() -> None:
    value = json.loads(json.dumps(as_json(as_drawn())))
    assert (value["realm"], value["saved"], len(value["checks"])) == ("corp", False, 20)
    (bad,) = (check for check in value["checks"] if check["state"] == "BAD")
    assert (bad["stage"], bad["server"], bad["causes"]) == (
        "certificate", TWO, ["certificate-other-name"],
    )  # fmt: skip
    assert bad["fixes"][0]["options"] == {"server2": "dc2.example.com"}
