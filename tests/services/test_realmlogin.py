"""R23: one person's login as PVE does it: counters first, one attempt, and none after a refusal."""

from __future__ import annotations

from typing import Any

import pytest

from pve_auth_tui.core.directory.causes import Cause
from pve_auth_tui.core.directory.ports import Entry
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.realmtest.known import known_in
from pve_auth_tui.core.realmtest.report import Check, RealmTest
from pve_auth_tui.core.realmtest.words import advice
from pve_auth_tui.core.secret import Secret
from tests.services.scripted import NOW, Host, entry, person, trouble
from tests.services.test_realmtest import BIND, ONE, PASSWORD, TWO, House, realm

OWN = "own password"
ANN = "uid=ann,ou=people,dc=x"


def house(**host: Any) -> House:
    return House(dc1_example_com=Host(**{"people": [person("ann")], **host}))


def ann_in_ad(**values: str) -> Entry:
    return entry("CN=Ann,DC=corp", sAMAccountName="ann", userAccountControl="512", pwdLastSet="1",
                 **values)  # fmt: skip


DOMAIN = {
    "root": {"defaultnamingcontext": [b"DC=corp"]},
    "more": {"DC=corp": [entry("DC=corp", lockoutThreshold="5")]},
}


def said(check: Check) -> str:
    return advice(check, RealmTest(realm("ad"), (check,))).what


# --- as PVE does it -----------------------------------------------------------------------------


def test_ldap_looks_for_the_entry_and_binds_as_that() -> None:
    at = house()
    check = at.login(realm())
    assert (check.word, check.server) == ("ok", ONE)
    assert at.net.binds == [(ONE, BIND, PASSWORD), (ONE, ANN, OWN)]
    assert at.net.searches[0][1] == "(uid=ann)"


def test_a_name_is_sent_escaped() -> None:
    at = house(people=[])
    at.login(realm(), name="a*)(uid=*")
    assert at.net.searches[0][1] == r"(uid=a\2a\29\28uid=\2a)"
    at = house(people=[], **DOMAIN)
    at.login(realm("ad"), name="a*)(cn=*")
    looked = next(wanted for _, wanted, *_ in at.net.searches if "userPrincipalName" in wanted)
    assert looked == (
        r"(|(userPrincipalName=a\2a\29\28cn=\2a@example.com)(sAMAccountName=a\2a\29\28cn=\2a))"
    )


def test_ad_binds_with_name_and_domain() -> None:
    at = house(people=[ann_in_ad()], **DOMAIN)
    assert at.login(realm("ad")).word == "ok"
    assert at.net.binds[1:] == [(ONE, "ann@example.com", OWN)]
    at = house(people=[ann_in_ad()], **DOMAIN)
    at.login(realm("ad"), name="ann@elsewhere.example")
    assert at.net.binds[1:] == [(ONE, "ann@elsewhere.example", OWN)]


def test_ad_needs_no_account_of_the_realm() -> None:
    at = house()
    check = at.login(realm("ad", bind_dn=""))
    assert check.word == "ok"
    assert at.net.binds == [(ONE, "ann@example.com", OWN)]
    assert "whether a lock is near is not known" in check.facts[-1].text


def test_nobody_of_that_name_is_no_attempt() -> None:
    at = house(people=[])
    assert at.login(realm()).causes == (Cause.NOT_FOUND,)
    assert len(at.net.binds) == 1


def test_of_several_entries_the_first_is_tried_as_pve_does() -> None:
    at = house(people=[person("ann"), entry("uid=ann,ou=far,dc=x", uid="ann")])
    check = at.login(realm())
    assert (check.word, check.causes) == ("LOOK", (Cause.AMBIGUOUS,))
    assert at.net.binds[1:] == [(ONE, ANN, OWN)]


def test_the_fallback_is_asked_where_no_connection_comes_about() -> None:
    hosts = {"dc2_example_com": Host(people=[person("ann")])}
    at = House(dc1_example_com=Host(opens=trouble(Cause.REFUSED)), **hosts)
    assert at.login(realm(server2=TWO)).server == TWO
    at = House(dc1_example_com=Host(opens=trouble(Cause.CERT_EXPIRED)), **hosts)
    check = at.login(realm(server2=TWO))
    assert (check.server, check.causes) == (ONE, (Cause.CERT_EXPIRED,))
    at = House(dc1_example_com=Host(opens=trouble(Cause.CERT_EXPIRED)), **hosts)
    assert at.login(realm(server2=TWO, mode="ldaps")).server == TWO


# --- R20 and R23 --------------------------------------------------------------------------------


def test_an_empty_password_is_never_sent() -> None:
    at = house()
    with pytest.raises(UsageError, match="Without a password"):
        at.service.try_login(realm(), "ann", Secret(""))
    with pytest.raises(UsageError, match="named"):
        at.service.try_login(realm(), " ", Secret("x"))
    assert at.net.log == []


