"""`realm-test`: a realm as PVE has it or as somebody types it, against scripted servers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pve_auth_tui.arguments import FINDINGS, INTERRUPTED, OK, REFUSED, USAGE
from pve_auth_tui.core.directory.causes import Cause
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.services.realmtest import RealmTestService
from tests.cli.desk import Desk, Person, Pipe, Ran
from tests.core.pictures import picture
from tests.services.scripted import Host, Scripted, person, trouble
from tests.services.workbench import Bench

ONE = "dc1.example.com"
STORED, OWN = "the stored password", "the password of ann"
CORP = (
    f"ad: corp\n\tserver1 {ONE}\n\tdomain example.com\n\tbase_dn dc=x\n\tbind_dn reader@example.com"
    "\n\tmode ldap+starttls\n\tverify 1\n\tsync_attributes firstname=givenName,lastname=sn\n\n"
    f"ldap: plain\n\tserver1 {ONE}\n\tbase_dn dc=x\n\tuser_attr uid\n\tbind_dn cn=reader,dc=x\n"
    "\tsync_attributes lastname=sn\n\nopenid: idp\n\tissuer-url https://idp\n\tclient-id x\n"
)
TYPED = (
    "realm-test", "--type", "ldap", "--server1", ONE, "--base_dn", "dc=x", "--user_attr", "uid",
    "--mode", "ldaps", "--verify", "1", "--sync_attributes", "lastname=sn",
)  # fmt: skip


class TestDesk(Desk):
    """With directories that a test has scripted."""

    __test__ = False

    def __init__(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(bench, monkeypatch)
        self.host = Host(people=[person("ann")])
        self.net = Scripted(dc1_example_com=self.host)

        def stored(realm: str) -> Secret | None:
            return Secret(STORED) if realm in ("corp", "plain") else None

        service = RealmTestService(self.net, stored, bench.clock)
        self.workshop = replace(self.workshop, realm_test=service)

    def run(self, *words: str | Path, stdin: Person | None = None, piped: bool = False) -> Ran:
        ran = super().run(*words, stdin=stdin, piped=piped)
        for secret in (STORED, OWN):
            assert secret not in ran.out + ran.err
        return ran

    @property
    def sent(self) -> list[str]:
        return [password for _, _, password in self.net.binds]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> TestDesk:
    users = "user:root@pam:1:0:::::\nuser:ann@corp:1:0:::::\nuser:ann@plain:0:0:::::\n"
    bench = Bench(users=users, domains=CORP)
    typed = lambda question: __import__("sys").stdin.readline().rstrip("\n")  # noqa: E731
    monkeypatch.setattr("pve_auth_tui.asking._asked", typed)
    return TestDesk(bench, monkeypatch)


def test_a_saved_realm_is_tested_with_its_stored_password(at: TestDesk) -> None:
    ran = at.run("realm-test", "corp")
    assert ran.code == OK, ran.out
    assert ran.out.startswith("Test of realm corp (Active Directory)\n")
    assert "10 checks: 10 ok." in ran.out
    assert at.sent == [STORED]


def test_something_to_look_at_is_exit_code_4(at: TestDesk) -> None:
    at.host.people = [person("ann"), person("a b")]
    ran = at.run("realm-test", "corp")
    assert ran.code == FINDINGS
    assert "Cause        names-skipped" in ran.out


def test_as_json_it_is_one_value(at: TestDesk) -> None:
    at.host.code = 62
    ran = at.run("realm-test", "corp", "--json")
    assert ran.code == FINDINGS
    bad = next(check for check in ran.value["checks"] if check["state"] == "BAD")
    assert bad["causes"] == ["certificate-other-name"]
    assert ran.err == ""


def test_what_is_typed_stands_over_what_is_saved(at: TestDesk) -> None:
    ran = at.run("realm-test", "corp", "--sslversion", "tlsv1_3", "--sync_attributes", "")
    assert "not saved yet" in ran.out
    assert "TLS 1.3 only, as PVE" in ran.out
    assert "no-mapping" in ran.out


def test_a_realm_that_is_not_made_yet_is_tested(at: TestDesk) -> None:
    ran = at.run(*TYPED)
    assert ran.code == OK, ran.out
    assert "Test of realm new (LDAP), not saved yet" in ran.out
    assert at.sent == []


def test_the_bind_password_of_such_a_one_is_asked_for(at: TestDesk) -> None:
    words = (*TYPED, "--bind_dn", "cn=reader,dc=x")
    at.run(*words, stdin=Person("typed"))
    at.run(*words, "--password-stdin", stdin=Pipe("piped"))
    assert at.sent == ["typed", "piped"]


@pytest.mark.parametrize("option", ["--server1", "--server2"])
def test_a_server_that_somebody_typed_does_not_get_the_stored_password(
    at: TestDesk, option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody can be asked, it is refused with the option that gives one."""

    def nobody(question: str) -> str:
        raise UsageError("There is no terminal to ask on.", "Give it: --password-stdin < FILE")

    monkeypatch.setattr("pve_auth_tui.asking._asked", nobody)
    at.net.hosts["dc9.example.com"] = Host(people=[person("ann")])
    ran = at.run("realm-test", "corp", option, "dc9.example.com")
    assert ran.code == USAGE
    assert "dc9.example.com is no server of realm corp as PVE has it" in str(ran.error)
    assert "--password-stdin" in ran.error.hint
    assert at.sent == []


