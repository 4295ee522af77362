"""`token`, and `user token` as pveum has it: secrets are told once and go to one place."""

import pytest

from pve_auth_tui.arguments import FAILED, OK
from pve_auth_tui.core.errors import UsageError
from tests.cli.desk import Desk, Person
from tests.cli.writes import done, lines, small_bench
from tests.simnode.small import NOW

OLD_PVE = (
    "Package: libpve-access-control\nStatus: install ok installed\nVersion: 8.1.4\n\n"
    "Package: pve-manager\nStatus: install ok installed\nVersion: 8.2.2\n"
)


@pytest.fixture
def bench():
    return small_bench()


@pytest.fixture
def desk(bench, monkeypatch):
    return Desk(bench, monkeypatch)


def token(bench, name="ci"):
    return bench.user("bob@pve").tokens.get(name)


def secrets_of(bench):
    text = bench.node.disk.read("etc/pve/priv/token.cfg") or b""
    return dict(line.split() for line in text.decode().splitlines())


@pytest.fixture
def keys(tmp_path):
    """A folder for secrets."""
    tmp_path.chmod(0o700)
    return tmp_path


# --- add --------------------------------------------------------------------------------


@pytest.mark.parametrize("named", [["bob@pve!new"], ["bob@pve", "new"]])
@pytest.mark.parametrize("command", [["token"], ["user", "token"]])
def test_a_token_is_named_as_one_word_or_as_two(desk, bench, keys, command, named):
    words = (*command, "add", *named, "--comment", "for ci", "--expire", "+1y", "--privsep", "0")
    ran = desk.run(*words, "--yes", "--save", keys / "secret")
    assert ran.code == OK
    made = token(bench, "new")
    assert (made.comment, made.privsep, made.expire > NOW) == ("for ci", False, True)
    secret = secrets_of(bench)["bob@pve!new"]
    both = f"bob@pve!new={secret}\nAuthorization: PVEAPIToken=bob@pve!new={secret}\n"
    assert (keys / "secret").read_text() == both
    assert secret not in ran.out + ran.err + repr(bench.journal.entries)


def test_a_dry_run_prints_the_exact_line_and_needs_no_place(desk):
    assert lines(desk, "token", "add", "bob@pve!new", "--comment", "a b") == [
        "pveum user token add bob@pve new --privsep 1 --comment 'a b'"
    ]


def test_its_secret_has_a_place_before_it_is_made(desk, bench):
    ran = desk.run("token", "add", "bob@pve!new", "--yes")
    assert isinstance(ran.error, UsageError)
    assert "--show-secrets" in ran.error.hint
    assert bench.api.writes == []


def test_its_secret_is_shown_at_a_terminal(desk, bench):
    ran = desk.run("token", "add", "bob@pve!new", stdin=Person("yes"))
    assert f"bob@pve!new={secrets_of(bench)['bob@pve!new']}" in ran.out


def test_its_secret_is_in_no_json(desk, bench, keys):
    ran = desk.run("token", "add", "bob@pve!new", "--yes", "--json", "--save", keys / "t")
    assert ran.value["result"]["steps"][0]["recorded"] == "full-tokenid=bob@pve!new"
    assert secrets_of(bench)["bob@pve!new"] not in ran.out + ran.err


def test_a_file_that_fails_afterwards_does_not_lose_it(desk, bench, keys):
    bench.api.after[1] = lambda: (keys / "t").write_text("somebody else's")
    ran = desk.run("token", "add", "bob@pve!new", "--save", keys / "t", stdin=Person("yes"))
    assert ran.code == FAILED
    assert secrets_of(bench)["bob@pve!new"] in ran.out


def test_it_gets_the_rights_of_its_user(desk, bench, keys):
    words = ("token", "add", "bob@pve!new", "--same-rights")
    assert lines(desk, *words) == [
        "pveum user token add bob@pve new --privsep 1",
        "pveum acl modify /vms/100 --roles Watch --tokens 'bob@pve!new' --propagate 0",
    ]
    assert desk.run(*words, "--yes", "--save", keys / "t").code == OK
    entries = [e for e in bench.node.state.access.acl if e.subject == "bob@pve!new"]
    assert [(e.path, e.role, e.propagate) for e in entries] == [("/vms/100", "Watch", False)]


# --- edit -------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["edit", "modify"])
def test_only_what_differs_is_sent(desk, bench, verb):
    words = ("token", verb, "bob@pve!ci", "--comment", "builds", "--privsep", "no")
    assert lines(desk, *words) == ["pveum user token modify bob@pve ci --privsep 0"]
    done(desk, *words)
    assert token(bench).privsep is False


