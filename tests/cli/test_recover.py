"""`recover`: what is wrong, what is still there, the ways back; asked for or with options."""

import json
import re
from dataclasses import replace

import pytest

from pve_auth_tui import asking
from pve_auth_tui.actions import recover
from pve_auth_tui.arguments import FINDINGS, INTERRUPTED, OK, REFUSED
from pve_auth_tui.core.errors import Refused, Unreadable, UsageError
from pve_auth_tui.core.finding import Word
from pve_auth_tui.core.intents import factors, users
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.plan import Draft, Effect, HostCommand
from pve_auth_tui.core.recover.condition import Mount, Neighbour
from pve_auth_tui.core.recover.diagnosis import Cause, Check, Diagnosis
from pve_auth_tui.core.recover.have import Have
from pve_auth_tui.core.recover.ways import Kind, WayBack
from tests.cli.desk import Desk, Person, Pipe
from tests.services.workbench import Bench

PHONE, KEY = "0f9a1c2d-phone", "bc508934-key"
TFA = json.dumps(
    {
        "users": {
            "bob@pve": {
                "totp": [
                    {
                        "id": PHONE,
                        "description": "phone",
                        "created": 1_700_000_000,
                        "entry": "otpauth://totp/x:bob?secret=JBSWY3DPEHPK3PXP&issuer=x",
                    }
                ],
                "totp-locked": True,
            }
        }
    }
)
ASKED = (Have(PHONE, 'the phone "phone"', held=False), Have(KEY, 'the key "rack 3"', held=True))


def diagnosis(*causes, word: Word = "BAD", text="LOCKED (8 wrong codes)"):
    checks = (
        Check("ok", "node", "quorate"),
        Check(word, "TOTP", text, ("last right code 20 Nov",)),
    )
    return Diagnosis("bob@pve", ("bob@pve cannot log in.", "Nothing changed."), causes, checks)


def pulled_out(snapshot):
    """A way that does nothing but a command on the host, which should not be run now."""
    command = HostCommand(("/usr/bin/pvecm", "expected", "1"))
    told = (Effect("quorum", "this node alone decides"),)
    return Draft("count this node alone", (command,), told=told, word="alone", refusal="pve2 lives")


WAYS = (
    WayBack("use-key", "log in with the key", "changes nothing", Kind.SHOW,
            (Line("Open https://pve1:8006 and touch it."), Line("or use ssh", "Else"))),
    WayBack("unlock", "take the lock off", "the phone stays", Kind.PLAN,
            (Line("The phone works again.", word="ok"),), factors.unlock("bob@pve")),
    WayBack("remove-all", "remove all factors", "a password is enough then", Kind.PLAN, (),
            factors.remove("bob@pve", [PHONE])),
    WayBack("expected", "count this node alone", "pve2 is alive", Kind.REFUSED,
            (Line("Two halves that both write cannot be merged again."),), pulled_out),
)  # fmt: skip


@pytest.fixture
def bench():
    return Bench(tfa=TFA)


@pytest.fixture
def desk(bench, monkeypatch):
    """What Recover knows is given, so that these tests tell only what the command makes of it."""
    monkeypatch.setattr(recover, "diagnose", lambda situation: diagnosis(Cause.LOCKED))
    monkeypatch.setattr(recover, "questions", lambda situation: ASKED)
    held = []
    monkeypatch.setattr(recover, "ways_back", lambda situation, ids: held.append(ids) or WAYS)
    made = Desk(bench, monkeypatch)
    made.held = held
    return made


def is_locked(bench):
    return bool(bench.node.state.tfa.users["bob@pve"].totp_locked)


# --- nobody sits there ------------------------------------------------------------------


