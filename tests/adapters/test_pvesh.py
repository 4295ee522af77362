"""PVE's API through pvesh: real children that say what the real pvesh said in the recordings."""

from __future__ import annotations

import json
import shlex
import sys
import threading
import time
from pathlib import Path

import pytest

from pve_auth_tui.adapters.pvesh import PVESH, Pvesh
from pve_auth_tui.core.errors import ApiError, Refused, Unreachable, UsageError
from pve_auth_tui.core.ports import Api
from pve_auth_tui.core.secret import Secret
from tests.adapters.test_bridge import gone

GOLDEN = Path(__file__).parents[1] / "conformance" / "golden" / "api"
METHODS = {"get": "GET", "create": "POST", "set": "PUT", "delete": "DELETE"}
CANARY = "canary-of-a-password"

# Says what the recorded pvesh said, and notes how it was run.
REPLAY = """
import json, os, sys
said = json.load(open(sys.argv[1]))
with open(sys.argv[2], "w") as note:
    json.dump({"argv": sys.argv[3:], "env": dict(os.environ), "cwd": os.getcwd(),
               "stdin": sys.stdin.read(), "umask": os.umask(0)}, note)
sys.stdout.buffer.write(said["stdout"].encode("utf-8", "surrogateescape"))
sys.stderr.write(said["stderr"])
sys.exit(said["rc"])
"""


class Recorded:
    """A pvesh that always says the same; `note` is how it was run the last time."""

    def __init__(self, folder: Path) -> None:
        self._script = folder / "replay.py"
        self._script.write_text(REPLAY)
        self._said = folder / "said.json"
        self._note = folder / "note.json"

    def says(self, stdout: str = "", stderr: str = "", rc: int = 0) -> Pvesh:
        self._said.write_text(json.dumps({"stdout": stdout, "stderr": stderr, "rc": rc}))
        command = (sys.executable, "-I", *map(str, (self._script, self._said, self._note)))
        return Pvesh(command=command, euid=lambda: 0)

    @property
    def note(self) -> dict:
        return json.loads(self._note.read_text())


@pytest.fixture
def recorded(tmp_path: Path) -> Recorded:
    return Recorded(tmp_path)


def recordings() -> list:
    """What the real pvesh was asked for by method and path, and what it said."""
    found = []
    for topic in ("17-cli", "18-no-quorum", "18-ipc-refused"):
        for call in json.loads((GOLDEN / f"{topic}.json").read_text())["calls"]:
            words = shlex.split(call.get("cli", ""))
            if len(words) > 2 and words[0] == "pvesh" and words[1] in METHODS:
                if call["rc"] == 0 and call["stdout"] and "json" not in words:
                    continue  # a table
                found.append(pytest.param(words, call, id=call["cli"][:60]))
    return found


def params_of(words: list[str]) -> dict[str, str]:
    names = [word.removeprefix("--") for word in words[::2]]
    return {k: v for k, v in zip(names, words[1::2], strict=True) if k != "output-format"}


# --- what the real one said ------------------------------------------------------------------


def test_there_are_recordings_of_every_kind():
    assert len(recordings()) > 25


@pytest.mark.parametrize(("words", "call"), recordings())
def test_what_the_real_pvesh_said_is_understood(recorded, words, call):
    pvesh = recorded.says(call["stdout"], call["stderr"], call["rc"])
    path = words[2].strip("/").split("/")
    params = params_of(words[3:])
    if call["rc"] == 0:
        said = json.loads(call["stdout"]) if call["stdout"] else None
        assert pvesh.call(METHODS[words[1]], path, params) == said
    else:
        with pytest.raises((ApiError, Unreachable)) as caught:
            pvesh.call(METHODS[words[1]], path, params)
        assert caught.value.original.strip()
        assert caught.value.original.strip() in call["stderr"]
        assert "trying to acquire" not in str(caught.value)
    assert recorded.note["argv"][:2] == words[1:3]


