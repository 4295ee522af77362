"""PVE's own modules in a Perl child. The Perl is real, the modules are stand-ins (standin/PVE)."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.adapters import bridge as bridge_module
from pve_auth_tui.adapters import linechild
from pve_auth_tui.adapters.bridge import Bridge
from pve_auth_tui.core.errors import ApiError, Refused, Unreachable, UsageError
from pve_auth_tui.core.ports import Api
from pve_auth_tui.core.secret import Secret

STANDIN = Path(__file__).parent / "standin"
PROJECT = Path(__file__).parents[2]
CANARY = "canary-of-a-password"
WRONG = ("access", "wrong")

Make = Callable[..., Bridge]


def as_root() -> int:
    return 0


def standin_bridge(host: str = "", **kwargs) -> Bridge:
    """A bridge to the stand-in modules, which also somebody who is not root may start."""
    return Bridge(host, **{"include": STANDIN, "euid": as_root, **kwargs})


@pytest.fixture
def make() -> Iterator[Make]:
    """Makes bridges and closes them."""
    made = []

    def one(*args, **kwargs) -> Bridge:
        made.append(standin_bridge(*args, **kwargs))
        return made[-1]

    yield one
    for bridge in made:
        bridge.close()


@pytest.fixture(scope="module")
def bridge() -> Iterator[Bridge]:
    """One for all tests that leave it alive and well."""
    one = standin_bridge("pve1.example.com:8006")
    yield one
    one.close()


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    """The stand-in modules in a folder where a test may break them."""
    return Path(shutil.copytree(STANDIN, tmp_path / "modules"))


def pid_of(bridge: Bridge) -> int:
    return int(bridge.call("GET", (*WRONG, "me"))["pid"])


def gone(pid: int, seconds: float = 5.0) -> bool:
    """Whether a process ends within that time (or waits only to be buried)."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state in "ZX":
            return True
        time.sleep(0.005)
    return False


# --- as long as all is well ------------------------------------------------------------------


def test_it_is_an_api_called_direct_that_asks_as_root(bridge):
    assert isinstance(bridge, Api)
    assert (bridge.way, bridge.user) == ("direct", "root@pam")
    assert bridge.call("GET", (*WRONG, "me"))["user"] == "root@pam"


def test_it_says_what_it_has_loaded(bridge):
    loaded = bridge.start()
    assert loaded.whole
    assert loaded.release.startswith("9.1.1")
    assert loaded.taint, "as pvedaemon: perl -T"
    assert bridge.call("GET", ("version",)) == {"release": "9.1", "version": "9.1.1"}


def test_what_is_written_is_there_when_it_is_read_again(make):
    bridge = make()
    assert bridge.call("POST", ("access", "users"), {"userid": "ann@pve", "enable": True}) is None
    assert bridge.call("PUT", ("access", "users", "ann@pve"), {"comment": "a\nb"}) is None
    found = bridge.call("GET", ("access", "users", "ann@pve"))
    assert found == {"userid": "ann@pve", "enable": "1", "comment": "a\nb"}
    bridge.call("DELETE", ("access", "users", "ann@pve"))
    assert "ann@pve" not in str(bridge.call("GET", ("access", "users")))


def test_calls_share_one_child(bridge):
    assert pid_of(bridge) == pid_of(bridge)


def test_a_number_a_boolean_and_an_empty_text_arrive_as_over_http(make):
    bridge = make()
    bridge.call("POST", ("access", "users"), {"userid": "n@pve", "enable": False, "comment": ""})
    found = bridge.call("GET", ("access", "users", "n@pve"))
    assert (found["enable"], found["comment"]) == ("0", "")
    bridge.call("PUT", ("access", "users", "n@pve"), {"comment": 7})
    assert bridge.call("GET", ("access", "users", "n@pve"))["comment"] == "7"


def test_threads_get_their_own_answers(bridge):
    for number in range(4):
        bridge.call("POST", ("access", "users"), {"userid": f"t{number}@pve"})
    wrong = []

    def read(number):
        for _ in range(25):
            userid = f"t{number}@pve"
            if bridge.call("GET", ("access", "users", userid))["userid"] != userid:
                wrong.append(userid)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_thread_that_started_the_child_may_end(make):
    bridge = make()
    first = []
    thread = threading.Thread(target=lambda: first.append(pid_of(bridge)))
    thread.start()
    thread.join()
    assert pid_of(bridge) == first[0]