def test_it_says_what_is_wrong_what_may_be_there_and_the_ways(desk, bench):
    ran = desk.run("recover", "bob@pve")
    assert ran.code == FINDINGS
    assert ran.out.splitlines() == [
        "bob@pve cannot log in.",
        "Nothing changed.",
        "",
        "  ok    node  quorate",
        "  BAD   TOTP  LOCKED (8 wrong codes)",
        "              last right code 20 Nov",
        "",
        "What do you still have?",
        '  1 [ ] the phone "phone"  (0f9a1c2d-phone)',
        '  2 [x] the key "rack 3"  (bc508934-key)',
        "",
        "Ways back, least harm first",
        "  1 use-key     log in with the key",
        "                changes nothing",
        "  2 unlock      take the lock off",
        "                the phone stays",
        "  3 remove-all  remove all factors",
        "                a password is enough then",
        "  - expected    REFUSED: count this node alone",
        "                pve2 is alive",
        "                Two halves that both write cannot be merged again.",
        "",
    ]
    assert ran.err == ""
    assert bench.api.writes == []
    assert bench.journal.entries == []


def test_where_nothing_is_wrong_the_exit_code_says_so(desk, monkeypatch):
    monkeypatch.setattr(recover, "diagnose", lambda situation: diagnosis(word="ok", text="fine"))
    monkeypatch.setattr(recover, "questions", lambda situation: ())
    monkeypatch.setattr(recover, "ways_back", lambda situation, held: ())
    ran = desk.run("recover", "bob@pve")
    assert ran.code == OK
    assert "There is no way back to offer here." in ran.out
    assert "last right code" not in ran.out, "what is well needs no more words"


def test_without_a_name_it_is_about_root(desk, bench):
    desk.run("recover")
    seen = []
    desk._monkeypatch.setattr(
        recover, "diagnose", lambda situation: seen.append(situation.userid) or diagnosis()
    )
    desk.run("recover")
    assert seen == ["root@pam"]


def test_what_is_no_user_is_said_and_not_repeated(desk):
    """It may be a password."""
    ran = desk.run("recover", "s3cret")
    assert isinstance(ran.error, UsageError)
    assert "USER@REALM" in str(ran.error)
    assert "s3cret" not in f"{ran.error}{ran.error.hint}"


def test_untrusted_names_do_not_reach_the_terminal_raw(desk, monkeypatch):
    evil = "phone\x1b]52;c;aGk=\x07\n\u202e"
    check = Check("BAD", evil, evil, (evil,))
    found = Diagnosis("bob@pve", (evil,), (), (check,))
    way = WayBack(evil, evil, evil, Kind.REFUSED, (Line(evil, evil),), pulled_out)
    monkeypatch.setattr(recover, "diagnose", lambda situation: found)
    monkeypatch.setattr(recover, "questions", lambda situation: (Have(evil, evil, held=True),))
    monkeypatch.setattr(recover, "ways_back", lambda situation, held: (way,))
    out = desk.run("recover", "bob@pve").out
    assert "52;c" in out
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", out)
    assert desk.run("recover", "bob@pve", "--json").out.isascii()


@pytest.mark.parametrize(
    ("words", "held"),
    [
        ((), {KEY}),
        (("--have", PHONE), {KEY, PHONE}),
        (("--lost", KEY), set()),
        (("--have", "0f9a", "--lost", "bc50"), {PHONE}),
    ],
)
def test_what_is_still_there_may_be_said_with_options(desk, words, held):
    desk.run("recover", "bob@pve", *words)
    assert desk.held == [held]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--have", "nothing"), "No second factor has the id nothing."),
        (("--lost", "bc5"), "No second factor has the id bc5."),
        (("--have", KEY, "--lost", KEY), "cannot be both"),
        (("--way", "fly"), "fly is no way back here."),
        (("--way", "-"), "- is no way back here."),
        (("--way", "4"), "4 is no way back here."),
    ],
)
def test_what_is_not_there_is_said_with_what_is(desk, words, said):
    ran = desk.run("recover", "bob@pve", *words)
    assert said in str(ran.error)
    assert ran.code == 2


