"""`user`: added, edited, switched, given passwords and removed from the command line."""

import pytest

from pve_auth_tui import asking
from pve_auth_tui.arguments import OK, REFUSED
from pve_auth_tui.core.errors import Refused, UsageError
from tests.cli.desk import Desk, Person, Pipe
from tests.cli.writes import PASSWORD, done, lines, small_bench
from tests.simnode.small import NOW

DAY = 86_400
ADD = ("user", "add", "new@pve")


@pytest.fixture
def bench():
    return small_bench()


@pytest.fixture
def desk(bench, monkeypatch):
    return Desk(bench, monkeypatch)


@pytest.fixture
def typed(monkeypatch):
    """What somebody types without echo, line by line; the questions that were asked."""
    answers, questions = [], []

    def ask(question):
        questions.append(question)
        return answers.pop(0)

    monkeypatch.setattr(asking._asked, "__defaults__", (ask,))
    return answers, questions


def groups_of(bench, userid):
    config = bench.node.state.access
    return {group.id for group in config.groups.values() if userid in group.members}


# --- add --------------------------------------------------------------------------------


def test_a_user_is_added_with_every_field_and_a_password(desk, bench):
    done(
        desk,
        *(*ADD, "--firstname", "Nina", "--lastname", "New", "--email", "nina@example.com"),
        *("--comment", "from abroad: ünï", "--groups", "ops;dev", "--enable", "0"),
        *("--expire", "2027-06-01", "--keys", "x", "--password"),
    )
    user = bench.user("new@pve")
    assert (user.firstname, user.lastname, user.email) == ("Nina", "New", "nina@example.com")
    assert (user.comment, user.enable, user.keys) == ("from abroad: ünï", False, "x")
    assert user.expire > NOW
    assert groups_of(bench, "new@pve") == {"ops", "dev"}
    assert b"new:" in bench.node.disk.read("etc/pve/priv/shadow.cfg")


def test_a_user_with_nothing_else_is_pveums_line(desk):
    assert lines(desk, *ADD) == ["pveum user add new@pve"]


def test_a_dry_run_prints_the_exact_line_without_the_password(desk):
    words = (*ADD, "--groups", "ops, dev", "--enable", "off", "--password", "--comment", "a b")
    assert lines(desk, *words) == [
        "pveum user add new@pve --comment 'a b' --enable 0 --groups ops,dev --password '***'"
    ]


def test_days_from_now_count_from_the_clock(desk, bench):
    done(desk, *ADD, "--expire", "+30d")
    assert abs(bench.user("new@pve").expire - (NOW + 30 * DAY)) <= 3600  # summer time


# --- edit -------------------------------------------------------------------------------


def test_only_what_differs_is_sent_and_only_to_whom_it_differs(desk):
    assert lines(desk, "user", "edit", "ann@pve", "bob@pve", "--firstname", "Ann") == [
        "pveum user modify bob@pve --firstname Ann"
    ]


def test_several_users_are_edited_at_once(desk, bench):
    done(desk, "user", "modify", "ann@pve", "bob@pve", "--comment", "both", "--expire", "+2w")
    assert {bench.user(name).comment for name in ("ann@pve", "bob@pve")} == {"both"}
    assert bench.user("eve@pve").comment is None


def test_groups_are_all_of_them_unless_they_are_appended(desk, bench):
    assert lines(desk, "user", "edit", "bob@pve", "--groups", "ops", "--append") == [
        "pveum user modify bob@pve --groups ops --append 1"
    ]
    done(desk, "user", "edit", "bob@pve", "--groups", "ops")
    assert groups_of(bench, "bob@pve") == {"ops"}


def test_an_empty_list_is_no_group_at_all(desk, bench):
    done(desk, "user", "edit", "bob@pve", "--groups", "")
    assert groups_of(bench, "bob@pve") == set()


def test_groups_to_leave_are_named_and_the_others_stay(desk, bench):
    done(desk, "user", "edit", "bob@pve", "--groups", "ops", "--append", "--leave", "dev")
    assert groups_of(bench, "bob@pve") == {"ops"}


def test_an_empty_text_clears_a_field_and_never_an_expiry(desk, bench):
    bench.behind_our_back("PUT", "/access/users/ann@pve", comment="old", expire=NOW + DAY)
    done(desk, "user", "edit", "ann@pve", "--comment", "", "--expire", "never")
    assert (bench.user("ann@pve").comment or "", bench.user("ann@pve").expire) == ("", 0)