def test_webauthn_gets_its_origin_from_the_host_and_without_one_fails_as_in_pvesh(bridge, make):
    assert bridge.call("GET", (*WRONG, "origin")) == "https://pve1.example.com:8006"
    with pytest.raises(ApiError, match="no hostname available"):
        make().call("GET", (*WRONG, "origin"))


def test_workers_run_for_themselves_as_those_of_pvedaemon(bridge):
    assert bridge.call("GET", (*WRONG, "me"))["type"] == "priv"


def test_files_for_pves_web_server_stay_readable_for_it(make):
    before = os.umask(0o077)  # as the command line sets it for itself
    try:
        assert int(make().call("GET", (*WRONG, "umask"))) == 0o022
    finally:
        os.umask(before)


# --- texts of any kind -----------------------------------------------------------------------


def test_a_latin_1_byte_of_user_cfg_is_a_character_and_finds_its_user(make):
    bridge = make()
    assert "Üser@pve" in [user["userid"] for user in bridge.call("GET", ("access", "users"))]
    bridge.call("PUT", ("access", "users", "Üser@pve"), {"comment": "Grüße €"})
    assert bridge.call("GET", ("access", "users", "Üser@pve"))["comment"] == "Grüße €"


def test_bytes_and_wide_characters_break_no_line(bridge):
    assert bridge.call("GET", (*WRONG, "bytes")) == {
        "latin1": "\xdc\xff\0",
        "wide": "€😀\u2028",
    }


def test_half_a_character_is_not_sent(bridge):
    for path, params, secrets in (
        (("access", "users", "\udcfc@pve"), {}, {}),
        (("access", "users"), {"userid": "\ud800"}, {}),
        (("access", "users"), {}, {"password": Secret(f"{CANARY}\ud800")}),
    ):
        with pytest.raises(UsageError) as caught:
            bridge.call("POST", path, params, secrets)
        assert caught.value.__context__ is None, "it would hold the password"


NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters="/:"),
    min_size=1,
    max_size=30,
)


@given(NAMES)
def test_what_a_legal_userid_holds_reaches_the_module_as_meant(bridge, name):
    userid = f"{name}@pve"
    bridge.call("POST", ("access", "users"), {"userid": userid, "comment": name})
    try:
        found = bridge.call("GET", ("access", "users", userid))
        assert (found["userid"], found["comment"]) == (userid, name)
        assert userid in [user["userid"] for user in bridge.call("GET", ("access", "users"))]
    finally:
        bridge.call("DELETE", ("access", "users", userid))


@pytest.mark.parametrize(
    "userid",
    [
        "root@pam#x@corp",
        "a?enable=0@pve",
        "%41nn@pve",
        "-dash@pve",
        "two@at@pve",
        "ann@pve!ci",
        "ü@x",
    ],
)
def test_signs_of_a_url_are_part_of_the_name(bridge, userid):
    bridge.call("POST", ("access", "users"), {"userid": userid})
    bridge.call("DELETE", ("access", "users", userid))
    left = [user["userid"] for user in bridge.call("GET", ("access", "users"))]
    assert userid not in left
    assert "root@pam" in left


@pytest.mark.parametrize("part", ["", ".", "..", "a/b", "a\0"])
def test_a_part_that_no_path_can_hold_is_refused_before_it_is_sent(bridge, part):
    with pytest.raises(UsageError):
        bridge.call("GET", ("access", "users", part))


def test_a_newline_at_the_end_of_a_name_does_not_get_lost_on_the_way(bridge):
    with pytest.raises(ApiError, match="not implemented") as caught:
        bridge.call("DELETE", ("access", "users", "root@pam\n"))
    assert caught.value.code == 501
    assert bridge.call("GET", ("access", "users", "root@pam"))


# --- PVE's own refusals ----------------------------------------------------------------------