def test_who_names_a_way_that_needs_something_has_it(desk, monkeypatch):
    """A phone that is locked is guessed to be lost; whoever wants it unlocked has it."""
    monkeypatch.setattr(
        recover, "ways_back", lambda situation, held: WAYS if PHONE in held else WAYS[:1]
    )
    ran = desk.run("recover", "bob@pve", "--way", "unlock", "--dry-run")
    assert "Plan: unlock" in ran.out
    ran = desk.run("recover", "bob@pve", "--way", "unlock", "--dry-run", "--lost", PHONE)
    assert "unlock is no way back here." in str(ran.error)


def test_a_way_that_changes_nothing_is_told(desk, bench):
    ran = desk.run("recover", "bob@pve", "--way", "use-key")
    assert ran.code == FINDINGS
    assert ran.out.endswith("Open https://pve1:8006 and touch it.\nElse  or use ssh\n")
    assert bench.api.writes == []


def test_a_way_needs_yes(desk, bench):
    ran = desk.run("recover", "bob@pve", "--way", "unlock")
    assert ran.code == REFUSED
    assert ran.error.hint.endswith("--yes")
    assert bench.api.writes == []


def test_with_yes_it_is_run_and_stays_on_record(desk, bench):
    """R18: reason, who, a banner for later sessions."""
    ran = desk.run("recover", "bob@pve", "--way", "unlock", "--yes", "--reason", "8 typos")
    assert ran.code == OK
    assert "The phone works again." in ran.out
    assert "ok    PVE was asked again, and it is as foretold." in ran.out
    assert not is_locked(bench)
    assert bench.journal.entries[0].reason == "8 typos"
    (one,) = desk.workshop.recover.unseen()
    assert (one.userid, one.reason, one.outcome, one.who) == (
        "bob@pve", "8 typos", "done", "a test",
    )  # fmt: skip


def test_without_a_reason_the_verdict_is_one(desk, bench):
    desk.run("recover", "bob@pve", "--way", "2", "--yes")
    assert bench.journal.entries[0].reason == "bob@pve cannot log in."


def test_a_refused_way_runs_only_with_its_word(desk, bench):
    ran = desk.run("recover", "bob@pve", "--way", "expected", "--yes")
    assert ran.code == REFUSED
    assert "pve2 lives" in str(ran.error)
    assert ran.error.hint.endswith("--override alone")
    assert bench.journal.entries == []


def test_a_dry_run_shows_a_plan_and_does_nothing(desk, bench):
    ran = desk.run("recover", "bob@pve", "--dry-run")
    assert ran.code == OK
    assert "Plan: unlock" in ran.out
    ran = desk.run("recover", "bob@pve", "--dry-run", "--way", "expected")
    assert ran.code == REFUSED
    assert "Plan: count this node alone" in ran.out
    assert bench.api.writes == []
    assert bench.journal.entries == []
    assert desk.workshop.recover.unseen() == ()


# --- JSON -------------------------------------------------------------------------------


def test_json_says_all_of_it(desk, bench):
    ran = desk.run("recover", "bob@pve", "--json")
    assert ran.code == FINDINGS
    value = ran.value
    assert value["user"] == "bob@pve"
    assert value["diagnosis"]["causes"] == ["LOCKED"]
    assert value["diagnosis"]["checks"][1] == {
        "word": "BAD",
        "subject": "TOTP",
        "text": "LOCKED (8 wrong codes)",
        "more": ["last right code 20 Nov"],
    }
    assert value["have"][0] == {"id": PHONE, "text": 'the phone "phone"', "held": False}
    by_id = {way["id"]: way for way in value["ways"]}
    assert [way["number"] for way in value["ways"]] == [1, 2, 3, None]
    assert by_id["use-key"]["commands"] == []
    assert by_id["expected"]["commands"] == ["/usr/bin/pvecm expected 1"]
    assert by_id["unlock"]["commands"][0].startswith("pveum user tfa unlock")
    assert (value["way"], value["plan"], value["result"], value["error"]) == (None,) * 4


