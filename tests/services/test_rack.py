"""Rack mode on the demo's node, with keys in software: from the plan to the last proof."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pve_auth_tui.adapters.clock import FixedClock
from pve_auth_tui.adapters.rackfile import MemoryRacks
from pve_auth_tui.arguments import parse
from pve_auth_tui.core.errors import LoginRefused, Unwritable
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.keys import PinAsked
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.logins import entries_of
from pve_auth_tui.core.proofs import How
from pve_auth_tui.core.rack import Place, Rack, State, new_rack, stored
from pve_auth_tui.core.rack import Tag as KeyTag
from pve_auth_tui.core.rackcheck import candidates
from pve_auth_tui.core.rackplan import Agreed, says_no_more, wanted
from pve_auth_tui.core.racksheet import sheet, to_do
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.tfaconfig import TfaEntry
from pve_auth_tui.equipment import equipped
from pve_auth_tui.services.keyasking import Answered
from pve_auth_tui.services.outlook import OutlookService
from pve_auth_tui.services.rack import Done, PlugPin, Ready
from pve_auth_tui.simnode.demo import DEMO_NOW, PASSWORD
from pve_auth_tui.simnode.softbus import SoftBus
from pve_auth_tui.simnode.softkey.authenticator import SoftKey
from pve_auth_tui.simnode.softkey.script import Script
from pve_auth_tui.wiring import wired
from tests.services.keystand import StandHands

PIN = "2468"
ERIK, NINA = "erik@pve", "nina@pve"
A1, A2, B1, B2 = Place(0, 0), Place(0, 1), Place(1, 0), Place(1, 1)


def soft(number: int, **more: Any) -> SoftKey:
    parts: dict[str, Any] = {
        "pin": PIN,
        "make_cred_uv_not_rqd": False,
        "product": "Soft Key",
        "serial": f"SK-000{number}",
        "script": Script(touch_delay=0.0),
    }
    return SoftKey(**{**parts, **more})


class Stand:
    """An admin with a bag of keys, at a node."""

    def __init__(self) -> None:
        self.bus = SoftBus()
        options = parse(["demo"])
        clock = FixedClock(DEMO_NOW)
        found = wired(options, clock)._replace(bus=self.bus)
        self.outlooks = OutlookService(found.pictures, found.nodes)
        self.outlooks.load()
        self.shop = equipped(options, found, self.outlooks, {})
        assert found.simulated is not None
        self.node = found.simulated()
        self.service = self.shop.rack
        self.pin = PlugPin()
        self.hands = StandHands(PIN)
        self.rack = new_rack([ERIK, NINA], 2, now=DEMO_NOW)
        self.agreed = self.agree()

    def agree(self) -> Agreed:
        plan = self.shop.plans.review(wanted(self.rack), self.outlooks.fresh())
        return Agreed(plan, self.rack.unfinished)

    @property
    def snapshot(self) -> Snapshot:
        return self.outlooks.fresh().snapshot

    def plug(self, key: SoftKey) -> None:
        self.bus.pull_all()
        self.pin.forget()
        self.bus.plug(key)
        self.hands = StandHands(PIN)

    def look(self, place: Place) -> Ready:
        key = self.shop.keys.scan().keys[0]
        return self.service.look(self.rack, place, key, self.agreed, self.hands)

    def store(self, place: Place) -> Done:
        ready = self.look(place)
        assert ready.agreed
        done = self.service.store(self.rack, ready, self.pin.hands(self.hands))
        self.rack = done.rack
        return done

    def sign(self, place: Place) -> None:
        key = self.shop.keys.scan().keys[0]
        self.rack, _ = self.service.sign(self.rack, place, key, self.pin.hands(self.hands))

    def entries(self, userid: str) -> list[TfaEntry]:
        return [one for one in entries_of(self.snapshot, userid) if one.description[:4] == "key "]


@pytest.fixture
def stand() -> Stand:
    return Stand()


def test_two_keys_for_two_people_each_with_one_pin_and_two_touches(stand: Stand) -> None:
    for number, place in enumerate(stand.rack.places):
        stand.plug(soft(number))
        stand.store(place)
        assert stand.rack.cell(place).how is How.ENROLLED
        stand.sign(place)
        assert len(stand.hands.asked) == 1
    assert not stand.rack.unfinished
    for person in stand.rack.people:
        ids = [entry.id for entry in stand.entries(person.userid)]
        assert sorted(ids) == sorted(cell.entry for cell in person.cells)
        for cell in person.cells:
            assert cell.how is How.SIGNATURE
            assert stand.shop.proofs.all()[person.userid, cell.entry].how is How.SIGNATURE
    assert stand.service.unfinished() == stand.rack
    assert [e.description for e in stand.entries(NINA)] == [
        "key 1, 2026-11-21",
        "key 2, 2026-11-21",
    ]


def test_in_another_order_they_are_what_was_agreed_to_all_the_same(stand: Stand) -> None:
    for number, place in enumerate((B2, A1, B1, A2)):
        stand.plug(soft(number))
        stand.store(place)
    assert not stand.rack.unfinished


def test_what_somebody_else_changes_meanwhile_has_to_be_agreed_to_anew(stand: Stand) -> None:
    stand.node.answer("PUT", "/access/domains/pve", {"tfa": "type=oath"})
    stand.plug(soft(1))
    ready = stand.look(A1)
    assert not ready.agreed
    assert any("requires TOTP" in finding.text for finding in ready.plan.findings)


def test_a_key_that_took_the_place_of_another_is_not_looked_at_for_its_cell(stand: Stand) -> None:
    stand.plug(soft(1))
    (first,) = stand.shop.keys.scan().keys
    stand.plug(soft(2))
    with pytest.raises(KeyTrouble) as caught:
        stand.service.look(stand.rack, A1, first, stand.agreed, stand.hands)
    assert caught.value.kind is Kind.UNPLUGGED


def test_a_key_that_took_the_place_of_the_described_one_is_not_stored(stand: Stand) -> None:
    stand.plug(soft(1))
    ready = stand.look(A1)
    stand.plug(soft(2))
    with pytest.raises(KeyTrouble) as caught:
        stand.service.store(stand.rack, ready, stand.hands)
    assert caught.value.kind is Kind.UNPLUGGED
    assert stand.entries(ERIK) == []


@pytest.mark.parametrize(
    "more",
    [
        {"refusal": "Nobody could get in any more."},
        {"changes": (("user.cfg", "one more"),)},
        {"findings": (Finding("BAD", "The realm is gone."),)},
        {"steps": ()},
    ],
)
def test_a_cell_that_says_more_than_was_agreed_to_is_not_carried_out_unasked(
    stand: Stand, more: Any
) -> None:
    stand.plug(soft(1))
    plan = stand.look(A1).plan
    assert says_no_more(plan, plan)
    assert not says_no_more(replace(plan, **more), plan)


def test_an_older_key_of_the_same_name_is_not_taken_for_the_racks(stand: Stand) -> None:
    before = stand.rack
    stand.plug(soft(1))
    stand.store(A1)
    later = replace(before, begun=before.begun + 3600.0)
    named = replace(later, pattern=before.description(A1).replace("key 1", "key {number}"))
    now, said = stand.service.beside_pve(named)
    assert now.cell(A1).state is State.OPEN
    assert said == ()


def test_a_key_of_somebody_else_is_said_and_taken_when_that_is_meant(stand: Stand) -> None:
    key = soft(1)
    stand.plug(key)
    assert stand.look(A1).asks == ()
    stand.store(A1)
    ready = stand.look(B1)
    assert [ERIK in sentence for sentence in ready.asks] == [True]
    assert [finding.word for finding in ready.about] == ["ok", "LOOK"]
    stand.store(B1)
    assert stand.rack.cell(B1).state is State.STORED


def test_a_key_that_the_person_has_is_refused_also_when_its_entry_is_disabled(stand: Stand) -> None:
    stand.plug(soft(1))
    stand.store(A1)
    entry = stand.rack.cell(A1).entry
    with pytest.raises(KeyTrouble) as held:
        stand.look(A2)
    assert held.value.kind is Kind.ALREADY
    stand.node.answer("PUT", f"/access/tfa/{ERIK}/{entry}", {"enable": 0})
    with pytest.raises(KeyTrouble, match="which is disabled"):
        stand.look(A2)
    assert stand.rack.cell(A2).state is State.OPEN


def test_a_key_that_tells_nothing_is_known_by_its_serial_number(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stand.shop.key_enrol, "known", lambda *a, **k: Answered(()))
    stand.plug(soft(1))
    stand.store(A1)
    assert stand.look(B1).asks == ("It looks like the key that was just stored for A1 erik@pve.",)
    stand.plug(soft(2))
    assert stand.look(B1).asks == ()
    stand.plug(soft(1, serial=None))
    assert stand.look(B1).asks == ()


def test_giving_up_at_the_touch_leaves_no_entry_and_the_cell_open(stand: Stand) -> None:
    stand.plug(soft(1, script=Script(touch="never")))
    ready = stand.look(A1)

    def gives_up(phase: object) -> None:
        stand.hands.gone = getattr(phase, "name", "") == "TOUCH"

    stand.hands.on_phase = gives_up
    with pytest.raises(KeyTrouble) as ended:
        stand.service.store(stand.rack, ready, stand.pin.hands(stand.hands))
    assert ended.value.kind is Kind.CANCELLED
    assert stand.entries(ERIK) == []
    stand.plug(soft(1))
    stand.store(A1)
    assert len(stand.entries(ERIK)) == 1


def test_a_wrong_pin_is_asked_for_again_and_not_typed_twice(stand: Stand) -> None:
    stand.plug(soft(1))
    stand.hands = StandHands("9999", PIN)
    stand.store(A1)
    assert [(one.tries, one.wrong) for one in stand.hands.asked] == [(8, False), (7, True)]


def test_a_kept_pin_is_typed_unless_it_is_wrong_or_few_tries_are_left() -> None:
    hands = StandHands("a", "b", "c", "d")
    kept = PlugPin()
    both = kept.hands(hands)

    def typed(asked: PinAsked) -> str:
        given = both.pin(asked)
        return given.reveal() if given else ""

    assert typed(PinAsked(8)) == "a"
    assert typed(PinAsked(8)) == "a"
    assert typed(PinAsked(7, wrong=True)) == "b"
    assert typed(PinAsked(None)) == "b"
    assert typed(PinAsked(3)) == "c"
    kept.forget()
    assert typed(PinAsked(8)) == "d"
    assert both.pin(PinAsked(7, wrong=True)) is None
    assert both.pin(PinAsked(8)) is None


def test_a_login_proves_a_key_and_a_wrong_password_does_not(stand: Stand) -> None:
    stand.plug(soft(1))
    stand.store(B1)
    key = stand.shop.keys.scan().keys[0]
    assert stand.service.why_no_login(NINA, stand.snapshot) == ""
    with pytest.raises(LoginRefused):
        stand.service.log_in(stand.rack, B1, key, stand.hands, Secret("wrong password"))
    assert stand.rack.cell(B1).how is How.ENROLLED
    now, proof = stand.service.log_in(stand.rack, B1, key, stand.hands, Secret(PASSWORD))
    assert proof.used == "webauthn"
    assert now.cell(B1).how is How.LOGIN
    assert stand.service.unfinished() == now


def test_who_cannot_log_in_is_told_before_a_password_is_asked_for(stand: Stand) -> None:
    assert "disabled" in stand.service.why_no_login("bob.admin@corp", stand.snapshot)


# --- interrupted ----------------------------------------------------------------------------


def test_what_was_interrupted_goes_on_where_it_was(stand: Stand) -> None:
    stand.plug(soft(1))
    stand.store(A1)
    left = stand.service.unfinished()
    assert left == stand.rack
    now, said = stand.service.beside_pve(left)
    assert (now, said) == (left, ())
    stand.agreed = stand.agree()
    stand.plug(soft(2))
    stand.store(A2)


def test_an_entry_that_is_gone_opens_its_cell_again(stand: Stand) -> None:
    stand.plug(soft(1))
    stand.store(A1)
    stand.node.answer("DELETE", f"/access/tfa/{ERIK}/{stand.rack.cell(A1).entry}", {})
    now, said = stand.service.beside_pve(stand.rack)
    assert now.cell(A1).state is State.OPEN
    assert said == (f"A1: the entry of {ERIK} is gone, so it is open again.",)


def test_an_entry_that_nobody_could_note_is_found(stand: Stand) -> None:
    before = stand.rack
    stand.plug(soft(1))
    stand.store(A2)
    stand.sign(A2)
    now, said = stand.service.beside_pve(before)
    assert now.cell(A2).entry == stand.rack.cell(A2).entry
    assert now.cell(A2).how is How.SIGNATURE
    assert said == ("A2: PVE had stored it before it could be noted.",)


def test_cells_of_somebody_who_was_removed_are_skipped(stand: Stand) -> None:
    stand.node.answer("DELETE", f"/access/users/{NINA}", {})
    now, said = stand.service.beside_pve(stand.rack)
    assert now.in_state(State.SKIPPED) == (B1, B2)
    assert len(said) == 2


def test_without_the_factors_nothing_is_concluded(stand: Stand) -> None:
    from pve_auth_tui.core.rackcheck import beside_pve

    snapshot = stand.snapshot
    blind = replace(snapshot, tfa=snapshot.tfa._replace(value=None))
    now, said = beside_pve(stand.rack, blind, {})
    assert now == stand.rack
    assert len(said) == 1


class _Full(MemoryRacks):
    def save(self, rack: Rack) -> None:
        raise Unwritable("No space left on device.", "Make room.")


def test_a_full_disk_is_said_and_stops_nobody(stand: Stand, monkeypatch: Any) -> None:
    monkeypatch.setattr(stand.service, "_racks", _Full())
    stand.plug(soft(1))
    done = stand.store(A1)
    assert done.rack.cell(A1).state is State.STORED
    assert done.remarks == ("If it is interrupted, it cannot go on: No space left on device.",)


# --- who, and the sheet ---------------------------------------------------------------------


def test_administrators_come_first_and_who_is_never_asked_is_left_out(stand: Stand) -> None:
    found = candidates(stand.snapshot, DEMO_NOW)
    usual = [one.userid for one in found if one.usual]
    assert {"root@pam", ERIK, NINA} <= set(usual)
    assert [one.usual for one in found] == sorted((one.usual for one in found), reverse=True)
    assert not any(one.userid.endswith("@entra") for one in found)


def test_the_sheet_tells_who_has_which_key_and_what_is_still_to_do(stand: Stand) -> None:
    made = stored(stand.rack, B1, "e-1", KeyTag("Key\x1b[2J", "6789", "aa-bb"), DEMO_NOW)
    text = sheet(made, stand.snapshot, DEMO_NOW)
    assert "DEMO" in text
    assert "\x1b" not in text
    for part in ("B1   nina@pve", "Key\\x1b[2J ...6789", "aa-bb", "e-1", "not yet", "1 of 4 keys"):
        assert part in text
    left = to_do(made, stand.snapshot)
    assert f"A1 {ERIK}: no key yet." in left
    assert f"{NINA}: no recovery keys: o in Users makes them." in left
    assert not any(line.startswith(f"{ERIK}:") for line in left)


def test_factors_from_before_are_named_in_the_sheet(stand: Stand) -> None:
    made = stored(stand.rack, A1, "e-1", KeyTag(), DEMO_NOW)
    assert any(line.startswith(f"{ERIK}: had ") for line in to_do(made, stand.snapshot))


def test_no_secret_is_in_what_is_kept_or_saved(stand: Stand) -> None:
    from pve_auth_tui.core.rackjson import to_json

    stand.plug(soft(1))
    stand.store(A1)
    stand.sign(A1)
    kept = to_json(stand.rack) + sheet(stand.rack, stand.snapshot, DEMO_NOW)
    assert PIN not in kept.replace(stand.rack.cell(A1).entry, "")
    assert "SK-0001" not in kept
    assert "0001" in kept
