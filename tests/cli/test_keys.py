"""`keys`: the plugged-in keys as a table, and the PIN of one of them without an echo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from pve_auth_tui.actions import keys as command
from pve_auth_tui.adapters.clock import SystemClock
from pve_auth_tui.arguments import FAILED, FINDINGS, REFUSED, USAGE, parse
from pve_auth_tui.core.errors import Unreadable, UsageError
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.simnode.softkey.authenticator import SoftKey
from tests.cli.desk import Desk, Person, Pipe, Ran
from tests.core.pictures import factors, picture
from tests.services.test_keycare import CANARY, House, enrolled


class KeyDesk:
    """`run("list")` with what is plugged into `house.bus`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.house = House()
        self.snapshot: Snapshot | None = picture()
        nothing: Any = None
        bench: Any = SimpleNamespace(
            outlooks=self, plans=nothing, journal=nothing, clock=SystemClock()
        )
        self._desk = Desk(bench, monkeypatch)
        self._desk.workshop = replace(self._desk.workshop, key_care=self.house.care)
        self._monkeypatch = monkeypatch

    def fresh(self) -> Any:
        if self.snapshot is None:
            raise Unreadable("tfa.cfg cannot be read.")
        return SimpleNamespace(snapshot=self.snapshot)

    def plug(self, key: SoftKey) -> str:
        return self.house.bus.plug(key)

    def run(self, *words: str, typed: Person | None = None) -> Ran:
        """What is not echoed is read from `typed`, too."""
        person = typed or Pipe()
        self._monkeypatch.setattr(
            "pve_auth_tui.asking._asked", lambda question: person.readline().rstrip("\n")
        )
        return self._desk.run("keys", *words, stdin=person)


@pytest.fixture
def desk(monkeypatch):
    return KeyDesk(monkeypatch)


# --- list --------------------------------------------------------------------------------------


def test_the_keys_as_a_table(desk):
    key = SoftKey(product="Blue", serial="x0042", pin="1234", pin_retries=3)
    desk.plug(key)
    desk.snapshot = picture(tfa=(factors("root@pam", enrolled(key, "rack 3", "example.com")),))
    ran = desk.run("list")
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "Key        State  PIN                Holds     Device   Serial  Versions",
        "Blue 0042  LOOK   set, 3 tries left  root@pam  hidraw0  x0042"
        "   U2F_V2, FIDO_2_0 and FIDO_2_1",
    ]


def test_without_a_word_it_is_the_list_and_without_a_key_the_code_says_so(desk):
    ran = desk.run()
    assert ran.code == FINDINGS
    assert "No security key is plugged into this node." in ran.out
    value = desk.run("--json").value
    assert value["state"] == "nothing"
    assert {tuple(finding) for finding in value["findings"]} == {("word", "text", "fix")}


def test_one_that_cannot_be_asked_is_told_with_the_reason_beside_the_others(desk):
    hung = SoftKey(product="Hung", serial=None)
    hung.script.hang_at = "cbor:4"
    desk.plug(hung)
    only = desk.run("list")
    assert only.code == FINDINGS
    assert "Hung (hidraw0)" in only.out
    assert "The key does not answer. Unplug it and plug it in again." in only.err
    desk.plug(SoftKey(product="Fine"))
    assert desk.run("list").code == 0


def test_one_key_with_everything_it_says(desk):
    path = desk.plug(SoftKey(product="Blue", pin="1234"))
    ran = desk.run("list", path)
    assert ran.code == 0
    assert "PIN           set, 8 tries left\n" in ran.out
    assert "Device        /dev/hidraw0, USB 1209:f1d0\n" in ran.out
    assert "Holds         no entry of anybody here" in ran.out
    assert desk.run("list", path, "--json").value["pin_tries"] == 8


def test_as_json_it_is_one_value_with_what_each_key_holds(desk):
    key = SoftKey(product="Blue")
    desk.plug(key)
    desk.snapshot = picture(tfa=(factors("root@pam", enrolled(key, "rack 3", "pve1")),))
    (value,) = desk.run("list", "--json").value["keys"]
    assert (value["product"], value["pin"], value["holds"]) == ("Blue", "not set", [])


@pytest.mark.parametrize("product", ["\x1b[2J[red]\u202e\n", "A" * 10_000], ids=["escapes", "long"])
def test_a_hostile_product_name_stays_in_its_cell(desk, product):
    desk.plug(SoftKey(product=product))
    ran = desk.run("list")
    assert len(ran.out.splitlines()) == 2
    assert ran.out.replace("\n", "").isprintable()
    assert max(map(len, ran.out.splitlines())) < 200