def test_whoever_types_the_password_has_it_sent_to_the_typed_server(at: TestDesk) -> None:
    at.net.hosts["dc9.example.com"] = Host(people=[person("ann")])
    words = ("realm-test", "corp", "--server1", "dc9.example.com")
    at.run(*words, stdin=Person("typed"))
    at.run(*words, "--password-stdin", stdin=Pipe("piped"))
    ran = at.run(*words, "--password-stdin", stdin=Pipe(""))
    assert at.sent == ["typed", "piped"]
    assert "no password" in ran.out


def test_a_realm_that_is_not_saved_never_has_the_stored_password_of_one_of_that_name(
    at: TestDesk,
) -> None:
    """`--type` makes another realm of it, wherever it is."""
    ran = at.run("realm-test", "corp", *TYPED[1:], "--bind_dn", "cn=x", stdin=Person(""))
    assert at.sent == []
    assert "no password" in ran.out


def test_other_options_of_the_saved_servers_are_tested_with_the_stored_password(
    at: TestDesk,
) -> None:
    at.run("realm-test", "corp", "--server1", ONE, "--server2", "", "--filter", "(cn=a)")
    assert at.sent == [STORED]


def test_in_the_clear_somebody_types_yes_each_time(at: TestDesk) -> None:
    """R20"""
    ran = at.run("realm-test", "plain", stdin=Person("no"))
    assert "plain LDAP: whoever is on the way can read the password of cn=reader" in ran.err
    assert "asks first" in ran.out
    assert at.sent == []
    at.run("realm-test", "plain", stdin=Person("yes"))
    assert at.sent == [STORED]
    at.run("realm-test", "plain")
    assert at.sent == [STORED], "nobody could be asked"
    at.run("realm-test", "plain", "--unprotected")
    assert at.sent == [STORED, STORED]


def test_one_persons_login_is_tried_once(at: TestDesk) -> None:
    """R23"""
    ran = at.run("realm-test", "corp", "--login", "ann", stdin=Person(OWN))
    assert at.sent.count(OWN) == 1
    assert "11 Try one person's login" in ran.out
    assert "would get in" in ran.out
    assert ran.code == OK


def test_who_is_disabled_in_pve_is_told_so(at: TestDesk) -> None:
    ran = at.run(
        *("realm-test", "plain", "--unprotected", "--login", "ann", "--password-stdin"),
        stdin=Pipe(STORED, OWN),
    )
    assert "disabled-in-pve" in ran.out
    assert at.sent[-1] == OWN


def test_after_the_realms_own_password_was_refused_no_other_is_asked_for(at: TestDesk) -> None:
    """R23"""
    at.host.bind = trouble(Cause.WRONG_PASSWORD)
    ran = at.run("realm-test", "corp", "--login", "ann", stdin=Person(OWN))
    assert at.sent == [STORED]
    assert "not tried" in ran.out


def test_a_login_in_the_clear_waits_for_the_same_yes(at: TestDesk) -> None:
    """R20"""
    words = ("realm-test", "plain", "--bind_dn", "", "--login", "ann")
    ran = at.run(*words, stdin=Person("no", OWN))
    assert at.sent == []
    assert "asks first" in ran.out


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("realm-test",), USAGE, "Name a realm, or give --type"),
        (("realm-test", "none"), USAGE, "There is no realm none."),
        (("realm-test", "idp"), USAGE, "no LDAP or AD realm"),
        (("realm-test", "pve"), USAGE, ""),
        (("realm-test", "--type", "ldap"), USAGE, "names no server"),
        ((*TYPED, "--port", "x"), USAGE, "x is no port"),
    ],
)
def test_what_cannot_be_tested_is_said(
    at: TestDesk, words: tuple[str, ...], code: int, text: str
) -> None:
    ran = at.run(*words)
    assert ran.code == code
    assert ran.error is not None
    assert text in str(ran.error)


def test_a_realm_that_pve_cannot_read_is_refused(at: TestDesk) -> None:
    at.bench.node.disk.write("etc/pve/domains.cfg", b"ad: corp\n\tdomain example.com\n")
    ran = at.run("realm-test", "corp")
    assert ran.code == REFUSED
    assert "PVE itself cannot read" in str(ran.error)


def test_a_realm_of_which_pve_shows_the_name_alone_is_refused(at: TestDesk) -> None:
    shown = picture(realms=(Realm("corp", "ad", {"domain": "example.com"}),))
    outlooks: Any = SimpleNamespace(fresh=lambda: SimpleNamespace(snapshot=shown))
    at.workshop = replace(at.workshop, outlooks=outlooks)
    ran = at.run("realm-test", "corp")
    assert ran.code == REFUSED
    assert "nothing of realm corp but its name" in str(ran.error)


def test_ctrl_c_ends_it_with_what_was_seen(at: TestDesk) -> None:
    import os
    import signal

    def hit(*_: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        return None

    at.net._tick = hit
    ran = at.run("realm-test", "corp")
    assert ran.code == INTERRUPTED
    assert "Stopped before the end." in ran.out
    assert at.sent == []


@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_on_a_terminal_it_is_as_wide_as_that(
    at: TestDesk, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    at.host.code = 20
    ran = at.run("realm-test", "corp", stdin=Person())
    assert max(map(len, ran.out.splitlines())) <= int(columns)