def test_json_writes_the_same_evidence(desk, bench):
    """R18: there is no quiet way."""
    ran = desk.run("recover", "bob@pve", "--json", "--way", "unlock", "--yes")
    assert ran.code == OK
    assert ran.value["way"] == "unlock"
    assert ran.value["result"]["ok"] is True
    assert ran.value["plan"]["commands"]
    assert not is_locked(bench)
    assert bench.journal.told[0] == "begin 0"
    (one,) = desk.workshop.recover.unseen()
    assert one.outcome == "done"


def test_json_tells_why_nothing_was_done(desk, bench):
    ran = desk.run("recover", "bob@pve", "--json", "--way", "unlock")
    assert ran.code == REFUSED
    assert "Nobody is there" in ran.value["error"]["message"]
    assert ran.value["diagnosis"]["causes"] == ["LOCKED"]
    assert bench.api.writes == []


def test_json_says_why_a_way_has_no_plan(desk, monkeypatch):
    way = WayBack("unlock", "x", "", Kind.PLAN, (), factors.unlock("nobody@pve"))
    monkeypatch.setattr(recover, "ways_back", lambda situation, held: (way,))
    (told,) = desk.run("recover", "bob@pve", "--json").value["ways"]
    assert told["commands"] == []
    assert "nobody@pve" in told["why_not"]


# --- somebody sits there ----------------------------------------------------------------


def test_a_person_is_asked_what_is_there_which_way_why_and_yes(desk, bench):
    ran = desk.run("recover", "bob@pve", stdin=Person("1", "2", "it fell into the lake", "yes"))
    assert ran.code == OK
    assert desk.held[-1] == {PHONE}
    assert bench.journal.entries[0].reason == "it fell into the lake"
    assert not is_locked(bench)
    assert "Run it? Type yes: " in ran.err


def test_enter_keeps_what_is_marked_takes_no_way_and_changes_nothing(desk, bench):
    ran = desk.run("recover", "bob@pve", stdin=Person("", ""))
    assert ran.code == FINDINGS
    assert desk.held[-1] == {KEY}
    assert bench.api.writes == []


def test_a_terminal_that_is_gone_takes_no_way(desk, bench):
    ran = desk.run("recover", "bob@pve", stdin=Person("nonsense", "7", "0"))
    assert desk.held[-1] == set()
    assert "Type numbers from 1 to 2" in ran.err
    assert bench.api.writes == []


def test_a_way_that_is_none_is_asked_for_again(desk):
    ran = desk.run("recover", "bob@pve", stdin=Person("", "9", "use-key"))
    assert "9 is no way back here." in ran.err
    assert "touch it" in ran.out


def test_enter_takes_the_verdict_as_the_reason(desk, bench):
    desk.run("recover", "bob@pve", stdin=Person("", "unlock", "", "yes"))
    assert bench.journal.entries[0].reason == "bob@pve cannot log in."


def test_a_heavy_or_refused_way_asks_for_its_word(desk, bench):
    person = Person("", "expected", "", "yes")
    ran = desk.run("recover", "bob@pve", stdin=person)
    assert "Type  alone  to run it" in ran.err
    assert ran.code == REFUSED
    assert bench.journal.entries == []


def test_no_is_no(desk, bench):
    ran = desk.run("recover", "bob@pve", stdin=Person("", "2", "", "no"))
    assert ran.code == REFUSED
    assert is_locked(bench)


def test_whoever_is_asked_sees_what_is_asked_though_stdout_leads_elsewhere(desk):
    ran = desk.run("recover", "bob@pve", stdin=Person("", ""), piped=True)
    for said in ("bob@pve cannot log in.", "What do you still have?", "2 unlock"):
        assert said in ran.out
        assert said in ran.err


# --- a temporary administrator ----------------------------------------------------------

TEMPORARY = ("recover", "bob@pve", "--way", "temporary")
PASSWORD = "long-enough-7c1e"


@pytest.fixture
def asks(monkeypatch):
    way = WayBack("temporary", "a second administrator for some hours", "own password", Kind.ASK)
    monkeypatch.setattr(recover, "ways_back", lambda situation, held: (way,))


