"""`change`: any call of PVE's API as a plan: shown, confirmed, run, told, and never a secret."""

import json
import shlex
import signal

import pytest

from pve_auth_tui import asking
from pve_auth_tui.arguments import FAILED, INTERRUPTED, OK, REFUSED
from pve_auth_tui.core.errors import Unreachable, UsageError
from tests.cli.desk import Desk, Person, Pipe
from tests.services.workbench import USERS, Bench, HeldTimers

CANARY = "canary-7d1f-long-enough"
BOB = "access/users/bob@pve"
OFF = ("change", "set", BOB, "enable=0")
TOKEN = f"{USERS}token:bob@pve!ci:0:1::\n"
DROP_TOKEN = ("change", "delete", f"{BOB}/token/ci")


@pytest.fixture
def bench():
    return Bench(users=TOKEN, timers=HeldTimers())


@pytest.fixture
def desk(bench, monkeypatch):
    return Desk(bench, monkeypatch)


# --- nobody sits there ------------------------------------------------------------------


def test_with_yes_it_is_shown_run_and_told(desk, bench):
    ran = desk.run(*OFF, "--yes", "--reason", "he left")
    assert ran.code == OK
    assert ran.out.startswith("Plan: set /access/users/bob@pve  ORDINARY, can be taken back\n")
    assert "pveum user modify bob@pve --enable 0" in ran.out
    assert "ok    PVE was asked again, and it is as foretold." in ran.out
    assert f"Take it back: pve-auth-tui undo {bench.plans.history()[0].id}" in ran.out
    assert ran.err == ""
    assert not bench.user("bob@pve").enable
    assert (bench.journal.entries[0].text, bench.journal.entries[0].reason) == ("1 step", "he left")


def test_what_is_not_there_is_said_without_keys_of_a_screen(desk):
    for words in (("unlock", "nobody@pve"), ("change", "delete", "/access/users/nobody@pve")):
        ran = desk.run(*words, "--yes")
        assert "nobody@pve" in str(ran.error)
        assert ran.error.hint == ""


def test_without_yes_nothing_is_done(desk, bench):
    ran = desk.run(*OFF)
    assert ran.code == REFUSED
    assert "Nobody is there to be asked" in str(ran.error)
    assert "pveum user modify bob@pve" in ran.out
    assert bench.api.writes == []


def test_a_dry_run_shows_the_plan_and_does_nothing(desk, bench):
    ran = desk.run(*OFF, "--dry-run")
    assert ran.code == OK
    assert ran.out.startswith("Plan: ")
    assert "Take back  pve-auth-tui undo, or by hand:\n" in ran.out  # no key: this is no screen
    assert bench.api.writes == []
    assert bench.journal.entries == []


def test_a_dry_run_of_what_the_guard_refuses_says_so_by_its_exit_code(desk, bench):
    ran = desk.run("change", "set", "access/users/root@pam", "enable=0", "--dry-run")
    assert ran.code == REFUSED
    assert "BAD" in ran.out
    assert bench.api.writes == []


def test_what_the_guard_refuses_needs_the_word(desk, bench):
    off = ("change", "set", "access/users/root@pam", "enable=0")
    ran = desk.run(*off, "--yes")
    assert ran.code == REFUSED
    assert ran.error.hint.endswith("--override root@pam")
    ran = desk.run(*off, "--yes", "--override", "yes")
    assert "not the word that this plan asks for" in str(ran.error)
    assert bench.api.writes == []
    assert desk.run(*off, "--yes", "--override", "root@pam").code == OK


def test_a_heavy_plan_needs_the_word_and_yes(desk, bench):
    ran = desk.run(*DROP_TOKEN, "--yes")
    assert ran.code == REFUSED
    assert "HEAVY" in str(ran.error)
    word = shlex.split(ran.error.hint)[-1]
    assert desk.run(*DROP_TOKEN, "--override", word).code == REFUSED
    assert bench.api.writes == []
    assert desk.run(*DROP_TOKEN, "--override", word, "--yes").code == OK


def test_a_word_that_no_plan_asks_for_does_no_harm(desk):
    assert desk.run(*OFF, "--yes", "--override", "whatever").code == OK


def test_keep_within_takes_it_back_by_itself(desk, bench):
    ran = desk.run(*OFF, "--yes", "--keep-within", "5")
    ((plan, seconds),) = bench.timers.armed.items()
    assert seconds == 300
    assert f"unless it is kept: pve-auth-tui keep {plan}" in ran.out


# --- somebody sits there ----------------------------------------------------------------