def test_several_are_edited_at_once(desk, bench):
    bench.behind_our_back("POST", "/access/users/ann@pve/token/web")
    done(desk, "token", "edit", "bob@pve!ci", "ann@pve", "web", "--expire", "2027-06-01")
    assert token(bench).expire > NOW
    assert bench.user("ann@pve").tokens["web"].expire == token(bench).expire


def test_a_comment_is_cleared_as_with_pveum(desk, bench):
    words = ("user", "token", "modify", "bob@pve", "ci", "--delete", "comment")
    assert lines(desk, *words) == ["pveum user token modify bob@pve ci --delete comment"]
    done(desk, *words)
    assert not token(bench).comment


# --- new secrets ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", [("regenerate", "bob@pve!ci"), ("edit", "bob@pve!ci", "--regenerate")]
)
def test_a_new_secret_is_made_where_the_version_has_it(desk, bench, keys, words):
    assert lines(desk, "token", *words) == ["pveum user token modify bob@pve ci --regenerate 1"]
    before = secrets_of(bench).get("bob@pve!ci")
    ran = desk.run(
        *("token", *words, "--yes", "--override", "bob@pve!ci", "--save", keys / "secret")
    )
    assert ran.code == OK
    after = secrets_of(bench)["bob@pve!ci"]
    assert after != before
    assert (keys / "secret").read_text().startswith(f"bob@pve!ci={after}\n")
    assert [e.role for e in bench.node.state.access.acl if e.kind == "token"] == ["Watch"]


def test_values_and_a_new_secret_go_together(desk, bench, keys):
    words = ("token", "modify", "bob@pve!ci", "--comment", "new", "--regenerate", "1")
    assert lines(desk, *words) == [
        "pveum user token modify bob@pve ci --comment new",
        "pveum user token modify bob@pve ci --regenerate 1",
    ]
    ran = desk.run(*words, "--yes", "--override", "bob@pve!ci", "--save", keys / "secret")
    assert ran.code == OK
    assert token(bench).comment == "new"


def test_an_older_pve_makes_it_anew_with_its_values_and_entries(monkeypatch, keys):
    bench = small_bench(packages=OLD_PVE)
    desk = Desk(bench, monkeypatch)
    words = ("token", "regenerate", "bob@pve!ci")
    assert lines(desk, *words) == [
        "pveum user token remove bob@pve ci",
        "pveum user token add bob@pve ci --privsep 1 --comment builds",
        "pveum acl modify /vms/100 --roles Watch --tokens 'bob@pve!ci' --propagate 1",
    ]
    word = desk.run(*words, "--dry-run", "--json").value["plan"]["confirm"]
    ran = desk.run(*words, "--yes", "--override", word, "--save", keys / "secret")
    assert ran.code == OK
    assert secrets_of(bench)["bob@pve!ci"] in (keys / "secret").read_text()


def test_a_new_secret_has_a_place_before_the_old_one_ends(desk, bench):
    for words in (("regenerate", "bob@pve!ci"), ("edit", "bob@pve!ci", "--regenerate")):
        ran = desk.run("token", *words, "--yes")
        assert isinstance(ran.error, UsageError)
    assert bench.api.writes == []


# --- remove -----------------------------------------------------------------------------


@pytest.mark.parametrize("words", [("token", "remove"), ("user", "token", "delete")])
def test_tokens_are_removed(desk, bench, words):
    assert lines(desk, *words, "bob@pve", "ci") == ["pveum user token remove bob@pve ci"]
    done(desk, *words, "bob@pve!ci")
    assert token(bench) is None
    assert not [e for e in bench.node.state.access.acl if e.kind == "token"]


# --- what cannot be -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("add", "bob@pve"), "bob@pve names no API token"),
        (("add", "bob@pve!a1", "bob@pve!a2"), "several"),
        (("add", "bob@pve!ci"), "bob@pve!ci exists already"),
        (("add", "x@pve!new"), "There is no user x@pve"),
        (("add", "bob@pve", "9"), "begins with a letter"),
        (("add", "bob@pve!new", "--expire", "tomorrow"), "--expire: "),
        (("add", "bob@pve!new", "--same-rights", "--privsep", "0"), "privilege separation"),
        (("edit", "bob@pve!ci"), "Nothing is to change"),
        (("edit", "bob@pve!ci", "--delete", "comment", "--comment", "x"), "--delete comment"),
        (("edit", "bob@pve!no", "--privsep"), "There is no API token of bob@pve named no"),
        (("remove", "bob@pve!no"), "There is no API token of bob@pve named no"),
        (("regenerate", "bob@pve!no"), "There is no API token of bob@pve named no"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_done(desk, bench, keys, words, told):
    save = () if words[0] == "remove" else ("--save", keys / "t")
    ran = desk.run("token", *words, "--yes", *save)
    assert isinstance(ran.error, UsageError)
    assert told in str(ran.error)
    assert bench.api.writes == []
