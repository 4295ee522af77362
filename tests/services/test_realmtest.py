"""A realm's test against directories that are scripted: each cause, each stage, each bind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pve_auth_tui.core.directory.causes import Cause
from pve_auth_tui.core.directory.ports import Answer
from pve_auth_tui.core.directory.settings import DirectorySettings, settings_of
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.realmtest.report import NOT_REACHED, Check, RealmTest, Stage
from pve_auth_tui.core.realmtest.words import advice, as_json, report_text, summary
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.services.realmtest import RealmTestService
from tests.services.scripted import NOW, Host, Scripted, entry, good, group, person, trouble
from tests.services.workbench import SteppedClock

ONE, TWO = "dc1.example.com", "dc2.example.com"
PASSWORD = "the bind password"
BIND = "cn=reader,dc=x"
SAFE = {
    "server1": ONE, "base_dn": "dc=x", "bind_dn": BIND, "mode": "ldap+starttls", "verify": "1",
    "sync_attributes": "firstname=givenName,lastname=sn,email=mail", "user_attr": "uid",
}  # fmt: skip


def realm(kind: str = "ldap", **changed: str) -> DirectorySettings:
    options = {**SAFE, **changed}
    if kind == "ad":
        options |= {"domain": "example.com", "user_attr": ""}
    return settings_of(Realm("corp", kind, {k: v for k, v in options.items() if v}))


class House:
    """The service over scripted servers."""

    def __init__(self, **hosts: Host) -> None:
        self.clock = SteppedClock(NOW)
        self.net = Scripted(self._tick, **(hosts or {"dc1_example_com": Host()}))
        self.service = RealmTestService(
            self.net, lambda name: Secret(PASSWORD) if name == "corp" else None, self.clock
        )
        self.heard: list[Check] = []

    def _tick(self) -> None:
        self.clock.at += 0.003

    def run(self, settings: DirectorySettings, **more: Any) -> RealmTest:
        test = self.service.run(settings, on_check=self.heard.append, **more)
        assert self.net.open_now == 0, "a connection was left open"
        assert sorted(map(repr, self.heard)) == sorted(map(repr, test.checks))
        return test

    def login(self, settings: DirectorySettings, name: str = "ann", **more: Any) -> Check:
        check = self.service.try_login(settings, name, Secret("own password"), **more)
        assert self.net.open_now == 0, "a connection was left open"
        return check


def one(
    host: Host, settings: DirectorySettings | None = None, **more: Any
) -> tuple[House, RealmTest]:
    house = House(dc1_example_com=host)
    return house, house.run(settings or realm(), **more)


def words(test: RealmTest, server: str = ONE) -> dict[str, str]:
    return {check.stage.value: check.word for check in test.checks if check.server == server}


# --- all is well --------------------------------------------------------------------------------


def test_a_good_realm_is_ok_from_the_first_stage_to_the_last() -> None:
    house, test = one(Host())
    assert [(check.stage.value, check.word, check.text) for check in test.checks] == [
        ("address", "ok", "192.0.2.10"),
        ("port", "ok", ""),
        ("starttls", "ok", ""),
        ("certificate", "ok", "200 days"),
        ("tls-version", "ok", ""),
        ("bind", "ok", ""),
        ("base", "ok", ""),
        ("users", "ok", "2"),
        ("groups", "ok", "1"),
        ("names", "ok", "none"),
    ]
    assert house.net.binds == [(ONE, BIND, PASSWORD)]
    assert summary(test).startswith("10 checks: 10 ok. 0.0 s.")


def test_every_stage_is_timed_but_the_one_that_only_thinks() -> None:
    _, test = one(Host())
    assert test.at(Stage.ADDRESS, ONE).seconds == pytest.approx(0.003, abs=1e-6)
    assert test.at(Stage.NAMES, ONE).seconds is None
    assert test.seconds > 0


def test_it_is_asked_as_pve_asks() -> None:
    house, _ = one(Host())
    people, groups = (search for search in house.net.searches if search[4])
    assert people[0] == "dc=x"
    assert people[1].startswith("(&(|(uid=*)(enable=*)")
    assert people[3:] == ("SUBTREE", 900)
    assert "givenName" in people[2]
    assert groups[1].startswith("(|(objectclass=groupOfNames)")
    assert groups[3:] == ("SUBTREE", 100)


def test_without_a_bind_user_nobody_binds_and_no_password_is_looked_for() -> None:
    house, test = one(Host(), realm(bind_dn=""))
    assert house.net.binds == []
    assert "nobody dc1.example.com" in house.net.log
    assert test.at(Stage.BIND, ONE).word == "ok"


def test_a_client_certificate_without_a_bind_user_skips_the_bind_as_pve_does() -> None:
    house, _ = one(Host(), realm(bind_dn="", cert="/c", certkey="/k"))
    assert not [line for line in house.net.log if line.startswith(("nobody", "bind"))]


def test_a_realm_without_a_server_is_told_so() -> None:
    with pytest.raises(UsageError, match="names no server"):
        House().run(realm(server1=""))


# --- R20 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "cause"),
    [({"mode": "ldap"}, Cause.IN_CLEAR), ({"verify": "0"}, Cause.NOT_VERIFIED)],
)
def test_no_password_goes_where_others_could_read_it(changed: dict[str, str], cause: Cause) -> None:
    """R20: without a typed yes the bind waits; the stages before it are gone through."""
    house, test = one(Host(), realm(**changed))
    check = test.at(Stage.BIND, ONE)
    assert (check.word, check.causes) == ("-", (cause,))
    assert house.net.binds == []
    assert "somebody types yes" in advice(check, test).what
    assert "1 waiting for a yes" in summary(test)
    assert test.at(Stage.USERS, ONE).text == NOT_REACHED


@pytest.mark.parametrize("changed", [{"mode": "ldap"}, {"verify": "0"}])
def test_after_a_yes_it_binds(changed: dict[str, str]) -> None:
    house, test = one(Host(), realm(**changed), agreed=True)
    assert len(house.net.binds) == 1
    assert test.at(Stage.USERS, ONE).word == "ok"


def test_a_certificate_that_is_refused_ends_it_before_any_password() -> None:
    """R20: no credential before the verdict on TLS."""
    house, test = one(Host(code=20, reason="unable to get local issuer certificate"), agreed=True)
    assert test.at(Stage.CERTIFICATE, ONE).causes == (Cause.CERT_UNTRUSTED,)
    assert not [line for line in house.net.log if line.startswith(("open", "bind"))]


def test_starttls_that_is_not_offered_is_never_done_without() -> None:
    """R20: never falls back."""
    host = Host(starttls=trouble(Cause.STARTTLS_NOT_OFFERED))
    house, test = one(host, agreed=True)
    assert test.at(Stage.STARTTLS, ONE).causes == (Cause.STARTTLS_NOT_OFFERED,)
    assert house.net.binds == []


# --- R23 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cause",
    [
        Cause.WRONG_CREDENTIALS, Cause.WRONG_PASSWORD, Cause.UNKNOWN_ACCOUNT, Cause.ACCOUNT_LOCKED,
        Cause.ACCOUNT_DISABLED, Cause.PASSWORD_EXPIRED, Cause.BIND_REFUSED, Cause.STRONGER_AUTH,
    ],
)  # fmt: skip
def test_the_second_server_is_not_tried_after_a_refusal(cause: Cause) -> None:
    """R23: one attempt for one action."""
    house = House(dc1_example_com=Host(bind=trouble(cause)), dc2_example_com=Host())
    test = house.run(realm(server2=TWO))
    assert len(house.net.binds) == 1
    second = test.at(Stage.BIND, TWO)
    assert (second.word, second.text) == ("-", NOT_REACHED)
    assert advice(second, test).what.startswith("Not tried: dc1.example.com refused the password")
    assert test.at(Stage.VERSION, TWO).word == "ok"


@pytest.mark.parametrize("cause", [Cause.SILENT, Cause.BROKEN_OFF])
def test_nor_after_a_bind_that_was_never_answered(cause: Cause) -> None:
    """It may have counted; and PVE asks no other server once it is connected."""
    house = House(dc1_example_com=Host(bind=trouble(cause)), dc2_example_com=Host())
    test = house.run(realm(server2=TWO))
    assert [host for host, _, _ in house.net.binds] == [ONE]
    told = advice(test.at(Stage.BIND, TWO), test).what
    assert told.startswith("Not tried: dc1.example.com did not say what it made of the password")
    now = advice(test.at(Stage.BIND, ONE), test).now
    assert now.startswith(f"PVE asks {TWO} only when it cannot connect to the first server.")


@pytest.mark.parametrize("cause", [Cause.BUSY, Cause.UNAVAILABLE])
def test_it_is_after_nobody_has_looked_at_the_password(cause: Cause) -> None:
    house = House(dc1_example_com=Host(bind=trouble(cause)), dc2_example_com=Host())
    house.run(realm(server2=TWO))
    assert [host for host, _, _ in house.net.binds] == [ONE, TWO]


def test_both_servers_are_bound_to_once_when_all_is_well() -> None:
    house = House(dc1_example_com=Host(), dc2_example_com=Host())
    test = house.run(realm(server2=TWO))
    assert [host for host, _, _ in house.net.binds] == [ONE, TWO]
    assert [check.server for check in test.checks] == [ONE, TWO] * 10


# --- each stage's causes ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stage", "field", "cause"),
    [
        (Stage.ADDRESS, "addresses", Cause.NAME_UNKNOWN),
        (Stage.ADDRESS, "addresses", Cause.DNS_SILENT),
        (Stage.PORT, "reach", Cause.REFUSED),
        (Stage.PORT, "reach", Cause.SILENT),
        (Stage.PORT, "reach", Cause.NO_ROUTE),
        (Stage.STARTTLS, "starttls", Cause.STARTTLS_NOT_OFFERED),
        (Stage.STARTTLS, "starttls", Cause.NOT_LDAP),
        (Stage.STARTTLS, "starttls", Cause.BROKEN_OFF),
        (Stage.STARTTLS, "starttls", Cause.TLS_WANTED),
        (Stage.CERTIFICATE, "handshake", Cause.CA_MISSING),
        (Stage.CERTIFICATE, "handshake", Cause.CA_UNREADABLE),
        (Stage.CERTIFICATE, "handshake", Cause.CLIENT_CERT_UNREADABLE),
        (Stage.CERTIFICATE, "handshake", Cause.NO_COMMON_TLS),
        (Stage.VERSION, "exactly", Cause.OTHER_TLS_VERSION),
        (Stage.VERSION, "exactly", Cause.CLIENT_CERT_WANTED),
        (Stage.BIND, "bind", Cause.CONFIDENTIALITY),
        (Stage.BIND, "bind", Cause.BAD_BIND_DN),
        (Stage.BIND, "opens", Cause.CERT_REFUSED),
        (Stage.BASE, "base", Cause.BASE_UNKNOWN),
        (Stage.BASE, "base", Cause.BASE_MALFORMED),
        (Stage.BASE, "base", Cause.BASE_ELSEWHERE),
        (Stage.USERS, "people", Cause.NOT_ALLOWED),
        (Stage.USERS, "people", Cause.NO_PAGING),
        (Stage.USERS, "people", Cause.TIME_LIMIT),
        (Stage.GROUPS, "groups", Cause.SEARCH_REFUSED),
    ],
)
def test_what_a_server_raises_ends_the_test_at_its_stage(
    stage: Stage, field: str, cause: Cause
) -> None:
    host = replace(Host(), **{field: trouble(cause)})
    _, test = one(host)
    assert (test.at(stage, ONE).word, test.at(stage, ONE).causes) == ("BAD", (cause,))
    later = list(Stage)[list(Stage).index(stage) + 1 : -1]
    assert {test.at(one_of, ONE).text for one_of in later} <= {NOT_REACHED}
    assert advice(test.at(stage, ONE), test).what


def test_ldaps_is_asked_for_tls_and_not_for_starttls() -> None:
    house, test = one(Host(handshake=trouble(Cause.NO_TLS)), realm(mode="ldaps"))
    assert test.at(Stage.STARTTLS, ONE).causes == (Cause.NO_TLS,)
    assert "starttls" not in " ".join(house.net.log)


def test_of_an_ldaps_server_one_handshake_tells_both_stages() -> None:
    house, test = one(Host(), realm(mode="ldaps"))
    assert test.at(Stage.CERTIFICATE, ONE).word == "ok"
    assert house.net.log.count(f"handshake {ONE}") == 1


def test_plain_ldap_is_told_what_the_server_would_offer() -> None:
    _, test = one(Host(), realm(mode="ldap"), agreed=True)
    check = test.at(Stage.STARTTLS, ONE)
    assert (check.word, check.causes) == ("LOOK", (Cause.IN_CLEAR,))
    assert advice(check, test).fixes[0].options == {"mode": "ldap+starttls", "verify": "1"}
    assert test.at(Stage.CERTIFICATE, ONE).text == "no TLS"
    _, test = one(
        Host(starttls=trouble(Cause.STARTTLS_NOT_OFFERED)), realm(mode="ldap"), agreed=True
    )
    assert not any(fix.options for fix in advice(test.at(Stage.STARTTLS, ONE), test).fixes)


def test_a_server_of_an_ad_realm_is_looked_for_among_its_controllers() -> None:
    house = House()
    facts = house.run(realm("ad")).at(Stage.ADDRESS, ONE).facts
    assert ("SRV", f"{ONE} is among those of example.com") in facts
    house = House()
    house.net.controllers = ()
    check = house.run(realm("ad")).at(Stage.ADDRESS, ONE)
    assert (check.word, check.causes) == ("LOOK", (Cause.NO_SRV,))
    house = House()
    house.net.controllers = trouble(Cause.DNS_SILENT)
    assert house.run(realm("ad")).at(Stage.ADDRESS, ONE).word == "ok"


def test_another_name_leads_to_one_that_fits() -> None:
    house = House(
        dc1_example_com=Host(),
        dc2_example_com=Host(
            code=62, reason="Hostname mismatch", chain=(good("other.example.com"),),
            reach="192.0.2.11", addresses=("192.0.2.11",),
        ),
    )  # fmt: skip
    house.net.names = {"other.example.com": ("192.0.2.11",)}
    test = house.run(realm(server2=TWO))
    check = test.at(Stage.CERTIFICATE, TWO)
    told = advice(check, test)
    assert told.what == f"It is for other.example.com. The realm asks for {TWO}: 62."
    assert told.now.startswith(
        f"Nothing fails while {ONE} answers. When it is down, nobody of corp"
    )
    assert told.fixes[0].options == {"server2": "other.example.com"}
    assert summary(test).startswith("20 checks: 13 ok, 1 bad, 6 not reached.")


def test_a_name_that_leads_elsewhere_is_no_fix() -> None:
    host = Host(code=62, reason="Hostname mismatch", chain=(good("other.example.com"),))
    house = House(dc1_example_com=host)
    house.net.names = {"other.example.com": ("198.51.100.9",)}
    test = house.run(realm())
    fixes = advice(test.at(Stage.CERTIFICATE, ONE), test).fixes
    assert not any(fix.options for fix in fixes)


def test_without_verify_the_certificate_is_looked_at_all_the_same() -> None:
    host = Host(code=10, reason="certificate has expired")
    _, test = one(host, realm(verify="0"))
    check = test.at(Stage.CERTIFICATE, ONE)
    assert (check.word, check.causes) == ("LOOK", (Cause.NOT_VERIFIED, Cause.CERT_EXPIRED))
    assert "it would fail: expired (10)" in advice(check, test).what
    _, test = one(Host(), realm(verify="0"))
    fixes = advice(test.at(Stage.CERTIFICATE, ONE), test).fixes
    assert fixes[0].options == {"verify": "1"}


def test_a_server_of_tls_1_3_alone_is_told_with_the_option_that_helps() -> None:
    _, test = one(Host(exactly=trouble(Cause.OTHER_TLS_VERSION, knows="TLSv1.3")))
    told = advice(test.at(Stage.VERSION, ONE), test)
    assert told.fixes[0].options == {"sslversion": "tlsv1_3"}


def test_without_a_bind_password_nobody_binds() -> None:
    house = House()
    service = RealmTestService(house.net, lambda name: None, house.clock)
    check = service.run(realm()).at(Stage.BIND, ONE)
    assert (check.word, check.causes) == ("LOOK", (Cause.NO_PASSWORD,))
    assert house.net.binds == []


def test_nobody_is_not_let_in() -> None:
    _, test = one(Host(nobody=trouble(Cause.NOBODY_REFUSED)), realm(bind_dn=""))
    assert test.at(Stage.BIND, ONE).causes == (Cause.NOBODY_REFUSED,)


def test_ad_without_tls_leads_to_starttls() -> None:
    _, test = one(
        Host(bind=trouble(Cause.STRONGER_AUTH)), realm("ad", mode="ldap", verify=""), agreed=True
    )
    told = advice(test.at(Stage.BIND, ONE), test)
    assert told.fixes[0].options == {"mode": "ldap+starttls", "verify": "1"}
    assert "Logins go on" in told.now


# --- base and clock -----------------------------------------------------------------------------


def test_the_servers_own_base_stands_for_none() -> None:
    root = {"defaultnamingcontext": [b"DC=corp"]}
    house, test = one(Host(root=root), realm("ad", base_dn=""))
    assert test.at(Stage.BASE, ONE).word == "ok"
    assert {search[0] for search in house.net.searches} == {"DC=corp"}
    _, test = one(Host(), realm("ad", base_dn=""))
    assert test.at(Stage.BASE, ONE).causes == (Cause.NO_BASE,)


def test_a_base_that_is_not_there_leads_to_the_servers_own() -> None:
    host = Host(root={"defaultnamingcontext": [b"DC=corp"]}, base=trouble(Cause.BASE_UNKNOWN))
    _, test = one(host)
    told = advice(test.at(Stage.BASE, ONE), test)
    assert told.fixes[0].options == {"base_dn": "DC=corp"}


def test_a_root_that_nobody_may_read_is_not_needed() -> None:
    _, test = one(Host(root=trouble(Cause.NOT_ALLOWED)))
    assert test.at(Stage.BASE, ONE).word == "ok"


@pytest.mark.parametrize(("off", "word"), [(60, "ok"), (180, "LOOK"), (-180, "LOOK"), (900, "BAD")])
def test_the_clock_of_an_ad_server_is_compared_and_stops_nothing(off: int, word: str) -> None:
    from datetime import UTC, datetime

    told = datetime.fromtimestamp(NOW + off, UTC).strftime("%Y%m%d%H%M%S.0Z").encode()
    _, test = one(Host(root={"currenttime": [told]}))
    check = test.at(Stage.BASE, ONE)
    assert check.word == word
    assert (check.causes == (Cause.CLOCK,)) is (word != "ok")
    assert test.at(Stage.USERS, ONE).word == "ok"


# --- users, groups, names -----------------------------------------------------------------------


def causes(test: RealmTest, stage: Stage) -> set[Cause]:
    return set(test.at(stage, ONE).causes)


def test_a_malformed_filter_is_told_with_the_place_and_not_sent() -> None:
    house, test = one(Host(), realm(filter="(a=b"))
    check = test.at(Stage.USERS, ONE)
    assert check.causes == (Cause.BAD_FILTER,)
    assert 'must end with ")"' in advice(check, test).what
    assert not [search for search in house.net.searches if search[4]]


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (3, Cause.TIME_LIMIT),
        (4, Cause.SIZE_LIMIT),
        (11, Cause.ADMIN_LIMIT),
        (80, Cause.SEARCH_REFUSED),
    ],
)
def test_an_answer_that_was_cut_is_bad(code: int, cause: Cause) -> None:
    people = Answer([person("ann")], code)
    _, test = one(Host(people=people))
    check = test.at(Stage.USERS, ONE)
    assert (check.word, check.causes[0]) == ("BAD", cause)
    assert "every sync fails" in advice(check, test).now.lower()


def test_more_than_this_program_takes_is_told() -> None:
    _, test = one(Host(people=Answer([person("ann")], stopped=True)))
    assert Cause.TOO_MUCH in causes(test, Stage.USERS)


def test_no_users_is_bad_and_groups_are_still_read() -> None:
    _, test = one(Host(people=[]))
    assert test.at(Stage.USERS, ONE).causes == (Cause.NO_USERS,)
    assert test.at(Stage.GROUPS, ONE).text.startswith("1")


def test_a_name_attribute_that_nobody_has_leads_to_one_that_they_have() -> None:
    _, test = one(Host(), realm(user_attr="login"))
    check = test.at(Stage.USERS, ONE)
    assert (check.word, check.causes[0]) == ("BAD", Cause.NO_NAME_ATTRIBUTE)
    assert advice(check, test).fixes[0].options == {"user_attr": "uid"}


def test_a_realm_that_maps_nothing_is_shown_what_would_fit() -> None:
    _, test = one(Host(), realm(sync_attributes=""))
    check = test.at(Stage.USERS, ONE)
    assert (check.word, check.causes) == ("LOOK", (Cause.NO_MAPPING,))
    assert advice(check, test).fixes[0].options == {
        "sync_attributes": "firstname=givenName,lastname=sn,email=mail"
    }


def test_an_attribute_that_never_comes_is_replaced_by_one_that_does() -> None:
    _, test = one(Host(), realm(sync_attributes="email=rfc822,lastname=sn"))
    check = test.at(Stage.USERS, ONE)
    assert check.causes == (Cause.ATTRIBUTE_NEVER_COMES,)
    assert advice(check, test).fixes[0].options == {"sync_attributes": "lastname=sn,email=mail"}


def test_a_mapping_that_pve_skips_is_told() -> None:
    _, test = one(Host(), realm(sync_attributes="mail=email,lastname=sn"))
    assert Cause.BAD_MAPPING in causes(test, Stage.USERS)


def test_values_that_pve_refuses_are_told() -> None:
    _, test = one(Host(people=[person("ann", mail="no mail address")]))
    assert causes(test, Stage.USERS) == {Cause.VALUES_SKIPPED}


def test_names_that_pve_skips_has_twice_or_that_are_dangerous_are_told_apart() -> None:
    people = [person(name) for name in ("ann", "a b", "ben", "ben", "root@pam", "x#y")]
    _, test = one(Host(people=people))
    check = test.at(Stage.NAMES, ONE)
    assert check.causes == (Cause.NAMES_SKIPPED, Cause.NAMES_TWICE, Cause.NAMES_DANGEROUS)
    assert check.text == "1, 1 twice, 2 dangerous"


def test_without_case_sensitive_names_meet_that_differ_in_case_only() -> None:
    host = Host(people=[person("Carl"), person("carl")])
    assert not causes(one(host)[1], Stage.NAMES)
    _, test = one(host, realm(**{"case-sensitive": "0"}))
    assert causes(test, Stage.NAMES) == {Cause.NAMES_TWICE}


ANN = "uid=ann,ou=people,dc=x"


@pytest.mark.parametrize(
    ("groups", "more", "cause"),
    [
        ([group("a b", ANN)], {}, Cause.GROUPS_SKIPPED),
        ([group("a", "cn=b,ou=groups,dc=x"), group("b", ANN)], {}, Cause.NESTED_GROUPS),
        ([group("a", "uid=zoe,ou=far,dc=x")], {}, Cause.MEMBERS_ELSEWHERE),
        ([group("a", memberUid="ann")], {}, Cause.MEMBERS_BY_NAME),
        ([], {"posixGroup": [entry("cn=p,dc=x")]}, Cause.MEMBERS_BY_NAME),
        ([], {"posixGroup": []}, Cause.NO_GROUPS),
        (
            [group("big"), group("small", ANN)],
            {"(member=*)": [entry("CN=big,ou=groups,dc=x"), entry("cn=small,ou=groups,dc=x")]},
            Cause.RANGED_MEMBERS,
        ),
        (
            [group("everybody", ANN, primaryGroupToken="513")],
            {"primaryGroupID=513": [entry(ANN, primaryGroupID="513")]},
            Cause.PRIMARY_GROUP,
        ),
    ],
)
def test_what_is_wrong_with_groups(groups: Any, more: Any, cause: Cause) -> None:
    house = House(dc1_example_com=Host(groups=groups, more={"posixGroup": [], **more}))
    test = house.run(realm("ad", group_classes="group"))
    assert cause in causes(test, Stage.GROUPS)
    assert test.at(Stage.GROUPS, ONE).word == "LOOK"


def test_a_group_that_is_really_empty_is_not_too_large() -> None:
    _, test = one(Host(groups=[group("empty"), group("a", ANN)], more={"(member=*)": []}))
    assert test.at(Stage.GROUPS, ONE).word == "ok"


# --- cancelling, and what is told ---------------------------------------------------------------


def test_a_test_that_is_stopped_tells_what_it_saw() -> None:
    house = House()
    test = house.service.run(
        realm(), on_check=house.heard.append, stopped=lambda: len(house.heard) >= 3
    )
    assert test.stopped
    assert [check.stage for check in test.checks] == [Stage.ADDRESS, Stage.PORT, Stage.STARTTLS]
    assert "Stopped before the end." in summary(test)
    assert house.net.binds == []


def test_no_secret_and_no_octets_are_in_the_report() -> None:
    people = [person("ann"), entry("uid=x", uid=b"\xff\xfe\x1b[31m")]
    _, test = one(Host(people=people, bind=None))
    import json

    for said in (report_text(test), report_text(test, 40), json.dumps(as_json(test)), repr(test)):
        assert PASSWORD not in said
    assert "\x1b" not in report_text(test)
