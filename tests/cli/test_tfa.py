"""`tfa edit|remove`: factors by their id or their description; `tfa` alone stays the list."""

import json

import pytest

from pve_auth_tui.arguments import OK, is_action, parse
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.tfaconfig import parse_tfa
from tests.cli.desk import Desk, Pipe
from tests.cli.writes import small_bench

KEY, PHONE, OTHER = "aaaa1111-key", "bbbb2222-phone", "bbbb3333-other"
URI = "otpauth://totp/x?secret=ABCDEFGHIJKLMNOP&digits=6&algorithm=SHA1&period=30"


def totp(ident, description):
    return {"id": ident, "description": description, "created": 1, "entry": URI}


TFA = {
    "users": {
        "ann@pve": {
            "totp": [totp(PHONE, "phone"), totp(OTHER, "tablet"), totp("cccc", "phone")],
            "yubico": [
                {"id": KEY, "description": "blue", "created": 1, "entry": "cccccccccccc"},
            ],
            "recovery": {"secret": "0" * 16, "entries": [None, "0" * 64], "created": 1},
        }
    }
}


@pytest.fixture
def bench():
    return small_bench(tfa=json.dumps(TFA))


@pytest.fixture
def desk(bench, monkeypatch):
    return Desk(bench, monkeypatch)


def entries(bench):
    tfa = parse_tfa(bench.node.disk.read("etc/pve/priv/tfa.cfg"))
    return {entry.id: entry for entry in tfa.users["ann@pve"].entries}


def commands(desk, *words):
    ran = desk.run(*words, "--dry-run", "--json")
    assert ran.code == OK, ran.error
    return ran.value["plan"]["commands"]


def test_alone_it_is_the_list_and_with_a_verb_it_changes():
    assert not is_action(parse(["tfa"]))
    assert is_action(parse(["tfa", "remove", "ann@pve", "recovery"]))
    assert is_action(parse(["acl", "add", "/", "--users", "a@pve", "--roles", "R"]))
    assert parse(["tfa", "delete", "ann@pve", "x"]).verb == "remove"


def test_a_dry_run_shows_the_calls_and_changes_nothing(desk, bench):
    before = entries(bench)
    edit = commands(desk, "tfa", "edit", "ann@pve", "blue", "--description", "red", "--enable", "0")
    assert edit == [
        f"pvesh set /access/tfa/ann@pve/{KEY} --enable 0",
        f"pvesh set /access/tfa/ann@pve/{KEY} --description red",
    ]
    removed = commands(desk, "tfa", "remove", "ann@pve", "blue", "recovery")
    assert removed == [
        f"pveum user tfa delete ann@pve --id {KEY}",
        "pveum user tfa delete ann@pve --id recovery",
    ]
    assert entries(bench) == before


def test_one_that_is_renamed_and_switched_off(desk, bench):
    ran = desk.run("tfa", "edit", "ann@pve", KEY, "--description", "red", "--enable", "0", "--yes")
    assert ran.code == OK
    assert "as foretold" in ran.out
    changed = entries(bench)[KEY]
    assert (changed.description, changed.enable) == ("red", False)


@pytest.mark.parametrize(
    "words", [("--description", "blue", "--enable", "0"), ("--description", "red", "--enable", "1")]
)
def test_what_is_so_already_keeps_nothing_else_from_being_changed(desk, words):
    assert len(commands(desk, "tfa", "edit", "ann@pve", "blue", *words)) == 1


def test_some_that_are_removed(desk, bench):
    ran = desk.run(
        "tfa", "remove", "ann@pve", "tablet", "recovery", KEY, "--yes", "--override", "3"
    )
    assert ran.code == OK, ran.error
    assert set(entries(bench)) == {PHONE, "cccc"}


@pytest.mark.parametrize(
    ("words", "kind", "said"),
    [
        (["edit", "ann@pve", "blue"], UsageError, "Nothing is to change"),
        (["edit", "ann@pve", "nosuch", "--enable", "0"], UsageError, "no second factor nosuch"),
        (["edit", "ann@pve", "phone", "--enable", "0"], UsageError, "2 second factors phone"),
        (["edit", "ann@pve", "bbbb", "--enable", "0"], UsageError, "2 second factors bbbb"),
        (["edit", "ann@pve", "aaa", "--enable", "0"], UsageError, "no second factor aaa"),
        (["edit", "bob@pve", "x", "--enable", "0"], UsageError, "bob@pve has no second factor."),
        (["edit", "ann@pve", "recovery", "--enable", "0"], Refused, "cannot be switched off"),
        (["edit", "ann@pve", "blue", "--description", ""], UsageError, "wants a description"),
        (["edit", "ann@pve", "blue", "--description", "blue"], Refused, "named blue already"),
        (["remove", "ann@pve", "blue", "nosuch"], UsageError, "no second factor nosuch"),
    ],
)
def test_what_cannot_be_meant_is_said(desk, bench, words, kind, said):
    before = entries(bench)
    ran = desk.run("tfa", *words, "--yes")
    assert type(ran.error) is kind
    assert said in str(ran.error)
    assert entries(bench) == before


def test_the_beginning_of_an_id_is_enough(desk):
    (command,) = commands(desk, "tfa", "edit", "ann@pve", "aaaa", "--enable", "0")
    assert KEY in command


# --- enrol --yubico ----------------------------------------------------------------------

OTP = "cccjgjgkhcbbirdrfdnlnghhfgrtnnlgedjlftrbdeut"
REALM = "pve: pve\n\ttfa type=yubico,id=1,key=a2V5\n"
YUBICO = ("enrol", "ann@pve", "--yubico")


@pytest.fixture
def asked(monkeypatch):
    """A desk on a node whose realm pve has Yubico settings."""
    return Desk(small_bench(domains=REALM), monkeypatch)


def test_a_dry_run_asks_for_no_touch(asked):
    ran = asked.run(*YUBICO, "--description", "blue", "--dry-run", "--json")
    assert ran.code == OK, ran.error
    (command,) = ran.value["plan"]["commands"]
    assert command.startswith("pvesh create /access/tfa/ann@pve --type yubico --description blue")
    assert "cccc" not in ran.out


def test_the_simulated_node_asks_no_yubico_server_and_says_so(asked):
    ran = asked.run(*YUBICO, "--description", "blue", "--password-stdin", "--yes", stdin=Pipe(OTP))
    assert ran.code != OK
    assert "a simulated node asks no Yubico server" in ran.out + str(ran.error)
    journal = repr(asked.bench.journal.entries)
    assert OTP not in ran.out + ran.err + repr(ran.error) + journal


@pytest.mark.parametrize(
    ("words", "typed", "kind", "said"),
    [
        ((), OTP, UsageError, "wants a description"),
        (("--description", OTP), OTP, UsageError, "belongs into the field below"),
        (("--description", "blue"), OTP[1:], UsageError, "these are 43"),
        (("--description", "blue"), "", UsageError, "Touch the YubiKey"),
    ],
)
def test_what_cannot_be_right_is_not_sent(asked, words, typed, kind, said):
    ran = asked.run(*YUBICO, *words, "--password-stdin", "--yes", stdin=Pipe(typed))
    assert type(ran.error) is kind
    assert said in str(ran.error)
    assert asked.bench.api.writes == []


def test_a_realm_without_settings_is_said_before_anybody_touches_anything(desk):
    ran = desk.run(*YUBICO, "--description", "blue", "--yes")
    assert type(ran.error) is Refused
    assert "no Yubico settings" in str(ran.error)
    assert "Require TFA" in ran.error.hint