def test_a_person_is_asked_and_sees_each_step(desk, bench):
    ran = desk.run(*OFF, stdin=Person("yes"))
    assert ran.code == OK
    assert "Run it? Type yes: " in ran.err
    assert "ok    1 of 1  pveum user modify bob@pve --enable 0" in ran.err
    assert not bench.user("bob@pve").enable


@pytest.mark.parametrize("typed", ["", "y", "no", "YES please"])
def test_anything_but_yes_leaves_it(desk, bench, typed):
    ran = desk.run(*OFF, stdin=Person(typed))
    assert ran.code == REFUSED
    assert "not confirmed" in str(ran.error)
    assert bench.api.writes == []


def test_a_heavy_plan_asks_for_its_word(desk, bench):
    assert desk.run(*DROP_TOKEN, stdin=Person("yes")).code == REFUSED
    assert bench.api.writes == []
    ran = desk.run(*DROP_TOKEN, stdin=Person("bob@pve!ci"))
    assert "Type  bob@pve!ci  to run it" in ran.err
    assert ran.code == OK


def test_a_plan_that_has_changed_is_shown_anew_to_a_person(desk, bench):
    def somebody_is_quicker():
        bench.behind_our_back("PUT", f"/{BOB}", groups="ops")
        return "bob@pve"

    remove = ("change", "delete", BOB)
    person = Person(somebody_is_quicker, "no")
    ran = desk.run(*remove, stdin=person)
    assert "The node has changed since the plan was made" in ran.err
    assert ran.out.count("Plan: delete /access/users/bob@pve") == 2
    assert ran.code == REFUSED
    assert bench.api.writes == []


def test_with_yes_a_plan_that_has_changed_is_not_run(desk, bench, monkeypatch):
    fresh, looks = bench.outlooks.fresh, []

    def looked():
        looks.append(1)
        if len(looks) == 2:
            bench.behind_our_back("PUT", f"/{BOB}", comment="new", groups="ops")
        return fresh()

    monkeypatch.setattr(bench.outlooks, "fresh", looked)
    ran = desk.run("change", "delete", BOB, "--yes", "--override", "bob@pve")
    assert ran.code == REFUSED
    assert "has changed since" in str(ran.error)
    assert bench.api.writes == []


# --- JSON -------------------------------------------------------------------------------


def test_as_json_it_is_one_value_with_stable_keys(desk, bench):
    ran = desk.run(*OFF, "--yes", "--json")
    assert ran.code == OK
    assert list(ran.value) == ["plan", "result", "error"]
    plan, result = ran.value["plan"], ran.value["result"]
    assert list(plan) == [
        *("title", "weight", "confirm", "refusal", "findings", "changes", "stays", "objects"),
        *("commands", "unforeseen", "take_back"),
    ]
    assert list(result) == [
        *("id", "ok", "stopped", "steps", "differences", "others", "remarks", "undoable"),
        "taken_back_at",
    ]
    assert plan["commands"] == ["pveum user modify bob@pve --enable 0"]
    assert plan["take_back"]["commands"] == ["pveum user modify bob@pve --enable 1"]
    assert plan["objects"] == [{"kind": "user", "name": "bob@pve", "part": ""}]
    assert result["steps"] == [
        {
            "command": "pveum user modify bob@pve --enable 0",
            "state": "done",
            "seen": None,
            "recorded": None,
            "error": None,
        }
    ]
    assert (result["ok"], result["undoable"], ran.value["error"]) == (True, True, None)


def test_as_json_a_refusal_is_a_value_too(desk, bench):
    ran = desk.run(*OFF, "--json")
    assert ran.code == REFUSED
    assert ran.value["result"] is None
    assert ran.value["error"]["message"].startswith("Nobody is there to be asked")
    assert "Nobody is there" in ran.err
    dry = desk.run(*OFF, "--json", "--dry-run")
    assert (dry.code, dry.value["result"], dry.value["error"]) == (OK, None, None)


def test_as_json_a_person_sees_the_plan_beside_it(desk):
    ran = desk.run(*OFF, "--json", stdin=Person("yes"))
    assert ran.value["result"]["ok"]
    assert "Plan: set /access/users/bob@pve" in ran.err


# --- it does not go well ----------------------------------------------------------------


def test_a_lock_that_is_held_is_a_refusal(desk, bench):
    bench.node.faults.held_locks.add("file-user_cfg")
    ran = desk.run(*OFF, "--yes")
    assert ran.code == REFUSED
    assert "somebody else is changing user.cfg" in ran.out
    assert "Nothing was changed." in ran.out