def test_a_temporary_administrator_carries_reason_and_expiry(desk, bench, asks):
    """R18."""
    words = (*TEMPORARY, "--new-user", "rescue@pve", "--reason", "a lake", "--yes")
    ran = desk.run(*words, "--hours", "2", stdin=Pipe(PASSWORD))
    assert ran.code == OK, ran.error
    made = bench.user("rescue@pve")
    assert made.expire == int(bench.clock.now()) + 2 * 3600
    assert made.comment.startswith("TEMPORARY administrator until ")
    assert made.comment.endswith(": a lake")
    assert PASSWORD not in ran.out + ran.err


def test_a_person_is_asked_for_name_and_password(desk, bench, asks, monkeypatch):
    typed = [PASSWORD, PASSWORD]
    monkeypatch.setattr(asking, "_asked", lambda question: typed.pop(0))
    ran = desk.run(*TEMPORARY, stdin=Person("a lake", "rescue@pve", "yes"))
    assert ran.code == OK, ran.error
    assert bench.user("rescue@pve").comment.endswith(": a lake")
    assert typed == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Who is to be made?"),
        (("--new-user", "rescue@pam"), "belongs to the realm pve"),
        (("--new-user", "rescue@pve", "--hours", "73"), "from 1 to 72 hours"),
        (("--new-user", "ann@pve"), "ann@pve"),
    ],
)
def test_one_that_cannot_be_made_is_said(desk, bench, asks, words, said):
    ran = desk.run(*TEMPORARY, "--yes", *words, stdin=Pipe(PASSWORD))
    assert said in str(ran.error)
    assert bench.api.writes == []


# --- nothing takes a line ---------------------------------------------------------------


@pytest.fixture
def full(bench):
    bench.journal.full_after = 0
    return bench


def test_where_nothing_records_it_nothing_is_done(desk, full):
    """R16."""
    ran = desk.run("recover", "bob@pve", "--way", "unlock", "--yes")
    assert ran.code == REFUSED
    assert "The journal takes no entries" in str(ran.error)
    assert is_locked(full)


def test_a_typed_yes_goes_on_and_says_so(desk, full):
    """R16: recover may go on after a typed yes."""
    ran = desk.run("recover", "bob@pve", stdin=Person("", "2", "", "yes", "yes"))
    assert ran.code == OK
    assert "Nothing will tell later what was done here. Go on all the same? Type yes" in ran.err
    assert "NOT RECORDED" in ran.out
    assert not is_locked(full)


@pytest.mark.parametrize("typed", ["", "y", "no"])
def test_anything_else_does_not(desk, full, typed):
    ran = desk.run("recover", "bob@pve", stdin=Person("", "2", "", "yes", typed))
    assert ran.code == REFUSED
    assert is_locked(full)


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_without_a_terminal_an_option_is_the_typed_yes(desk, full, form):
    words = ("recover", "bob@pve", "--way", "unlock", "--yes", "--unrecorded", *form)
    ran = desk.run(*words)
    assert ran.code == OK
    assert "NOT RECORDED" in ran.out
    assert not is_locked(full)


def test_the_option_alone_hides_nothing(desk, bench):
    """R18: where something takes a line, it is written."""
    ran = desk.run("recover", "bob@pve", "--way", "unlock", "--yes", "--unrecorded")
    assert "NOT RECORDED" not in ran.out
    assert bench.journal.told[0] == "begin 0"


# --- the other nodes, and what cannot be read ---------------------------------------------


def test_other_nodes_are_asked_only_where_they_may_be_the_way(desk, bench):
    """As on the screen: one that has quorum sends nothing to others, whatever else is dead."""
    desk.run("recover", "bob@pve")
    bench.api.dead = Unreadable("dead")
    desk.run("recover", "bob@pve")
    assert desk.probe.asked == 0
    not_mounted(desk)
    desk.run("recover", "bob@pve")
    assert desk.probe.asked == 1