@pytest.mark.parametrize(
    ("said", "is_enabled"),
    [
        (["--enable"], True),
        (["--enable", "1"], True),
        (["--enable=yes"], True),
        (["--enable", "ON"], True),
        (["--enable", "0"], False),
        (["--enable=no"], False),
        (["--enable", "off"], False),
    ],
)
def test_a_flag_takes_pves_spellings_and_alone_it_is_1(desk, bench, said, is_enabled):
    bench.behind_our_back("PUT", "/access/users/bob@pve", enable=int(not is_enabled))
    done(desk, "user", "edit", "bob@pve", *said)
    assert bench.user("bob@pve").enable is is_enabled


# --- enable, disable, remove ---------------------------------------------------------------


def test_users_are_disabled_and_enabled(desk, bench):
    assert lines(desk, "user", "disable", "ann@pve", "bob@pve") == [
        "pveum user modify ann@pve --enable 0",
        "pveum user modify bob@pve --enable 0",
    ]
    done(desk, "user", "disable", "ann@pve", "bob@pve")
    assert not bench.user("ann@pve").enable
    done(desk, "user", "enable", "ann@pve")
    assert bench.user("ann@pve").enable
    assert not bench.user("bob@pve").enable


@pytest.mark.parametrize("verb", ["remove", "delete"])
def test_users_are_removed(desk, bench, verb):
    assert lines(desk, "user", verb, "bob@pve") == ["pveum user delete bob@pve"]
    done(desk, "user", verb, "bob@pve", "eve@pve")
    assert bench.user("bob@pve") is None
    assert bench.user("eve@pve") is None
    assert groups_of(bench, "bob@pve") == set()


# --- passwords ----------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["password", "passwd"])
def test_a_password_comes_from_standard_input_where_nobody_sits(desk, bench, verb):
    assert lines(desk, "user", verb, "ann@pve") == ["pveum passwd ann@pve"]
    before = bench.node.disk.read("etc/pve/priv/shadow.cfg")
    done(desk, "user", verb, "ann@pve")
    assert bench.node.disk.read("etc/pve/priv/shadow.cfg") != before


def test_a_password_is_asked_for_twice_at_a_terminal(desk, bench, typed):
    answers, questions = typed
    answers += [PASSWORD, PASSWORD]
    ran = desk.run("user", "password", "ann@pve", stdin=Person("ann@pve"))
    assert questions == ["New password of ann@pve: ", "Once more: "]
    assert ran.code == OK
    assert PASSWORD not in ran.out + ran.err


def test_two_that_differ_change_nothing(desk, bench, typed):
    typed[0].extend([PASSWORD, f"{PASSWORD}x"])
    ran = desk.run(*ADD, "--password", stdin=Person("yes"))
    assert isinstance(ran.error, UsageError)
    assert "two different passwords" in str(ran.error)
    assert PASSWORD not in str(ran.error)
    assert bench.api.writes == []


def test_ones_own_password_is_asked_for_besides(desk, bench):
    words = ("user", "password", "ann@pve", "--confirmation-password")
    ran = desk.run(*words, "--dry-run", stdin=Pipe(PASSWORD, "canary-of-my-own"))
    assert ran.code == OK
    assert "canary" not in ran.out + ran.err


def test_none_is_no_password(desk, bench):
    ran = desk.run("user", "password", "ann@pve", "--yes", stdin=Pipe(""))
    assert "No password was given" in str(ran.error)
    assert bench.api.writes == []


def test_one_that_is_too_short_is_not_repeated(desk, bench):
    ran = desk.run("user", "password", "ann@pve", "--yes", stdin=Pipe("kurz-9"))
    assert isinstance(ran.error, UsageError)
    assert "kurz-9" not in str(ran.error) + ran.error.hint + ran.out + ran.err
    assert bench.api.writes == []


@pytest.mark.parametrize(
    "words",
    [
        (*ADD, "--password", PASSWORD),
        (*ADD, f"--password={PASSWORD}"),
        ("user", "add", "--password", PASSWORD, "new@pve"),
        ("user", "password", "ann@pve", PASSWORD),
        ("user", "password", "ann@pve", "--confirmation-password", PASSWORD),
        ("user", "passwd", "ann@pve", "--yes", PASSWORD),
        ("user", "edit", "ann@pve", "--keys", PASSWORD),
        (*ADD, f"--keys={PASSWORD}"),
        (*ADD, PASSWORD),
    ],
)
def test_no_secret_is_taken_from_the_command_line_nor_repeated(desk, bench, words):
    with pytest.raises(UsageError) as refused:
        desk.run(*words)
    assert PASSWORD not in str(refused.value) + refused.value.hint
    assert "every user of this computer can read it" in str(refused.value)
    assert "visible already" in str(refused.value) + refused.value.hint
    assert bench.api.writes == []