def test_no_answer_is_a_failure_that_says_what_was_seen(desk, bench):
    def die():
        raise Unreachable("No answer came.", unsure=True)

    bench.api.before[1] = die
    ran = desk.run(*OFF, "--yes", "--json")
    assert ran.code == FAILED
    (step,) = ran.value["result"]["steps"]
    assert (step["state"], step["seen"]) == ("failed", False)


def test_what_pve_would_refuse_is_told_before_anything_is_asked(desk, bench):
    with_error = desk.run("change", "delete", "access/users/nobody@pve", "--yes")
    assert with_error.error is not None
    assert bench.api.writes == []
    assert bench.journal.entries == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_between_two_steps(desk, bench, monkeypatch, number):
    from pve_auth_tui.actions import running, signals
    from pve_auth_tui.core.intents.users import switch

    monkeypatch.setattr(signals.os, "write", lambda fd, text: None)
    bench.api.before[1] = lambda: signal.raise_signal(number)
    options = type(
        "Options",
        (),
        {
            "dry_run": False,
            "json": False,
            "yes": True,
            "override": "",
            "reason": "",
            "keep_within": 0,
            "glyphs": "auto",
        },
    )()
    before = signal.getsignal(number)
    outcome = running.carry_out(
        switch(["ann@pve", "bob@pve"], enable=False), options, desk.workshop
    )
    assert signal.getsignal(number) is before
    assert outcome.code == INTERRUPTED
    assert outcome.report.stopped
    assert [one.state.value for one in outcome.report.results] == ["done", "not run"]
    assert "ended between two steps" in outcome.text


def test_whoever_has_turned_the_lost_terminal_off_wants_it_to_go_on(desk, bench):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        bench.api.before[1] = lambda: signal.raise_signal(signal.SIGHUP)
        assert desk.run(*OFF, "--yes").code == OK
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


# --- what cannot be a call --------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((BOB, "enable"), "enable is no NAME=VALUE"),
        ((BOB, "=1"), "=1 is no NAME=VALUE"),
        ((BOB, "enable=0", "enable=1"), "enable is given twice"),
        (("/", "a=b"), "path of the call is missing"),
        (("access/users/..", "enable=0"), ""),
    ],
)
def test_what_cannot_be_a_call_is_told(desk, bench, words, told):
    ran = desk.run("change", "set", *words, "--yes")
    assert isinstance(ran.error, UsageError)
    assert told in str(ran.error)
    assert bench.api.writes == []


def test_a_path_may_begin_with_a_slash_or_not(desk):
    for path in (f"/{BOB}", f"{BOB}/"):
        assert desk.run("change", "set", path, "enable=0", "--dry-run").code == OK


def test_a_value_may_hold_an_equals_sign(desk, bench):
    assert desk.run("change", "set", BOB, "comment=a=b", "--yes").code == OK
    assert bench.user("bob@pve").comment == "a=b"


# --- secrets ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("access/password", "password"),
        ("access/users/bob@pve", "password"),
        ("access/domains/x", "client-key"),
        ("access/tfa/bob@pve", "value"),
        ("access/tfa/bob@pve", "totp"),
        ("access/tfa/bob@pve", "confirmation-password"),
        ("access/ticket", "otp"),
    ],
)
def test_no_secret_is_taken_from_the_command_line(desk, bench, path, value):
    ran = desk.run("change", "create", path, f"{value}={CANARY}", "--yes")
    assert isinstance(ran.error, UsageError)
    assert f"--secret {value}" in ran.error.hint
    assert CANARY not in str(ran.error) + ran.error.hint + ran.out + ran.err
    assert bench.api.writes == []


@pytest.mark.parametrize(
    "given",
    [f"keys={CANARY}", f"tfa=type=yubico,id=1,key={CANARY}", f"http_proxy=http://u:{CANARY}@proxy"],
)
def test_values_that_may_hold_a_secret_are_not_either(desk, given):
    ran = desk.run("change", "set", BOB, given, "--yes")
    assert isinstance(ran.error, UsageError)
    assert "is a secret" in str(ran.error)


@pytest.mark.parametrize("given", ["keys=x", "keys=", "keys=x!yubico"])
def test_the_mark_of_a_second_factor_is_no_secret(desk, given):
    ran = desk.run("change", "set", BOB, given, "--dry-run")
    assert not (ran.error and "is a secret" in str(ran.error))


NEW = ("change", "create", "access/users", "userid=new@pve")


