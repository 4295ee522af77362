"""`realm` from the command line: pveum's words, secrets asked for, what goes with a realm."""

import pytest

from pve_auth_tui.arguments import USAGE, parse
from pve_auth_tui.core.errors import UsageError
from tests.cli.desk import Desk, Pipe
from tests.cli.writes import PASSWORD, done, lines, small_bench

AD = ("--type", "ad", "--domain", "example.com", "--server1", "dc1.example.com")
SAFE = ("--mode", "ldaps", "--verify", "1")


@pytest.fixture
def bench():
    return small_bench()


@pytest.fixture
def desk(bench, monkeypatch):
    return Desk(bench, monkeypatch)


def realm(bench, name):
    return bench.node.state.realms.realms[name]


def test_a_realm_is_added_with_pveums_line_and_its_password_is_read(desk, bench):
    words = ("realm", "add", "corp9", *AD, *SAFE, "--password")
    assert lines(desk, *words) == [
        "pveum realm add corp9 --type ad --server1 dc1.example.com --domain example.com"
        " --verify 1 --mode ldaps --password '***'"
    ]
    done(desk, *words)
    assert realm(bench, "corp9").options["server1"] == "dc1.example.com"
    assert bench.node.disk.read("etc/pve/priv/realm/corp9.pw") == PASSWORD.encode()


def test_an_option_is_set_and_another_unset(desk, bench):
    done(desk, "realm", "add", "corp9", *AD, *SAFE, "--comment", "x")
    done(desk, "realm", "modify", "corp9", "--port", "3269", "--delete", "comment")
    assert realm(bench, "corp9").options["port"] == "3269"
    assert "comment" not in realm(bench, "corp9").options


def test_a_realm_goes_with_what_is_named(desk, bench):
    done(desk, "realm", "add", "corp9", *AD, *SAFE)
    done(desk, "user", "add", "zoe@corp9")
    done(desk, "realm", "delete", "corp9", "--clean", "users")
    assert "corp9" not in bench.node.state.realms.realms
    assert "zoe@corp9" not in bench.node.state.access.users


@pytest.mark.parametrize("option", ["--password", "--client-key", "--tfa-key"])
def test_a_secret_is_never_taken_from_the_command_line(option):
    with pytest.raises(UsageError, match="takes no value") as caught:
        parse(["realm", "edit", "corp", option, "s3cret"])
    assert "s3cret" not in f"{caught.value} {caught.value.hint}"


def test_a_yubico_key_in_tfa_is_refused_and_not_repeated(desk):
    tfa = "type=yubico,id=1,key=s3cret"
    refused = desk.run("realm", "edit", "pve", "--tfa", tfa, "--dry-run", stdin=Pipe())
    assert refused.code == USAGE
    assert "is a secret" in str(refused.error)
    assert "s3cret" not in refused.out + str(refused.error)


def test_nothing_to_change_is_said(desk):
    assert "Nothing is to change" in desk.run("realm", "edit", "pve", stdin=Pipe()).error.args[0]