def test_where_pve_cannot_be_read_the_keys_are_listed_all_the_same(desk):
    desk.plug(SoftKey(product="Blue"))
    desk.snapshot = None
    ran = desk.run("list")
    assert ran.code == 0
    assert "Whose entries the keys hold is not known: tfa.cfg cannot be read." in ran.err
    assert "Blue" in ran.out


def test_a_path_with_no_key_is_told_and_a_denied_one_why(desk):
    desk.house.bus.denied.add(desk.plug(SoftKey()))
    assert "cannot be opened" in str(desk.run("list", "/dev/hidraw0").error)
    desk.plug(SoftKey())
    ran = desk.run("list", "/dev/hidraw7")
    assert (ran.code, str(ran.error)) == (FAILED, "There is no security key at /dev/hidraw7.")


# --- pin ---------------------------------------------------------------------------------------


def test_a_first_pin_is_typed_twice(desk):
    desk.plug(SoftKey(product="Blue", serial="x0042"))
    ran = desk.run("pin", typed=Person(CANARY, CANARY))
    assert (ran.code, ran.out) == (0, "The PIN of Blue 0042 is set. PIN: set, 8 tries left.\n")
    assert "Blue 0042: its PIN is not set." in ran.err
    assert CANARY not in ran.out + ran.err


def test_another_pin_wants_the_one_now_and_a_file_gives_both(desk):
    path = desk.plug(SoftKey(pin="1234"))
    assert desk.run("pin", path, typed=Person("1234", "5678", "5678")).code == 0
    assert desk.run("pin", "--password-stdin", typed=Pipe("5678", CANARY)).code == 0
    value = desk.run("pin", "--json", typed=Pipe(CANARY, "5678")).value
    assert (value["pin"], value["pin_tries"], value["holds"]) == ("set", 8, None)


@pytest.mark.parametrize(
    ("lines", "code", "said"),
    [
        (("1234", "5678", "5679"), USAGE, "two different PINs"),
        (("1234", "567", "567"), USAGE, "at least 4 characters"),
        (("0000", "5678", "5678"), FAILED, "That is not the key's PIN: 7 tries left."),
        (("", "5678", "5678"), USAGE, "no try was used"),
        (("1234", "", ""), USAGE, "at least 4 characters"),
    ],
)
def test_what_is_not_done_is_said(desk, lines, code, said):
    desk.plug(SoftKey(pin="1234"))
    ran = desk.run("pin", typed=Person(*lines))
    assert ran.code == code
    assert said in str(ran.error)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (lambda: SoftKey(versions=("U2F_V2",)), "cannot have a PIN"),
        (lambda: SoftKey(pin="1234", pin_retries=0), "The PIN is blocked."),
    ],
)
def test_nobody_is_asked_for_a_pin_that_cannot_be_set(desk, key: Callable[[], SoftKey], said):
    desk.plug(key())
    ran = desk.run("pin", typed=Person("typed too much"))
    assert ran.code == REFUSED
    assert said in str(ran.error)


def test_with_one_try_left_that_is_said_before_the_question(desk):
    desk.plug(SoftKey(pin="1234", pin_retries=1))
    ran = desk.run("pin", typed=Person("1234", "1111", "1111"))
    assert "LOOK 1 try left. Another wrong one blocks the PIN for good." in ran.err
    assert "LOOK All characters are the same" in ran.err
    assert ran.code == 0


def test_which_of_several_has_to_be_said(desk):
    desk.plug(SoftKey(pin="1234"))
    second = desk.plug(SoftKey(product="Two"))
    ran = desk.run("pin")
    assert (ran.code, ran.error.hint) == (USAGE, "Name one of them: /dev/hidraw0, /dev/hidraw1")
    assert "The PIN of Two" in desk.run("pin", second, typed=Pipe("2580")).out


def test_read_only_is_read_only(desk):
    desk.plug(SoftKey())
    assert desk.run("--read-only", "pin", typed=Pipe("2580")).code == REFUSED


@pytest.mark.parametrize(
    "words", [("pin", "94711174"), ("94711174",), ("pin", "/dev/hidraw0", "94711174")]
)
def test_a_pin_on_the_command_line_is_not_taken_and_not_repeated(words):
    with pytest.raises(UsageError) as caught:
        parse(["keys", *words])
    assert "94711174" not in f"{caught.value} {caught.value.hint}"


def test_there_is_no_word_for_a_reset():
    with pytest.raises(UsageError):
        parse(["keys", "reset"])
    assert not [name for name in dir(command) if "reset" in name.lower()]