@pytest.mark.parametrize("changed", [{"mode": "ldap"}, {"verify": "0"}])
def test_no_password_is_sent_where_others_read_it_unless_somebody_agreed(
    changed: dict[str, str],
) -> None:
    """R20"""
    at = house()
    check = at.login(realm(**changed))
    assert (check.word, check.text) == ("-", "asks first")
    assert at.net.log == []
    assert at.login(realm(**changed), agreed=True).word == "ok"


def test_a_wrong_password_is_sent_once_to_one_server() -> None:
    """R23"""
    refusal = trouble(Cause.WRONG_PASSWORD, data="52e")
    hosts = {
        "dc1_example_com": Host(
            people=[person("ann")], bind=lambda dn: refusal if dn == ANN else None
        ),
        "dc2_example_com": Host(people=[person("ann")]),
    }
    at = House(**hosts)
    check = at.login(realm(server2=TWO))
    assert check.causes == (Cause.WRONG_PASSWORD,)
    assert [bind for bind in at.net.binds if bind[2] == OWN] == [(ONE, ANN, OWN)]
    assert said(check).startswith(f"The password of {ANN} is wrong")


def test_after_the_realms_own_account_was_refused_nobody_elses_password_is_sent() -> None:
    """R23"""
    at = house(bind=trouble(Cause.WRONG_CREDENTIALS), **DOMAIN)
    for kind in ("ldap", "ad"):
        at.net.binds.clear()
        check = at.login(realm(kind))
        assert check.causes == (Cause.WRONG_CREDENTIALS,)
        assert [bind[2] for bind in at.net.binds] == [PASSWORD]
        assert BIND in said(check)


@pytest.mark.parametrize(
    ("values", "cause"),
    [
        ({"badPwdCount": "4"}, Cause.LOCK_NEAR),
        ({"userAccountControl": "514"}, Cause.ACCOUNT_DISABLED),
        ({"lockoutTime": "134000000000000000"}, Cause.ACCOUNT_LOCKED),
        ({"pwdLastSet": "0"}, Cause.MUST_CHANGE),
    ],
)
def test_what_the_entry_says_spares_the_attempt(values: dict[str, str], cause: Cause) -> None:
    """R23: counters are read before, and at the threshold less one nothing is sent."""
    found = entry("CN=Ann,DC=corp", **{"userAccountControl": "512", "pwdLastSet": "1", **values})
    at = house(people=[found], **DOMAIN)
    check = at.login(realm("ad"))
    assert check.causes == (cause,)
    assert check.word == ("LOOK" if cause is Cause.LOCK_NEAR else "BAD")
    assert not [bind for bind in at.net.binds if bind[2] == OWN]


def test_a_settings_object_of_the_person_holds_and_not_the_domain() -> None:
    pso = entry("CN=strict", **{"msDS-LockoutThreshold": "3"})
    more = {**DOMAIN["more"], "CN=strict": [pso]}
    person_in_ad = ann_in_ad(badPwdCount="2", **{"msDS-ResultantPSO": "CN=strict"})
    at = house(people=[person_in_ad], root=DOMAIN["root"], more=more)
    assert at.login(realm("ad")).causes == (Cause.LOCK_NEAR,)


def test_openldaps_failures_are_read_beside_its_policy() -> None:
    found = person("ann", pwdFailureTime="20260922000000Z")
    more = {"pwdPolicy": [entry("cn=default", pwdMaxFailure="2")]}
    at = house(people=[found], more=more)
    assert at.login(realm()).causes == (Cause.LOCK_NEAR,)
    assert len(at.net.binds) == 1


def test_a_policy_that_cannot_be_read_stops_nobody_without_failures() -> None:
    at = house(more={"pwdPolicy": trouble(Cause.NOT_ALLOWED)})
    assert at.login(realm()).word == "ok"


def test_without_the_realms_own_password_ldap_is_not_tried() -> None:
    at = house()
    at.service._stored = lambda name: None
    assert at.login(realm()).causes == (Cause.NO_PASSWORD,)
    assert at.net.log == []


# --- and PVE ------------------------------------------------------------------------------------


@pytest.mark.parametrize("cause", [Cause.NOT_IN_PVE, Cause.DISABLED_IN_PVE])
def test_who_is_let_in_by_the_directory_may_be_nobody_to_pve(cause: Cause) -> None:
    asked: list[str] = []

    def known(userid: str) -> Cause:
        asked.append(userid)
        return cause

    check = house().login(realm(), known=known)
    assert (check.word, check.causes) == ("BAD", (cause,))
    assert asked == ["ann@corp"]


def test_pve_is_asked_by_the_picture() -> None:
    from tests.core.pictures import picture

    shown = picture("user:Ann@corp:1:0:::::", "user:old@corp:1:1:::::", "user:ben@corp:0:0:::::")
    known = known_in(shown, realm(), NOW)
    assert known is not None
    assert known("Ann@corp") is None
    assert known("ann@corp") is Cause.NOT_IN_PVE
    assert known("old@corp") is Cause.DISABLED_IN_PVE
    assert known("ben@corp") is Cause.DISABLED_IN_PVE
    loose = known_in(shown, realm(**{"case-sensitive": "0"}), NOW)
    assert loose is not None
    assert loose("ann@corp") is None
