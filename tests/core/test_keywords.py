"""What a scan, a key and a PIN mean, in sentences that no key can break."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pve_auth_tui.core.keyids import MOST, Holding, ids_to_try
from pve_auth_tui.core.keypins import no_pin_problem, old_pin_problem, pin_problem, pin_remarks
from pve_auth_tui.core.keyrows import COLUMNS, as_json, lines_of, row, state_of, waiting
from pve_auth_tui.core.keys import Finger, KeyInfo, KeyPlace, PinState, Scan, ScanState
from pve_auth_tui.core.keywords import (
    LONGEST_NAME,
    default_description,
    key_lines,
    label,
    scan_lines,
)
from pve_auth_tui.core.logins import webauthn_id
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.proofs import How, Mark
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Cluster, ClusterNode, Datacenter
from pve_auth_tui.core.totp import description_problem
from tests.core.pictures import NOW, picture

PLACE = KeyPlace("/dev/hidraw3", "YubiKey 5 NFC", "12344711", 0x1050, 0x407)
INFO = KeyInfo(
    PLACE,
    versions=("U2F_V2", "FIDO_2_0"),
    firmware="5.4.3",
    transports=("usb", "nfc"),
    aaguid="2fc0579f-8113-47ea-b116-bb5a8db9202a",
    algorithms=(-7, -8),
    pin=PinState.SET,
    pin_tries=8,
)
HELD = Holding("root@pam", "id-1", "rack 3", True, "example.com", True)
OLD = Holding("anna@pam", "id-2", "blue", True, "pve1.example.com", False)
HOSTILE = (
    "\x1b[2J\x1b]52;c;x\x07",
    "[bold red]x[/]",
    "A" * 10_000,
    "\u202eeerht",
    "two\nlines\r\x00",
    "\ud800",
    "   ",
    "",
    "e" + "\u0301" * 500,
)


def texts(scan: Scan) -> str:
    return " ".join(f"{one.word} {one.text} {one.fix}" for one in scan_lines(scan))


# --- a scan ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scan", "said"),
    [
        (Scan(ScanState.FOUND, (PLACE,)), "ok 1 security key is plugged in."),
        (Scan(ScanState.FOUND, (PLACE, PLACE)), "2 security keys are plugged in."),
        (Scan(ScanState.NOTHING), "a key in your laptop is not visible over SSH or noVNC"),
        (Scan(ScanState.NO_KEY, others=3), "3 HID devices are plugged in, none is a security key"),
        (Scan(ScanState.NO_KEY, others=1), "1 HID device is plugged in, it is no security key"),
        (Scan(ScanState.DENIED, denied=("/dev/hidraw1",)), "/dev/hidraw1 cannot be opened."),
        (Scan(ScanState.DENIED, denied=("/dev/hidraw1",)), "as root on the node"),
        (Scan(ScanState.CONTAINER, machine="lxc"), "is not passed into this container"),
        (Scan(ScanState.CONTAINER, machine="lxc"), "pct set <id> -dev0 /dev/hidrawN"),
        (Scan(ScanState.NOTHING, machine="kvm"), "a virtual machine (kvm)"),
        (Scan(ScanState.NOTHING, machine="kvm"), "qm set <id> -usb0 host=<vid>:<pid>"),
        (Scan(ScanState.NO_KEY, others=2, machine="kvm"), "qm set"),
        (Scan(ScanState.NOTHING, machine="lxc"), "a container (lxc)"),
        (Scan(ScanState.FOUND, (PLACE,), ("/dev/hidraw9",)), "LOOK /dev/hidraw9"),
    ],
)
def test_what_a_scan_means(scan, said):
    assert said in texts(scan)


def test_at_another_host_the_key_belongs_into_this_machine() -> None:
    told = texts(Scan(ScanState.NOTHING, machine="kvm", far=True))
    assert "No security key is plugged into this machine." in told
    assert "With --host a key belongs into the USB of this machine" in told
    assert "This machine is a virtual machine (kvm)" in told
    assert "node itself" not in told
    assert "Run this program as root." in texts(Scan(ScanState.DENIED, denied=("/x",), far=True))


@pytest.mark.parametrize("state", ScanState)
def test_every_scan_says_something(state):
    denied = ("/dev/hidraw1",) if state is ScanState.DENIED else ()
    assert scan_lines(Scan(state, denied=denied))


def test_on_bare_metal_nobody_speaks_of_guests():
    assert "qm set" not in texts(Scan(ScanState.NOTHING))
    assert "virtual" not in texts(Scan(ScanState.FOUND, (PLACE,), machine="kvm"))


# --- a key -------------------------------------------------------------------------------------


def test_everything_that_a_key_says_of_itself():
    lines = {line.heading: line for line in key_lines(INFO)}
    assert {heading: line.text for heading, line in lines.items()} == {
        "PIN": "set, 8 tries left",
        "Signatures": "ES256 and EdDSA",
        "Product": "YubiKey 5 NFC",
        "Serial": "12344711",
        "Device": "/dev/hidraw3, USB 1050:0407",
        "Versions": "U2F_V2 and FIDO_2_0",
        "Firmware": "5.4.3",
        "Transports": "usb and nfc",
        "AAGUID": "2fc0579f-8113-47ea-b116-bb5a8db9202a",
    }
    assert state_of(INFO, ()) == "ok"


@pytest.mark.parametrize(
    ("changes", "word", "said"),
    [
        ({"pin_tries": 4}, "ok", "set, 4 tries left"),
        ({"pin_tries": 3}, "LOOK", "set, 3 tries left"),
        ({"pin_tries": 1}, "LOOK", "set, 1 try left"),
        ({"pin_tries": 0}, "BAD", "blocked: no tries left"),
        ({"pin_tries": 0}, "BAD", "it deletes every account on the key"),
        ({"pin_tries": None}, "ok", "it does not tell how many tries"),
        ({"pin": PinState.NONE, "pin_tries": None}, "ok", "not set"),
        ({"needs_replug": True}, "LOOK", "unplug the key and plug it in again"),
        ({"must_change_pin": True}, "LOOK", "It wants another PIN"),
        ({"finger": Finger.ENROLLED}, "ok", "enrolled"),
        ({"algorithms": (-8,)}, "BAD", "EdDSA: PVE takes ES256 and RS256 alone"),
        ({"algorithms": (-257, 99)}, "ok", "RS256 and 99"),
        ({"algorithms": ()}, "ok", "every key of this kind makes ES256"),
        ({"problem": "Another program uses the key."}, "BAD", "Another program uses the key."),
        ({"versions": ("U2F_V2",), "pin": PinState.UNSUPPORTED}, "ok", "a U2F key: ES256"),
    ],
)
def test_the_state_of_a_key(changes, word, said):
    info = replace(INFO, **changes)
    assert state_of(info, ()) == word
    lines = key_lines(info)
    assert said in " ".join(line.text for line in lines)
    assert (word == "ok") == all(line.word in (None, "ok") for line in lines)


def test_a_key_without_a_sensor_says_nothing_of_fingers():
    assert "Fingerprints" not in {line.heading for line in key_lines(INFO)}


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (PLACE, "YubiKey 5 NFC 4711"),
        (PLACE._replace(serial=""), "YubiKey 5 NFC (hidraw3)"),
        (PLACE._replace(serial="\x1b[0m-ab"), "YubiKey 5 NFC 0mab"),
        (PLACE._replace(product=""), "Security key 4711"),
        (PLACE._replace(product=" a \n b "), "a b 4711"),
    ],
)
def test_two_keys_of_a_kind_are_told_apart(place, said):
    assert label(place) == said


def test_the_description_that_is_proposed():
    assert default_description(INFO, NOW) == "YubiKey 5 NFC 4711 2026-11-21"
    assert default_description(KeyInfo(KeyPlace("/dev/hidraw0")), NOW) == "Security key 2026-11-21"


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_that_a_key_says_breaks_a_line_or_a_description(text):
    place = KeyPlace(text, text, text, 0xFFFF, 0)
    info = KeyInfo(place, (text,) * 200, text, (text,) * 200, text, (-7,) * 200, problem="")
    description = default_description(info, NOW)
    assert description_problem(description) == ""
    assert len(description) <= 80
    assert len(label(place)) <= LONGEST_NAME + 40
    for told in (info, replace(info, problem=text or "x")):
        for line in key_lines(told):
            assert plain(line.text) == line.text
            assert len(line.text) <= 300
    assert texts(Scan(ScanState.DENIED, denied=(text,) * 1000, machine=text)).isprintable()


# --- as a list ---------------------------------------------------------------------------------


def test_a_row_tells_state_pin_and_holders():
    cells = row(INFO, (HELD, HELD, OLD)).cells
    assert cells[:5] == (
        "YubiKey 5 NFC 4711",
        "LOOK",
        "set, 8 tries left",
        "root@pam and anna@pam",
        "hidraw3",
    )
    assert len(cells) == len(waiting(PLACE).cells) == len(COLUMNS)
    assert row(INFO, (OLD,)).fields["look"] == "yes"


def test_entries_under_an_older_id_cannot_log_in():
    lines = [line for line in lines_of(INFO, (HELD, OLD), "example.com") if "@" in line.text]
    assert [(line.word, line.text) for line in lines] == [
        ("ok", 'root@pam: "rack 3"'),
        (
            "BAD",
            'anna@pam: "blue". It answers under pve1.example.com, today\'s ID is example.com:'
            " it cannot log in any more.",
        ),
    ]
    (none,) = [line for line in lines_of(INFO, (OLD,), "") if "@" in line.text]
    assert "no ID is set today" in none.text


def test_a_disabled_entry_is_said_to_be_one():
    (line,) = [
        line
        for line in lines_of(INFO, (HELD._replace(enabled=False),), "example.com")
        if "@" in line.text
    ]
    assert (line.word, line.text) == ("-", 'root@pam: "rack 3", which is disabled')


def test_holding_nothing_and_not_knowing_are_two_things():
    assert "no entry of anybody" in " ".join(line.text for line in lines_of(INFO, (), "x"))
    assert "Holds" not in {line.heading for line in lines_of(INFO, None, "x")}
    assert row(INFO, ()).cells[3] == "-"
    assert row(INFO, None).cells[3] == ""
    assert as_json(INFO, None)["holds"] is None
    assert as_json(INFO, (HELD,))["holds"][0]["works"] is True


# --- under which IDs ---------------------------------------------------------------------------


def test_todays_id_first_then_what_names_suggest():
    nodes = (ClusterNode("pve1"), ClusterNode("pve2"))
    webauthn = {"id": "example.com", "origin": "https://pve.dc.example.com:8006", "rp": "Rack"}
    snapshot = picture(
        datacenter=Datacenter({"webauthn": webauthn}), cluster=Cluster("pve1", "c", True, nodes)
    )
    found = ids_to_try(snapshot, ["pve1.rack.example.com"])
    assert found[:2] == ("example.com", "pve1.rack.example.com")
    assert {"dc.example.com", "pve2.dc.example.com", "pve2.example.com", "pve1"} <= set(found)
    assert "com" not in found
    assert len(set(found)) == len(found) <= MOST
    assert webauthn_id(snapshot) == "example.com"


@pytest.mark.parametrize(
    "options", [{}, {"webauthn": "id=x"}, {"webauthn": {"origin": "http://["}}]
)
def test_settings_that_cannot_work_suggest_nothing(options):
    assert ids_to_try(picture(datacenter=Datacenter(options)), ["192.0.2.7", "::1"]) == ()


def test_an_id_under_which_a_key_was_seen_to_work_comes_before_guesses():
    mark = Mark("root@pam", "id-1", How.LOGIN, NOW, rp_id="old.example.net")
    snapshot = replace(picture(), proofs={("root@pam", "id-1"): mark})
    found = ids_to_try(snapshot, ["PVE1.example.com"])
    assert found == ("example.com", "old.example.net", "pve1.example.com")


def test_many_nodes_do_not_make_a_key_answer_for_ever():
    nodes = tuple(ClusterNode(f"n{number}") for number in range(500))
    snapshot = picture(cluster=Cluster("n0", "c", True, nodes))
    assert len(ids_to_try(snapshot, ["n0.example.com"])) == MOST


# --- PINs --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("new", "shortest", "word", "said"),
    [
        ("123", 4, "BAD", "at least 4 characters"),
        ("12345", 6, "BAD", "at least 6 characters"),
        ("", 0, "BAD", "at least 4 characters"),
        ("a\u0308" * 4, 8, "BAD", "at least 8 characters"),  # 4 of them once composed
        ("x" * 64, 4, "BAD", "63 bytes; this has 64"),
        ("\u20ac" * 22, 4, "BAD", "this has 66"),
        ("12\n34", 4, "BAD", "cannot be typed again"),
        ("\ud800" * 4, 4, "BAD", "that no key takes"),
        ("cccccccccccbdefghijklnrtuvcbdefghijklnrtuvcb", 4, "BAD", "a touched key types"),
        ("0000", 4, "LOOK", "All characters are the same"),
        ("1234", 4, "LOOK", "follow one another"),
        ("9876", 4, "LOOK", "follow one another"),
    ],
)
def test_what_is_wrong_with_a_new_pin(new, shortest, word, said):
    found = pin_problem(Secret(new), replace(INFO, min_pin=shortest))
    assert found is not None
    assert found.word == word
    assert said in found.text
    assert not new or new not in found.text


@pytest.mark.parametrize("new", ["2580", "correct horse", "\u00e4" * 30 + "xyz", "x7" * 31])
def test_a_good_pin(new):
    assert pin_problem(Secret(new), INFO) is None
    assert old_pin_problem(Secret(new)) == ""


def test_an_old_pin_that_cannot_be_right_costs_no_try():
    assert "no try was used" in old_pin_problem(Secret("123"))
    assert old_pin_problem(Secret("x" * 64))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ""),
        ({"pin": PinState.NONE}, ""),
        ({"pin": PinState.UNSUPPORTED}, "cannot have a PIN"),
        ({"pin_tries": 0}, "The PIN is blocked. Only a reset helps"),
        ({"needs_replug": True}, "unplug the key"),
    ],
)
def test_when_a_pin_can_be_changed(changes, said):
    problem = no_pin_problem(replace(INFO, **changes))
    assert (said in problem) if said else problem == ""


@pytest.mark.parametrize(
    ("tries", "word", "said"),
    [
        (8, None, "8 tries left."),
        (3, "LOOK", "3 tries left."),
        (1, "LOOK", "1 try left. Another wrong one blocks the PIN for good."),
        (None, None, "does not tell how many tries are left"),
    ],
)
def test_before_a_pin_is_sent_it_is_said_how_many_tries_there_are(tries, word, said):
    lines = pin_remarks(replace(INFO, pin_tries=tries), Secret("2580"))
    assert (lines[0].word, said in lines[0].text) == (word, True)
    assert "Reset is never offered" in lines[-1].text


def test_a_pin_that_anybody_guesses_is_said_while_it_is_typed():
    assert pin_remarks(INFO, Secret("1111"))[0].word == "LOOK"
    assert "tries" not in str(pin_remarks(replace(INFO, pin=PinState.NONE), Secret("")))