def test_a_secret_is_read_from_standard_input(desk, bench):
    ran = desk.run(*NEW, "--secret", "password", "--yes", stdin=Pipe(CANARY))
    assert ran.code == OK
    assert "pveum user add new@pve --password '***'" in ran.out
    assert CANARY not in ran.out + ran.err + repr(bench.journal.entries)
    assert b"new:" in bench.node.disk.read("etc/pve/priv/shadow.cfg")


def test_a_secret_is_asked_for_without_echo_at_a_terminal(desk, bench, monkeypatch):
    asked = []

    def typed(question):
        asked.append(question)
        return CANARY

    monkeypatch.setattr(asking._asked, "__defaults__", (typed,))
    ran = desk.run(*NEW, "--secret", "password", stdin=Person("yes"))
    assert asked == ["password: "]
    assert ran.code == OK
    assert CANARY not in ran.out + ran.err


def test_nothing_for_a_secret_is_no_secret(desk, bench):
    ran = desk.run(*NEW, "--secret", "password", "--yes", stdin=Pipe(""))
    assert "Nothing was given for password" in str(ran.error)
    assert bench.api.writes == []


def test_a_secret_is_in_no_json(desk):
    ran = desk.run(*NEW, "--secret", "password", "--yes", "--json", stdin=Pipe(CANARY))
    assert ran.code == OK
    assert CANARY not in ran.out + ran.err


# --- what PVE tells only once -----------------------------------------------------------


ADD_TOKEN = ("change", "create", f"{BOB}/token/new")


def secret_of(bench):
    tokens = bench.node.disk.read("etc/pve/priv/token.cfg").decode()
    return dict(line.split() for line in tokens.splitlines())["bob@pve!new"]


def test_a_token_s_secret_has_a_place_before_the_token_is_made(desk, bench):
    ran = desk.run(*ADD_TOKEN, "--yes")
    assert isinstance(ran.error, UsageError)
    assert bench.api.writes == []
    assert desk.run(*ADD_TOKEN, "--dry-run").code == OK


def test_a_token_s_secret_is_saved(desk, bench, tmp_path):
    tmp_path.chmod(0o700)
    ran = desk.run(*ADD_TOKEN, "--yes", "--save", tmp_path / "token")
    assert ran.code == OK
    assert (tmp_path / "token").read_text() == (
        f"bob@pve!new={secret_of(bench)}\n"
        f"Authorization: PVEAPIToken=bob@pve!new={secret_of(bench)}\n"
    )
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600
    assert secret_of(bench) not in ran.out + ran.err + repr(bench.journal.entries)


def test_a_file_that_is_there_is_found_before(desk, bench, tmp_path):
    tmp_path.chmod(0o700)
    (tmp_path / "token").write_text("mine")
    ran = desk.run(*ADD_TOKEN, "--yes", "--save", tmp_path / "token")
    assert ran.error is not None
    assert bench.api.writes == []


def test_a_token_s_secret_is_shown_at_a_terminal(desk, bench):
    ran = desk.run(*ADD_TOKEN, stdin=Person("yes"))
    assert f"bob@pve!new={secret_of(bench)}" in ran.out
    assert "Nobody can see this again" in ran.out
    assert secret_of(bench) not in repr(bench.journal.entries)


def test_in_json_it_is_never(desk, bench, tmp_path):
    tmp_path.chmod(0o700)
    ran = desk.run(*ADD_TOKEN, "--yes", "--json", "--save", tmp_path / "token")
    assert ran.code == OK
    assert secret_of(bench) not in json.dumps(ran.value)
    (step,) = ran.value["result"]["steps"]
    assert step["recorded"] == "full-tokenid=bob@pve!new"


def test_a_file_that_fails_afterwards_does_not_lose_it(desk, bench, tmp_path, monkeypatch):
    tmp_path.chmod(0o700)
    token = tmp_path / "token"
    bench.api.after[1] = lambda: token.write_text("somebody else's")
    ran = desk.run(*ADD_TOKEN, "--save", token, stdin=Person("yes"))
    assert ran.code == FAILED
    assert secret_of(bench) in ran.out
    assert token.read_text() == "somebody else's"


def test_a_refused_plan_hands_nothing_over(desk, bench, tmp_path):
    tmp_path.chmod(0o700)
    bench.node.faults.held_locks.add("file-user_cfg")
    ran = desk.run(*ADD_TOKEN, "--yes", "--save", tmp_path / "token")
    assert ran.code != OK
    assert not (tmp_path / "token").exists()
