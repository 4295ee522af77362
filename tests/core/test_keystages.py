"""Is a key fit to be enrolled, and what is told of it: without a key."""

from __future__ import annotations

import pytest

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.keyids import Holding
from pve_auth_tui.core.keys import Finger, KeyInfo, KeyPlace, PinState
from pve_auth_tui.core.keystages import (
    again_at,
    given_up,
    key_name,
    key_texts,
    trouble_lines,
    unfit,
    what_comes,
    what_next,
    word_of,
)
from pve_auth_tui.core.keytrouble import Back, KeyTrouble, Kind

PLACE = KeyPlace("/dev/hidraw3", "YubiKey 5 NFC", "4711")
USER = "anna@pam"


def key(**said: object) -> KeyInfo:
    usual = {"versions": ("FIDO_2_0",), "pin": PinState.SET, "pin_tries": 8, "verifies": True}
    return KeyInfo(PLACE, **{**usual, **said})  # type: ignore[arg-type]


def held(userid: str = USER, *, enabled: bool = True, works: bool = True) -> Holding:
    return Holding(userid, "id", "rack 3", enabled, "example.com" if works else "old.lan", works)


@pytest.mark.parametrize(
    ("info", "kind"),
    [
        (key(problem="It does not answer."), Kind.KEY_ERROR),
        (key(must_change_pin=True), Kind.PIN_CHANGE),
        (key(pin_tries=0), Kind.PIN_BLOCKED),
        (key(needs_replug=True), Kind.PIN_REPLUG),
        (key(pin=PinState.NONE, pin_tries=None), Kind.PIN_MISSING),
    ],
)
def test_a_key_that_cannot_be_enrolled_says_why(info: KeyInfo, kind: Kind) -> None:
    trouble = unfit(info, (), USER)
    assert trouble
    assert trouble.kind is kind


@pytest.mark.parametrize(
    "info",
    [
        key(),
        key(verifies=False, pin_tries=0),
        key(verifies=False, needs_replug=True),
        key(finger=Finger.ENROLLED, pin=PinState.NONE),
        key(pin_tries=None),
    ],
)
def test_a_pin_that_is_not_asked_for_keeps_no_key_out(info: KeyInfo) -> None:
    assert unfit(info, (), USER) is None


def test_an_entry_of_the_user_keeps_the_key_out_and_one_of_others_does_not() -> None:
    mine = unfit(key(), (held("bob@pve"), held()), USER)
    assert mine
    assert str(mine) == "anna@pam has this key already: rack 3."
    off = unfit(key(), (held(enabled=False),), USER)
    assert off
    assert str(off) == "anna@pam has this key already: rack 3, which is disabled."
    assert unfit(key(), (held("bob@pve"),), USER) is None
    assert unfit(key(), (held(works=False),), USER) is None


def test_a_key_that_is_in_use_gets_no_advice_that_is_not_its_own() -> None:
    busy = "Another program uses the key. Close it (ssh-agent, gpg), then try again."
    trouble = unfit(key(problem=busy), (), USER)
    assert trouble
    assert (str(trouble), trouble.hint) == (busy, "Take another key if that stays so.")


def test_what_a_key_is_called_while_it_works_tells_nothing_that_changes_then() -> None:
    assert key_name(key(firmware="5.4.3")) == "YubiKey 5 NFC 4711, firmware 5.4.3"


def test_what_is_told_of_a_key() -> None:
    assert key_texts(key(firmware="5.4.3"), (held("bob@pve", enabled=False),)) == (
        "YubiKey 5 NFC 4711, firmware 5.4.3, PIN set, 8 tries left",
        "also enrolled for bob@pve: rack 3, disabled",
    )
    assert key_texts(key(versions=("U2F_V2",)), None) == ("YubiKey 5 NFC 4711, U2F, no PIN",)
    assert key_texts(key(), (held(works=False),))[1].endswith("under the WebAuthn ID old.lan")
    many = key_texts(key(), tuple(held(f"user{n}@pve") for n in range(5)))
    assert many[-1] == "and 2 more entries"


def test_what_a_key_will_want() -> None:
    assert what_comes(key()) == "The key will want its PIN, then a touch."
    told = "The key will want a finger, or its PIN and a touch."
    assert what_comes(key(finger=Finger.ENROLLED)) == told
    no_pin = key(finger=Finger.ENROLLED, pin=PinState.NONE)
    assert what_comes(no_pin) == "The key will want a finger."
    assert what_comes(key(verifies=False)) == "The key will want one touch, and no PIN."


@pytest.mark.parametrize("kind", list(Kind))
def test_every_trouble_has_a_way_to_try_again_that_is_told(kind: Kind) -> None:
    error = KeyTrouble(kind, "0x2e")
    assert again_at(error) not in (None, Back.CLOSE)
    assert what_next(error).endswith("o shows the original text.")
    assert word_of(error) == ("-" if given_up(error) else "BAD")


def test_what_is_told_of_trouble() -> None:
    pulled = [line.text for line in trouble_lines(KeyTrouble(Kind.UNPLUGGED), "Nothing stays.")]
    assert pulled == ["The key was unplugged.", "Plug it in again.", "Nothing stays."]
    cancelled = [line.text for line in trouble_lines(KeyTrouble(Kind.CANCELLED), "Nothing stays.")]
    assert cancelled == ["Cancelled.", "Nothing stays."]
    other = AuthTuiError("No quorum.")
    assert again_at(other) is None
    assert what_next(other) == "r begins again."