def not_mounted(desk):
    one_of_many = {"mount": Mount.BARE, "clustered": True}
    desk.probe.condition = replace(desk.probe.condition, **one_of_many)


def test_a_person_sees_who_answers(desk, bench):
    not_mounted(desk)
    desk.probe.neighbours = (Neighbour("pve2", alive=True), Neighbour("pve3", alive=False))
    ran = desk.run("recover", "bob@pve", stdin=Person("", ""))
    assert ran.err.startswith("asking the other nodes ...\npve2 answers\n")
    assert "pve3" not in ran.err


def test_where_nothing_can_be_read_it_goes_on(desk, bench, monkeypatch):
    """A forced way that does not answer: what the machine says is there all the same."""

    def unreadable():
        raise Unreadable("pveproxy does not answer.", "Start it.")

    monkeypatch.setattr(bench.outlooks, "fresh", unreadable)
    not_mounted(desk)
    seen = []
    monkeypatch.setattr(
        recover, "diagnose", lambda situation: seen.append(situation.snapshot) or diagnosis()
    )
    assert desk.run("recover", "bob@pve").code == FINDINGS
    assert seen[0].access.problem == "pveproxy does not answer."
    assert seen[0].access.hint == "Start it."
    assert desk.probe.asked == 1


# --- afterwards -------------------------------------------------------------------------


def test_it_says_what_to_do_now_with_commands(desk):
    out = desk.run("recover", "bob@pve", "--way", "unlock", "--yes").out
    then = out.partition("What to do now\n")[2]
    assert "pve-auth-tui prove bob@pve" in then
    assert "pve-auth-tui recover --acknowledge" in then
    assert "gets in: p," not in then
    value = desk.run("recover", "bob@pve", "--way", "remove-all", "--yes", "--override",
                     "bob@pve", "--json").value  # fmt: skip
    assert value["result"]["ok"]
    assert "Login" in [line["heading"] for line in value["afterwards"]]


def test_it_says_nothing_of_that_where_nothing_was_done(desk, bench):
    bench.api.dead = None
    bench.api.before[1] = lambda: (_ for _ in ()).throw(Refused("not today"))
    ran = desk.run("recover", "bob@pve", "--way", "unlock", "--yes", "--json")
    assert ran.code == REFUSED
    assert ran.value["afterwards"] == []
    assert desk.workshop.recover.unseen() == ()


def test_what_was_done_is_told_until_somebody_has_seen_it(desk):
    desk.run("recover", "bob@pve", "--way", "unlock", "--yes")
    ran = desk.run("recover", "--acknowledge")
    assert (ran.code, ran.out) == (OK, "1 recovery acknowledged: not told of again.\n")
    assert desk.workshop.recover.unseen() == ()
    assert desk.run("recover", "--acknowledge").out == "There was nothing to acknowledge.\n"
    assert desk.run("recover", "--acknowledge", "--json").value == {"acknowledged": 0}


def test_a_signal_ends_it_between_two_steps(desk, bench, monkeypatch):
    import signal

    two = WayBack("off", "x", "", Kind.PLAN, (), users.switch(["ann@pve", "eve@pve"], enable=False))
    monkeypatch.setattr(recover, "ways_back", lambda situation, held: (two,))
    bench.api.before[1] = lambda: signal.raise_signal(signal.SIGTERM)
    ran = desk.run("recover", "bob@pve", "--way", "off", "--yes")
    assert ran.code == INTERRUPTED
    assert len(bench.api.writes) == 1
    (one,) = desk.workshop.recover.unseen()
    assert one.outcome == "failed"


@pytest.mark.parametrize("form", [(), ("--json",)])
@pytest.mark.parametrize("way", ["unlock", "remove-all"])
def test_no_secret_is_told(desk, way, form):
    ran = desk.run("recover", "bob@pve", "--way", way, "--dry-run", *form)
    assert "Plan" in ran.out or ran.value["plan"]
    assert "JBSWY3DPEHPK3PXP" not in ran.out