def test_a_bad_parameter_is_400_with_a_text_for_each(bridge):
    with pytest.raises(ApiError) as caught:
        bridge.call("POST", ("access", "users"), {"userid": "x@pve", "bogus": 1})
    assert caught.value.code == 400
    assert caught.value.original == "Parameter verification failed.\n"
    assert caught.value.errors == {"bogus": "property is not defined in schema"}
    with pytest.raises(ApiError) as caught:
        bridge.call("PUT", (*WRONG, "nested"))
    assert caught.value.errors == {"comment": "two\nlines"}


def test_what_dies_is_500_in_its_own_words(bridge):
    with pytest.raises(ApiError) as caught:
        bridge.call("GET", (*WRONG, "die"))
    assert caught.value.code == 500
    assert str(caught.value) == "create group failed: group 'ops' already exists"
    assert caught.value.original.endswith("exists\n")


def test_an_odd_code_and_odd_errors_are_500(bridge):
    with pytest.raises(ApiError, match="odd") as caught:
        bridge.call("GET", (*WRONG, "odd"))
    assert (caught.value.code, caught.value.errors) == (500, {})


def test_an_unknown_path_and_a_space_in_a_name_are_501_as_over_http(bridge):
    for path in (("access", "nosuch"), ("access", "users", "bad id")):
        with pytest.raises(ApiError) as caught:
            bridge.call("GET", path)
        assert caught.value.code == 501
        assert str(caught.value) == f"Method 'GET /{'/'.join(path)}' not implemented"


def test_a_parameter_that_contradicts_the_path_is_refused_as_over_http(bridge):
    with pytest.raises(ApiError) as caught:
        bridge.call("PUT", ("access", "users", "root@pam"), {"userid": "ann@pve", "comment": "x"})
    assert "conflicting values" in caught.value.errors["userid"]


def test_an_unknown_method_is_not_sent(bridge):
    with pytest.raises(UsageError):
        bridge.call("PATCH", ("access", "users"))


def test_an_answer_that_is_no_data_is_an_error_and_the_child_lives(bridge):
    before = pid_of(bridge)
    for what in ("code", "deep"):
        with pytest.raises(ApiError, match="answer is no JSON"):
            bridge.call("GET", (*WRONG, what))
    assert pid_of(bridge) == before


# --- other nodes and other callers -----------------------------------------------------------


def test_what_belongs_to_another_node_is_refused_and_names_it(bridge):
    for node in ("pve1", "localhost"):
        assert bridge.call("GET", ("nodes", node, "status")) == {"node": node}
    with pytest.raises(Refused, match="on node 'pve2', not here"):
        bridge.call("GET", ("nodes", "pve2", "status"))
    assert bridge.call("PUT", ("called", "100")) == "done"
    with pytest.raises(Refused, match="'pve2'"):
        bridge.call("PUT", ("called", "101"))
    with pytest.raises(ApiError) as caught:
        bridge.call("GET", ("somewhere",))
    assert caught.value.errors == {"node": "proxyto parameter does not exist"}


def test_nobody_but_root_can_be_asked_for(bridge):
    question = {"op": "call", "method": "GET", "path": "/access/users", "params": {}}
    with pytest.raises(Refused, match="unknown key 'user'"):
        bridge._ask({**question, "user": "ann@pve"}, False, 5.0)
    with pytest.raises(Refused, match="unknown question"):
        bridge._ask({**question, "op": "become"}, False, 5.0)


def test_without_root_it_says_so_and_starts_nothing(make):
    bridge = make(euid=lambda: 1000)
    with pytest.raises(Unreachable, match="only to root") as caught:
        bridge.call("PUT", ("access", "users", "root@pam"))
    assert not caught.value.unsure
    assert bridge._child is None


# --- tickets and secrets ---------------------------------------------------------------------


def test_a_minted_ticket_is_roots_and_stays_hidden(bridge):
    ticket, csrf = bridge.mint()
    assert ticket.reveal().startswith("PVE:root@pam:")
    assert csrf.reveal().count(":") == 1
    assert "PVE:" not in repr((ticket, csrf)) + repr(bridge) + bridge.said


