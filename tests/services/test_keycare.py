"""Key care with software keys: what is plugged in, whose it is, and its PIN."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.adapters.keys.usb import UsbKeys
from pve_auth_tui.core.errors import AuthTuiError, Refused, UsageError
from pve_auth_tui.core.keys import KeyInfo, PinState, ScanState
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Cluster, ClusterNode, Datacenter
from pve_auth_tui.core.tfaconfig import TfaEntry
from pve_auth_tui.core.tfafile import encode_base64url
from pve_auth_tui.services.keycare import KeyCareService, Plugged
from pve_auth_tui.simnode.softbus import SoftBus
from pve_auth_tui.simnode.softkey.authenticator import SoftKey
from tests.core.pictures import NOW, factors, picture
from tests.services.workbench import ListJournal

SILENCE = 0.3  # seconds: the real limit is 3
ES256 = -7
CANARY = "9471canary"


class House:
    """A bus, a journal, and the service."""

    def __init__(self, *names: str) -> None:
        self.bus = SoftBus(others=0)
        self.keys = UsbKeys(self.bus, SILENCE)
        self.journal = ListJournal()
        self.care = KeyCareService(self.keys, self.journal, FixedClock(NOW), lambda snapshot: names)

    def only(self, snapshot: Any = None) -> Plugged:
        (found,) = self.care.list(snapshot).keys
        return found

    def trouble(self, path: str, new: str, old: str | None = None) -> KeyTrouble:
        with pytest.raises(KeyTrouble) as caught:
            self.change(path, new, old)
        return caught.value

    def change(self, path: str, new: str, old: str | None = None) -> KeyInfo:
        return self.care.change_pin(path, Secret(new), None if old is None else Secret(old))


@pytest.fixture
def house():
    return House()


def enrolled(key: SoftKey, name: str, rp_id: str, *, enable: bool = True) -> TfaEntry:
    """An entry as tfa.cfg has it, of a new credential that the key holds."""
    made = key.new_credential(sha256(rp_id.encode()).digest(), ES256)
    data = {
        "cred_id": encode_base64url(made.id),
        "cred": {
            "type_": "ES256",
            "key": {"EC_EC2": {"curve": "SECP256R1", "x": "AQ", "y": "AQ"}},
        },
        "counter": 0,
    }
    return TfaEntry(f"id-{name}", "webauthn", name, 1, enable, data=data)


# --- what is plugged in ------------------------------------------------------------------------


def test_every_key_is_described_and_closed_again(house):
    house.bus.plug(SoftKey(product="One", pin="1234", pin_retries=5))
    house.bus.plug(SoftKey(product="Two", versions=("U2F_V2",), serial=None))
    one, two = (plugged.info for plugged in house.care.list().keys)
    assert (one.place.product, one.pin, one.pin_tries) == ("One", PinState.SET, 5)
    assert (two.place.product, two.pin, two.is_ctap2) == ("Two", PinState.UNSUPPORTED, False)
    for place in house.care.scan().keys:
        house.keys.open(place.path).close()


def test_nothing_plugged_in_is_an_empty_list_with_the_scan(house):
    care = house.care.list()
    assert care.keys == ()
    assert care.scan.state is ScanState.NOTHING


def test_a_key_that_hangs_gives_a_row_and_the_next_one_is_asked(house):
    hung = SoftKey(product="Hung")
    hung.script.hang_at = "cbor:4"
    house.bus.plug(hung)
    house.bus.plug(SoftKey(product="Fine"))
    one, two = (plugged.info for plugged in house.care.list().keys)
    assert "does not answer" in one.problem
    assert (two.place.product, two.problem) == ("Fine", "")


def test_a_busy_one_and_a_denied_one_are_rows_with_the_reason(house):
    busy = SoftKey(product="Busy")
    busy.script.busy_for = 10**6
    house.bus.plug(busy)
    house.bus.denied.add(house.bus.plug(SoftKey(product="Denied")))
    one, two = (plugged.info for plugged in house.care.list().keys)
    assert "Another program uses the key." in one.problem
    assert two.problem == "The key cannot be opened. Run this program as root on the node."
    assert two.place.path in house.bus.denied


def test_one_that_is_pulled_while_it_is_asked_says_so(house):
    key = SoftKey()
    key.script.unplug_at = "cbor:4"
    house.bus.plug(key)
    assert "was unplugged" in house.only().info.problem


@pytest.mark.parametrize(
    "product", ["\x1b]0;x\x07[red]\u202e", "A" * 10_000, "", "\ud800"], ids=range(4)
)
def test_no_product_name_keeps_a_key_from_being_listed(house, product):
    house.bus.plug(SoftKey(product=product))
    assert house.only().info.place.product == product
    assert house.only().info.problem == ""


# --- whose it is -------------------------------------------------------------------------------


def test_it_knows_whose_entries_a_key_holds_disabled_ones_too(house):
    key, other = SoftKey(), SoftKey()
    house.bus.plug(key)
    tfa = (
        factors("root@pam", enrolled(key, "rack 3", "example.com")),
        factors("anna@pve", enrolled(key, "blue", "example.com", enable=False)),
        factors("bo@pve", enrolled(other, "his own", "example.com")),
    )
    held = house.only(picture(tfa=tfa)).held or ()
    assert [(one.userid, one.description, one.enabled, one.works) for one in held] == [
        ("anna@pve", "blue", False, True),
        ("root@pam", "rack 3", True, True),
    ]
    assert {one.rp_id for one in held} == {"example.com"}
    assert "touch-wait" not in "".join(key.log)


@pytest.mark.parametrize(
    "old", ["pve1.rack.example.com", "rack.example.com", "pve2.example.com", "pve1"]
)
def test_a_key_bound_to_an_older_id_is_recognised(old):
    house = House("pve1.rack.example.com")
    key = SoftKey()
    house.bus.plug(key)
    tfa = (factors("root@pam", enrolled(key, "rack 3", old)),)
    nodes = (ClusterNode("pve1"), ClusterNode("pve2"))
    snapshot = picture(tfa=tfa, cluster=Cluster("pve1", "rack", True, nodes))
    (held,) = house.only(snapshot).held or ()
    assert (held.rp_id, held.works) == (old, False)


def test_without_an_id_today_no_entry_works(house):
    key = SoftKey()
    house.bus.plug(key)
    tfa = (factors("root@pam", enrolled(key, "rack 3", "pve1")),)
    cluster = Cluster("pve1", "rack", True, (ClusterNode("pve1"),))
    snapshot = picture(tfa=tfa, datacenter=Datacenter({}), cluster=cluster)
    (held,) = house.only(snapshot).held or ()
    assert (held.rp_id, held.works) == ("pve1", False)


def test_a_u2f_key_tells_what_it_holds_as_well(house):
    key = SoftKey(versions=("U2F_V2",))
    house.bus.plug(key)
    tfa = (factors("root@pam", enrolled(key, "old", "example.com")),)
    assert [one.entry for one in house.only(picture(tfa=tfa)).held or ()] == ["id-old"]


def test_where_credentials_are_not_told_nobody_says_that_it_holds_none(house):
    house.bus.plug(SoftKey())
    told = TfaEntry("id-x", "webauthn", "x")
    assert house.only(picture(tfa=(factors("root@pam", told),))).held is None
    assert house.only(None).held is None
    assert house.only(picture()).held == ()


def test_an_entry_that_pve_cannot_read_hides_no_other(house):
    key = SoftKey()
    house.bus.plug(key)
    broken = TfaEntry("id-x", "webauthn", "x", data={"cred_id": 7})
    tfa = (factors("root@pam", broken, enrolled(key, "good", "example.com")),)
    assert [one.description for one in house.only(picture(tfa=tfa)).held or ()] == ["good"]


def test_what_a_key_says_of_itself_is_told_before_it_is_asked_what_it_holds(house):
    key = SoftKey(pin="1234")
    house.bus.plug(key)
    snapshot = picture(tfa=(factors("root@pam", enrolled(key, "x", "example.com")),))
    told = []
    (place,) = house.care.scan().keys
    found = house.care.look(
        place, snapshot, on_info=lambda info: told.append((info, "cbor:0x02" in key.log))
    )
    assert told == [(found.info, False)]
    assert found.held
    assert "cbor:0x02" in key.log


def test_whoever_leaves_gets_no_more_questions_asked_and_the_key_back(house):
    key = SoftKey()
    path = house.bus.plug(key)
    snapshot = picture(tfa=(factors("root@pam", enrolled(key, "x", "example.com")),))
    (place,) = house.care.scan().keys
    assert house.care.look(place, snapshot, given_up=lambda: True).held == ()
    assert "cbor:0x02" not in key.log
    house.keys.open(path).close()


def test_one_that_dies_while_it_is_asked_what_it_holds_keeps_what_it_said_before(house):
    key = SoftKey(pin="1234")
    key.script.hang_at = "cbor:2"
    house.bus.plug(key)
    found = house.only(picture(tfa=(factors("root@pam", enrolled(key, "x", "example.com")),)))
    assert found.info.pin is PinState.SET
    assert "does not answer" in found.info.problem


# --- PINs --------------------------------------------------------------------------------------


def test_the_first_pin_is_set_and_noted_without_it(house):
    path = house.bus.plug(SoftKey(product="Blue", serial="x0042"))
    now = house.change(path, CANARY)
    assert (now.pin, now.pin_tries) == (PinState.SET, 8)
    assert [(e.event, e.text, e.outcome) for e in house.journal.entries] == [
        ("intent", "set the PIN of Blue 0042", ""),
        ("result", "", "ok"),
        ("end", "", "ok"),
    ]
    assert len({entry.plan for entry in house.journal.entries}) == 1
    assert CANARY not in repr(house.journal.entries)


def test_another_pin_takes_the_place_of_the_old_one(house):
    path = house.bus.plug(SoftKey(pin="1234"))
    house.change(path, "5678", "1234")
    house.change(path, "gr\u00f6ße", "5678")
    assert house.change(path, CANARY, "gro\u0308ße").pin is PinState.SET, "the same, decomposed"
    assert house.journal.entries[0].text.startswith("change the PIN of ")


def test_three_wrong_pins_then_unplugged_then_the_right_one(house):
    key = SoftKey(pin="1234")
    path = house.bus.plug(key)
    told = [house.trouble(path, "5678", wrong) for wrong in ("0001", "0002", "0003", "1234")]
    assert [str(error) for error in told[:2]] == [
        "That is not the key's PIN: 7 tries left.",
        "That is not the key's PIN: 6 tries left.",
    ]
    kinds = [Kind.PIN_WRONG, Kind.PIN_WRONG, Kind.PIN_REPLUG, Kind.PIN_REPLUG]
    assert [error.kind for error in told] == kinds
    assert house.only().info.needs_replug
    house.bus.pull(path)
    house.bus.plug(key, path)
    assert house.change(path, "5678", "1234").pin_tries == 8
    outcomes = [entry.outcome for entry in house.journal.entries if entry.event == "end"]
    assert outcomes == [*["failed: pin-wrong"] * 2, "failed: pin-replug", "ok"]


@pytest.mark.parametrize(
    ("tries", "kind", "said"),
    [
        (3, Kind.PIN_WRONG, "That is not the key's PIN: 2 tries left. Type it again."),
        (2, Kind.PIN_WRONG, "1 try left. Another wrong one blocks the PIN for good."),
        (1, Kind.PIN_BLOCKED, "This program never does it."),
        (0, Kind.PIN_BLOCKED, "The PIN is blocked. Only a reset helps"),
    ],
)
def test_it_says_exactly_how_many_tries_are_left(house, tries, kind, said):
    path = house.bus.plug(SoftKey(pin="1234", pin_retries=tries))
    error = house.trouble(path, "5678", "0000")
    assert error.kind is kind
    assert said in f"{error} {error.hint}"


@pytest.mark.parametrize(
    ("key", "new", "old", "said"),
    [
        (SoftKey(pin="1234"), "56", "1234", "at least 4 characters"),
        (SoftKey(pin="1234", min_pin=8), "5678567", "1234", "at least 8 characters"),
        (SoftKey(pin="1234"), "ä" * 32, "1234", "at most 63 bytes; this has 64"),
        (SoftKey(pin="1234"), "5678", "12", "no try was used"),
        (SoftKey(pin="1234"), "5678", None, "The key has a PIN already."),
        (SoftKey(), "12\x0034", None, "cannot be typed again"),
    ],
)
def test_what_cannot_be_right_reaches_neither_key_nor_journal(house, key, new, old, said):
    path = house.bus.plug(key)
    with pytest.raises(UsageError) as caught:
        house.change(path, new, old)
    assert said in str(caught.value)
    assert house.journal.entries == []
    assert not [line for line in key.log if line in ("pin:3", "pin:4")]


@pytest.mark.parametrize("key", [SoftKey(versions=("U2F_V2",)), SoftKey(pin_protocols=())])
def test_a_key_that_can_have_no_pin_says_so(house, key):
    error = house.trouble(house.bus.plug(key), "1234")
    assert error.kind is Kind.UNSUPPORTED
    assert "cannot have a PIN" in str(error)


def test_a_key_that_wants_another_pin_gets_one_and_not_the_same(house):
    path = house.bus.plug(SoftKey(pin="1234", must_change_pin=True))
    assert house.trouble(path, "1234", "1234").kind is Kind.PIN_POLICY
    assert house.change(path, "5678", "1234").must_change_pin is False


def test_unplugged_meanwhile_nobody_knows_which_pin_it_has(house):
    key = SoftKey(pin="1234")
    path = house.bus.plug(key)

    def pull(entry: Any) -> None:
        if entry.event == "intent":
            key.script.unplug_at = "cbor:6"

    house.journal.on_write = pull
    error = house.trouble(path, "5678", "1234")
    assert error.kind is Kind.UNPLUGGED
    assert "Nobody knows which PIN it has now." in str(error)
    assert house.journal.entries[-1].outcome == "unsure: unplugged"


def test_without_a_journal_nothing_is_changed(house):
    key = SoftKey(pin="1234")
    path = house.bus.plug(key)
    house.journal.full_after = 0
    with pytest.raises(Refused, match="so nothing was changed"):
        house.change(path, "5678", "1234")
    assert "pin:4" not in key.log


def test_no_error_repeats_a_pin(house):
    path = house.bus.plug(SoftKey(pin="1234"))
    for new, old in ((CANARY, CANARY), (CANARY, None), ("1", CANARY), (CANARY, "1")):
        with pytest.raises(AuthTuiError) as caught:
            house.change(path, new, old)
        error = caught.value
        assert CANARY not in f"{error!r} {error} {error.hint} {error.original}"
    assert CANARY not in repr(house.journal.entries)


def test_there_is_no_way_to_reset_a_key(house):
    assert not [name for name in dir(house.care) if "reset" in name.lower()]
    key = SoftKey(pin="1234", pin_retries=0)
    path = house.bus.plug(key)
    house.care.list()
    house.trouble(path, "5678", "1234")
    assert "cbor:0x07" not in key.log