@pytest.mark.parametrize(
    ("stderr", "code", "message", "errors"),
    [
        (
            "400 Parameter verification failed.\nuserid: invalid format\n  two lines\n"
            "realm: unknown\n\npvesh create <api_path> --x: y\n",
            400,
            "Parameter verification failed.\n",
            {"userid": "invalid format\n  two lines", "realm": "unknown"},
        ),
        (
            "Unknown option: bogus\n400 unable to parse option\nusage: pvesh set\n",
            400,
            "unable to parse option\n",
            {"bogus": "unknown option"},
        ),
        ("No 'get' handler defined for '/access/x'\n", 501, None, {}),
        ("403 Permission check failed\n", 403, "Permission check failed\n", {}),
        (
            "trying to acquire cfs lock 'file-user_cfg' ...\n" * 3
            + "WARN: something\ncreate user failed: cfs-lock 'file-user_cfg' error: no quorum!\n",
            500,
            "create user failed: cfs-lock 'file-user_cfg' error: no quorum!\n",
            {},
        ),
        ("", 500, "", {}),
    ],
)
def test_an_error_has_pves_code_text_and_a_text_for_each_parameter(
    recorded, stderr, code, message, errors
):
    with pytest.raises(ApiError) as caught:
        recorded.says(stderr=stderr, rc=255).call("PUT", ("access", "x"))
    assert caught.value.code == code
    assert caught.value.original == (stderr if message is None else message)
    assert caught.value.errors == errors


@pytest.mark.parametrize(
    ("stderr", "message"),
    [
        ("please run as root\n", "only to root"),
        ("Unable to load access control list: Connection refused\n", "pmxcfs does not answer"),
        ("Can't locate PVE/CLI/pvesh.pm in @INC\n", "not installed here"),
    ],
)
def test_what_no_call_could_change_is_no_answer_of_pve(recorded, stderr, message):
    with pytest.raises(Unreachable, match=message) as caught:
        recorded.says(stderr=stderr, rc=111).call("PUT", ("access", "x"))
    assert not caught.value.unsure


def test_what_is_said_beside_a_good_answer_is_no_error(recorded):
    noise = "trying to acquire cfs lock 'file-user_cfg' ...\n500 users\n"
    assert recorded.says('{"a":1}\n', noise).call("GET", ("access", "x")) == {"a": 1}
    assert recorded.says("", noise).call("PUT", ("access", "x")) is None


def test_a_failed_call_is_one_even_if_a_task_stands_in_its_text(recorded):
    upid = "UPID:pve1:0000304C:000558F1:6B0223B2:auth-realm-sync:corp:root@pam:"
    with pytest.raises(ApiError):
        recorded.says("", f"{upid} failed\n", 255).call("POST", ("access", "domains", "corp"))


def test_the_answer_is_the_last_line_whatever_a_worker_printed_before(recorded):
    out = 'add user \'x\n{"forged":1}\n[\n"UPID:pve1:1:"\n'
    assert recorded.says(out).call("POST", ("access", "x")) == "UPID:pve1:1:"


def test_a_reading_without_an_answer_is_told(recorded):
    with pytest.raises(Unreachable, match="no answer"):
        recorded.says("┌───┐\n│ x │\n").call("GET", ("access", "x"))
    assert recorded.says("no JSON\n").call("PUT", ("access", "x")) is None


def test_bytes_that_are_not_utf_8_do_not_hurt(recorded):
    assert recorded.says('"\udcfc"\n').call("GET", ("access", "x")) == "\ufffd"


# --- how it is run ---------------------------------------------------------------------------


def test_it_is_an_api(recorded):
    pvesh = recorded.says("1")
    assert isinstance(pvesh, Api)
    assert (pvesh.way, pvesh.user) == ("pvesh", "root@pam")


@pytest.mark.usefixtures("typed")
def test_it_gets_a_clean_environment_no_stdin_and_no_folder_of_ours(recorded, monkeypatch):
    for name in ("PERL5LIB", "PERL5OPT", "LD_PRELOAD_X", "PVE_LOG_ID", "LANG"):
        monkeypatch.setenv(name, "/nowhere/evil")
    recorded.says("1").call("GET", ("version",))
    note = recorded.note
    assert note["env"].keys() == {"PATH", "HOME", "LC_ALL"}
    assert note["env"]["LC_ALL"] == "C.UTF-8", "in C, PVE turns ü into a question mark"
    assert PVESH[0].startswith("/")
    assert (note["cwd"], note["stdin"], note["umask"]) == ("/", "", 0o022)