@pytest.mark.parametrize("mark", ["x", "", "x!yubico"])
def test_the_mark_of_a_second_factor_is_no_secret(desk, mark):
    ran = desk.run(*ADD, "--keys", mark, "--dry-run")
    assert ran.code == OK


def test_a_realm_that_stores_no_password_refuses_one(desk, bench):
    bench.node.disk.write(
        "etc/pve/domains.cfg",
        b"ldap: corp\n\tserver1 ldap.example.com\n\tbase_dn dc=x\n\tuser_attr uid\n",
    )
    ran = desk.run("user", "add", "new@corp", "--password", "--yes", stdin=Pipe(PASSWORD))
    assert isinstance(ran.error, Refused)
    assert bench.api.writes == []


def test_an_option_that_is_misspelled_does_not_repeat_what_stands_behind_it(desk):
    for words in ((*ADD, "--pasword", PASSWORD), (*ADD, f"--pasword={PASSWORD}")):
        with pytest.raises(UsageError, match="--pasword") as refused:
            desk.run(*words)
        assert PASSWORD not in str(refused.value) + refused.value.hint


# --- what cannot be -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("user", "edit", "ann@pve", "--enable", "maybe"), "--enable: give 1 or 0"),
        (("user", "add"), "USER"),
        (("user", "remove"), "USER"),
        (("user",), "VERB"),
        (("user", "promote", "ann@pve"), "'promote'"),
        (("user", "edit", "ann@pve", "--frist", "x"), "--frist"),
    ],
)
def test_what_the_words_lack_is_said(desk, words, told):
    with pytest.raises(UsageError) as refused:
        desk.run(*words)
    assert told in str(refused.value)
    assert "pve-auth-tui user" in refused.value.hint


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("edit", "ann@pve"), "Nothing is to change"),
        (("edit", "ann@pve", "--append"), "Nothing is to change"),
        (("edit", "ann@pve", "--expire", "soon"), "--expire: "),
        (("edit", "nobody@pve", "--enable", "0"), "There is no user nobody@pve"),
        (("disable", "ann@pve", "nobody@pve"), "There is no user nobody@pve"),
        (("remove", "nobody@pve"), "nobody@pve"),
        (("password", "nobody@pve"), "nobody@pve"),
        (("edit", "ann@pve", "--groups", "nogroup"), "nogroup"),
        (("edit", "ann@pve", "--leave", "nogroup"), "nogroup"),
        (("add", "ann@pve"), "ann@pve exists already"),
        (("add", "nonsense"), "name@realm"),
        (("edit", "ann@pve", "--email", "no mail"), "mail"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_done(desk, bench, words, told):
    ran = desk.run("user", *words, "--yes", stdin=Pipe(PASSWORD))
    assert isinstance(ran.error, UsageError)
    assert told in str(ran.error)
    assert bench.api.writes == []


def test_what_is_so_already_is_refused(desk, bench):
    ran = desk.run("user", "edit", "ann@pve", "--firstname", "Ann", "--yes")
    assert ran.code == REFUSED
    assert "so already" in str(ran.error)


def test_the_guard_holds_here_too(desk, bench):
    ran = desk.run("user", "disable", "root@pam", "--yes")
    assert ran.code == REFUSED
    assert ran.error.hint.endswith("--override root@pam")
    assert bench.api.writes == []


def test_json_is_the_plan_and_its_result(desk, bench):
    ran = desk.run("user", "disable", "bob@pve", "--yes", "--json", "--reason", "left")
    assert list(ran.value) == ["plan", "result", "error"]
    assert ran.value["result"]["ok"] is True
    assert bench.journal.entries[0].reason == "left"


def test_it_can_take_itself_back(desk, bench):
    ran = desk.run("user", "disable", "bob@pve", "--yes", "--keep-within", "5")
    assert list(bench.timers.armed.values()) == [300]
    assert "unless it is kept" in ran.out