def test_a_secret_is_in_no_argv_no_log_and_no_exception(make):
    bridge = make()
    secret = {"password": Secret(CANARY)}
    bridge.call("POST", ("access", "users"), {"userid": "s@pve"}, secret)
    assert bridge.call("GET", ("access", "users", "s@pve"))["password"] == CANARY
    pid = pid_of(bridge)
    for file in ("cmdline", "environ"):
        assert CANARY.encode() not in Path(f"/proc/{pid}/{file}").read_bytes()
    with pytest.raises(ApiError) as caught:
        bridge.call("POST", ("access", "users"), {"userid": "s@pve"}, secret)
    assert CANARY not in f"{caught.value!r} {caught.value.original} {bridge.said} {bridge!r}"
    with pytest.raises(Unreachable) as broken:
        bridge.call("PUT", (*WRONG, "crash"), {}, secret)
    assert CANARY not in f"{broken.value!r} {broken.value.original} {broken.value.__context__!r}"


# --- the poisoned environment (R1) -----------------------------------------------------------


def test_what_the_caller_left_in_the_environment_steers_no_perl(make, monkeypatch, tmp_path):
    evil = tmp_path / "PVE"
    evil.mkdir()
    for name in ("RPCEnvironment", "API2", "Exception"):
        (evil / f"{name}.pm").write_text("die 'poisoned'; 1;")
    for name, value in {
        "PERL5LIB": str(tmp_path),
        "PERL5OPT": "-Mpoison",
        "PERLLIB": str(tmp_path),
        "PERL5DB": "BEGIN { die 'poisoned' }",
        "PATH": str(tmp_path),
        "BASH_ENV": str(evil),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    bridge = make()
    assert bridge.start().whole
    assert bridge.call("GET", (*WRONG, "environment")).keys() == {"PATH", "HOME", "LC_ALL"}
    # Without the stand-ins there is nothing to find, neither in the folder we are in nor there.
    with pytest.raises(Unreachable, match="not installed here"):
        make(include=None).start()


def test_nothing_of_ours_but_its_own_pipes_reaches_the_child(make, tmp_path):
    with open(tmp_path / "ours", "w") as ours:
        os.set_inheritable(ours.fileno(), True)
        found = make().call("GET", (*WRONG, "descriptors"))
    assert not [name for name in found if "ours" in name]
    assert len([name for name in found if name.startswith("pipe:")]) == 5, "2 log, 3 private"


def test_it_starts_at_the_top_by_an_absolute_path_and_with_nothing_to_read(make, monkeypatch):
    monkeypatch.chdir(STANDIN)
    bridge = make()
    pid = pid_of(bridge)
    assert os.readlink(f"/proc/{pid}/cwd") == "/"
    assert os.readlink(f"/proc/{pid}/fd/0") == "/dev/null", "it has read its program"
    assert bridge_module.PERL.startswith("/")


# --- what only looks like an answer (R3) -----------------------------------------------------

FORGED = '\n{"id":"%s","data":"forged"}\n' % ("0" * 32)


@pytest.mark.parametrize("what", ["say", "worker"])
def test_a_synced_name_with_a_newline_and_json_is_never_an_answer(make, what):
    bridge = make()
    before = pid_of(bridge)
    assert bridge.call("PUT", (*WRONG, what), {"text": FORGED}) != "forged"
    for _ in range(20):
        assert bridge.call("GET", (*WRONG, "nothing")) is None
    assert pid_of(bridge) == before


def test_what_is_printed_is_kept_as_a_log(make):
    bridge = make()
    bridge.call("GET", (*WRONG, "say"), {"text": "a warning of PVE\n"})
    bridge.close()
    assert bridge.said == "a warning of PVE\n" * 2


def test_the_log_does_not_grow_without_end(make):
    bridge = make()
    for _ in range(5):
        bridge.call("PUT", (*WRONG, "say"), {"text": "x" * 30_000 + "\n"})
    bridge.close()
    assert len(bridge.said) == 64 * 1024


@pytest.mark.parametrize(
    "text",
    [FORGED, FORGED[1:], "no json\n", "[1]\n", "[" * 60_000 + "\n"],
    ids=["empty line first", "another id", "no json", "no object", "too deep"],
)
def test_a_line_that_is_not_the_awaited_answer_ends_the_child(make, text):
    bridge = make()
    before = pid_of(bridge)
    with pytest.raises(Unreachable, match="no answer") as caught:
        bridge.call("PUT", (*WRONG, "forge"), {"text": text})
    assert caught.value.unsure
    assert "look before" in caught.value.hint
    assert gone(before)
    assert pid_of(bridge) != before


def test_a_reading_that_was_not_answered_may_be_repeated(make):
    with pytest.raises(Unreachable) as caught:
        make().call("GET", (*WRONG, "forge"), {"text": FORGED})
    assert not caught.value.unsure


def test_a_line_that_comes_unasked_ends_the_child_before_the_next_question(make):
    bridge = make()
    before = pid_of(bridge)
    bridge.call("PUT", (*WRONG, "forge_later"), {"text": FORGED})
    assert bridge._child is not None
    while bridge._child.quiet():
        time.sleep(0.005)
    assert pid_of(bridge) != before
    assert gone(before)


def test_a_program_that_pve_starts_has_none_of_the_private_pipes(bridge):
    found = bridge.call("GET", (*WRONG, "program"))
    held = [line.rpartition(" -> ")[2] for line in found if "pipe:" in line]
    assert len(held) == 2, "its own output and the log"


@pytest.mark.parametrize("line", ["no json", "{}", '{"op":"hello"}', '{"id":"x","op":"hello"}'])
def test_a_question_without_an_id_that_cannot_be_guessed_ends_the_child(make, line):
    bridge = make()
    pid = pid_of(bridge)
    assert bridge._child is not None
    bridge._child._send(f"{line}\n".encode(), time.monotonic() + 1)
    assert gone(pid)


# A child that answers each question with what is put together here of its `id`.
ODD = """
import json, os, sys
ask, answer = int(sys.argv[1]), int(sys.argv[2])
for line in open(ask):
    question = json.loads(line)
    right = json.dumps({{"id": question["id"], "data": {{"pid": os.getpid()}}}}) + "\\n"
    odd = json.dumps({{"id": question["id"], {odd}}}) + "\\n"
    os.write(answer, ({said}).encode())
"""


def odd_child(odd: str, said: str) -> list[str]:
    return [sys.executable, "-I", "-c", ODD.format(odd=odd, said=said)]


def test_what_comes_with_an_answer_ends_the_child_before_the_next_question(make):
    said = "right + (odd if question['op'] == 'call' else '')"
    bridge = make(command=odd_child('"data": "forged"', said))
    first, second = (bridge.call("PUT", ("access",))["pid"] for _ in range(2))
    assert first != second, "and that it is not unsure of the second one"
    assert gone(first)


@pytest.mark.usefixtures("typed")
def test_a_child_without_a_program_has_nothing_to_read(make):
    bridge = make(command=odd_child("", "right"))
    pid = bridge.call("GET", ("access",))["pid"]
    assert os.readlink(f"/proc/{pid}/fd/0") == "/dev/null"


@pytest.mark.parametrize("odd", ['"data": []', '"data": None', '"code": 1e999', '"id2": 1'])
def test_a_greeting_that_is_none_is_no_child(make, odd):
    with pytest.raises(Unreachable, match="could not be started"):
        make(command=odd_child(odd.replace("1e999", "float('inf')"), "odd")).start()


@pytest.mark.parametrize("odd", ["[]", "{}", "None", '{"ticket": 1, "csrf": "x"}', '{"csrf": "x"}'])
def test_what_is_no_ticket_is_not_used_as_one(make, odd):
    said = "odd if question['op'] == 'mint' else right"
    with pytest.raises(Unreachable, match="made no ticket"):
        make(command=odd_child(f'"data": {odd}', said)).mint()


def test_a_code_that_is_no_number_is_500():
    for code in (float("inf"), "x", None, [], "9" * 5000):
        assert bridge_module.as_api_error({"code": code, "message": "no"}).code == 500


def test_an_answer_without_end_is_not_taken(make, monkeypatch):
    monkeypatch.setattr(linechild, "MOST_BYTES", 100_000)
    with pytest.raises(Unreachable, match="its answer is too long"):
        make().call("GET", (*WRONG, "long"))


# --- when it ends or hangs -------------------------------------------------------------------


@pytest.mark.parametrize(("method", "unsure"), [("GET", False), ("PUT", True)])
@pytest.mark.parametrize("what", ["crash", "exit"])
def test_a_crash_in_a_call_is_told_and_the_next_call_has_a_new_child(make, what, method, unsure):
    bridge = make()
    with pytest.raises(Unreachable, match="it has ended") as caught:
        bridge.call(method, (*WRONG, what))
    assert caught.value.unsure is unsure
    if what == "exit":
        assert caught.value.original == "last words\n"
    assert bridge.call("GET", (*WRONG, "nothing")) is None


@pytest.mark.parametrize(("method", "unsure"), [("GET", False), ("PUT", True)])
def test_a_call_that_hangs_ends_in_time_with_all_that_it_started(make, method, unsure):
    bridge = make()
    before = pid_of(bridge)
    start = time.monotonic()
    with pytest.raises(Unreachable, match="in time") as caught:
        bridge.call(method, (*WRONG, "hang_in_a_child"), seconds=0.2)
    assert time.monotonic() - start < 1.0
    assert caught.value.unsure is unsure
    assert gone(before)
    assert not processes_of_group(before)


def processes_of_group(group: int) -> list[str]:
    """The members of a process group that still run, by their stat."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _parent, of = stat.read_text().rpartition(")")[2].split()[:3]
            if int(of) == group and state not in "ZX":
                found.append(stat.parent.name)
    return found


def test_a_child_that_ended_between_two_calls_is_replaced_unseen(make):
    bridge = make()
    before = pid_of(bridge)
    os.kill(before, signal.SIGKILL)
    assert gone(before)
    bridge.call("PUT", ("access", "users", "root@pam"), {"comment": "x"})
    assert pid_of(bridge) != before


def test_a_child_that_ends_again_and_again_is_left_alone_until_somebody_asks(make):
    bridge = make()
    for _ in range(3):
        with pytest.raises(Unreachable, match="it has ended"):
            bridge.call("GET", (*WRONG, "crash"))
    with pytest.raises(Unreachable, match="ended 3 times within a minute"):
        bridge.call("GET", (*WRONG, "nothing"))
    bridge.again()
    assert bridge.call("GET", (*WRONG, "nothing")) is None


def test_who_waits_behind_a_long_call_waits_no_longer_than_asked(make):
    bridge = make()
    bridge.start()
    thread = threading.Thread(target=lambda: suppressed(bridge, "hang", seconds=1.0))
    thread.start()
    while not bridge._lock.locked():
        time.sleep(0.001)
    with pytest.raises(Unreachable, match="busy"):
        bridge.call("PUT", (*WRONG, "nothing"), seconds=0.05)
    bridge.close()
    thread.join()


def suppressed(bridge: Bridge, what: str, seconds: float) -> None:
    with pytest.raises(Unreachable):
        bridge.call("GET", (*WRONG, what), seconds=seconds)


def test_close_ends_a_call_under_way_and_every_call_after(make):
    bridge = make()
    pid = pid_of(bridge)
    thread = threading.Thread(target=lambda: suppressed(bridge, "hang", seconds=30.0))
    thread.start()
    while not bridge._lock.locked():
        time.sleep(0.001)
    bridge.close()
    thread.join(2.0)
    assert not thread.is_alive()
    assert gone(pid)
    with pytest.raises(Unreachable, match="closed"):
        bridge.call("GET", (*WRONG, "nothing"))
    bridge.close()


PARENT = """
import sys, os
sys.path.insert(0, {project!r})
from pathlib import Path
from pve_auth_tui.adapters.bridge import Bridge
bridge = Bridge(include=Path({standin!r}), euid=lambda: 0)
print(bridge.call("GET", ("access", "wrong", "me"))["pid"], flush=True)
if {hang}:
    bridge.call("PUT", ("access", "wrong", {what!r}), seconds=600)
sys.stdin.read()
"""


@pytest.mark.parametrize("what", ["", "hang", "hang_in_a_child"])
def test_the_child_does_not_outlive_us_whatever_it_does(what):
    code = PARENT.format(project=str(PROJECT), standin=str(STANDIN), what=what, hang=bool(what))
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        if what == "hang_in_a_child":
            while len(processes_of_group(child)) < 2:
                time.sleep(0.01)
        assert not gone(child, 0.1)
    finally:
        parent.kill()
        parent.wait()
    assert gone(child)
    assert not processes_of_group(child)


# --- what is loaded --------------------------------------------------------------------------


def test_without_the_whole_tree_what_is_below_access_still_answers(make, modules):
    (modules / "PVE/API2.pm").write_text("package PVE::API2; use PVE::NoSuchThing; 1;")
    bridge = make(include=modules)
    loaded = bridge.start()
    assert not loaded.whole
    assert "Can't locate PVE/NoSuchThing.pm" in loaded.missing
    assert bridge.call("GET", ("access", "users", "root@pam"))["userid"] == "root@pam"
    for path in (("version",), ("accessible", "users")):
        with pytest.raises(ApiError, match="not loaded: only what is below /access") as caught:
            bridge.call("GET", path)
        assert caught.value.code == 501
    with pytest.raises(ApiError, match="not implemented"):
        bridge.call("GET", ("access", "nosuch"))


def test_a_machine_without_pve_is_told_so_in_plain_words(make, modules):
    (modules / "PVE/RPCEnvironment.pm").unlink()
    with pytest.raises(Unreachable, match="PVE's own modules are not installed here") as caught:
        make(include=modules).call("GET", ("access", "users"))
    assert "Can't locate PVE/RPCEnvironment.pm in @INC" in caught.value.original
    assert not caught.value.unsure


def test_without_pmxcfs_it_says_so_and_works_again_once_it_runs(make, modules):
    dead = modules / "PVE/RPCEnvironment.pm.dead"
    dead.touch()
    bridge = make(include=modules)
    for _ in range(4):
        with pytest.raises(Unreachable, match="pmxcfs does not answer") as caught:
            bridge.call("PUT", ("access", "users", "root@pam"))
        assert "systemctl status pve-cluster" in caught.value.hint
        assert not caught.value.unsure
    assert "ipcc_send_rec[1] failed: Connection refused" in caught.value.original
    dead.unlink()
    bridge.again()
    assert bridge.call("GET", (*WRONG, "nothing")) is None


def test_pmxcfs_that_ends_later_is_told_without_a_new_child(make, modules):
    bridge = make(include=modules)
    before = pid_of(bridge)
    dead = modules / "PVE/RPCEnvironment.pm.dead"
    dead.touch()
    with pytest.raises(Unreachable, match="pmxcfs does not answer") as caught:
        bridge.call("PUT", ("access", "users", "root@pam"))
    assert not caught.value.unsure
    dead.unlink()
    assert pid_of(bridge) == before


@pytest.mark.parametrize(
    ("text", "reason"),
    [("sleep 60;", "did not answer in time"), ("exit 4;", "has ended"), ("die 'odd';", "odd")],
)
def test_modules_that_do_not_load_are_told(make, modules, text, reason):
    (modules / "PVE/RPCEnvironment.pm").write_text(text)
    with pytest.raises(Unreachable, match="could not be started") as caught:
        make(include=modules, start_seconds=0.3).start()
    assert reason in caught.value.original


def test_a_machine_without_perl_is_told(make, monkeypatch):
    monkeypatch.setattr(bridge_module, "PERL", "/usr/bin/no-perl")
    with pytest.raises(Unreachable, match="Perl cannot be started"):
        make().start()


def test_a_changed_package_means_a_new_child_but_never_in_a_call(make, tmp_path):
    status = tmp_path / "status"
    status.write_text("one")
    bridge = make(watched=status)
    first = pid_of(bridge)
    assert pid_of(bridge) == first
    new = tmp_path / "new"
    new.write_text("two")
    new.replace(status)
    second = pid_of(bridge)
    assert second != first
    assert gone(first)
    status.unlink()
    assert pid_of(bridge) != second
    for number in range(5):  # apt changes it often; that is no crash
        status.write_text(str(number))
        os.utime(status, (number, number))
        pid_of(bridge)


def test_the_program_is_read_from_the_package_and_not_from_a_folder(make):
    bridge = make()
    pid = pid_of(bridge)
    command = Path(f"/proc/{pid}/cmdline").read_text()
    assert command.startswith("pve-auth-tui: bridge to PVE")
    assert json.dumps(command).count("access") == 0


def test_nobody_can_change_the_program_on_its_way(make):
    with linechild._as_file(b"print 1;") as program:
        with pytest.raises(PermissionError):
            os.write(program, b"print 2;")
        with pytest.raises(PermissionError):
            os.truncate(program, 0)
        assert not os.get_inheritable(program)