@pytest.mark.parametrize(
    "userid",
    ["root@pam#x@corp", "a?b@pve", "%41@pve", "-dash@pve", "ü@pve", "a b", "$(id)@pve", "upload"],
)
def test_a_name_reaches_pvesh_as_one_part_of_the_path(recorded, userid):
    recorded.says("1").call("PUT", ("access", "users", userid), {"comment": "-x --y", "keys": ""})
    verb, path, *options = recorded.note["argv"]
    assert verb == "set"
    assert [part for part in path.split("/") if part] == ["access", "users", userid]
    assert options == ["-comment", "-x --y", "-keys", "", "--output-format", "json"]


def test_a_boolean_is_one_or_zero(recorded):
    recorded.says("1").call("GET", ("access", "users"), {"full": True, "enabled": False})
    assert recorded.note["argv"][2:6] == ["-full", "1", "-enabled", "0"]


def test_a_secret_is_refused_for_everybody_can_read_a_command_line(recorded):
    with pytest.raises(Refused) as caught:
        recorded.says("1").call("PUT", ("access", "password"), {}, {"password": Secret(CANARY)})
    assert CANARY not in f"{caught.value!r}{caught.value.hint}"
    with pytest.raises(FileNotFoundError):
        _ = recorded.note


def test_what_cannot_stand_in_a_command_line_is_not_sent(recorded):
    pvesh = recorded.says("1")
    for value in ("a\0b", "\ud800"):
        with pytest.raises(UsageError):
            pvesh.call("PUT", ("access", "x"), {"comment": value})
    with pytest.raises(UsageError):
        pvesh.call("PATCH", ("access", "x"))
    with pytest.raises(UsageError):
        pvesh.call("GET", ("access", "..", "nodes"))


@pytest.mark.parametrize(("method", "unsure"), [("GET", False), ("POST", True)])
def test_a_call_that_hangs_ends_in_time(tmp_path, method, unsure):
    note = tmp_path / "pid"
    hang = f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    pvesh = Pvesh(command=(sys.executable, "-I", "-c", hang), euid=lambda: 0)
    start = time.monotonic()
    with pytest.raises(Unreachable, match=r"within 0\.5 seconds") as caught:
        pvesh.call(method, ("access", "x"), seconds=0.5)
    assert time.monotonic() - start < 1.5
    assert caught.value.unsure is unsure
    assert gone(int(note.read_text()))


def test_without_root_without_pvesh_and_after_close_it_says_so(recorded):
    with pytest.raises(Unreachable, match="only to root"):
        Pvesh(euid=lambda: 1000).call("GET", ("version",))
    with pytest.raises(Unreachable, match="cannot be started"):
        Pvesh(command=("/usr/bin/no-pvesh",), euid=lambda: 0).call("GET", ("version",))
    pvesh = recorded.says("1")
    pvesh.close()
    with pytest.raises(Unreachable, match="closed"):
        pvesh.call("GET", ("version",))


@pytest.mark.parametrize(("method", "unsure"), [("GET", False), ("POST", True)])
def test_closing_ends_a_call_that_is_under_way(tmp_path, method, unsure):
    note = tmp_path / "pid"
    hang = f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    pvesh = Pvesh(command=(sys.executable, "-I", "-c", hang), euid=lambda: 0)

    def close():
        while not (note.exists() and note.read_text()):
            time.sleep(0.005)
        pvesh.close()

    closing = threading.Thread(target=close)
    closing.start()
    start = time.monotonic()
    with pytest.raises(Unreachable, match="closed") as caught:
        pvesh.call(method, ("access", "x"), seconds=10)
    closing.join()
    assert time.monotonic() - start < 2
    assert caught.value.unsure is unsure
    assert gone(int(note.read_text()))


def test_calls_from_threads_do_not_wait_for_one_another(recorded):
    pvesh = recorded.says('"x"')
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(pvesh.call("GET", ("version",))))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["x"] * 3
