"""`prove USER` with a security key, and the key that answers a login at another host."""

from __future__ import annotations

from typing import Any

import pytest

from pve_auth_tui.actions import enrol, prove
from pve_auth_tui.actions.at_key import login_key, there_is_one
from pve_auth_tui.arguments import FAILED, OK
from pve_auth_tui.asking import Answers
from pve_auth_tui.core.challenge import Challenge
from pve_auth_tui.core.errors import AuthTuiError, LoginRefused, UsageError
from pve_auth_tui.core.tfafile import encode_base64url
from pve_auth_tui.core.webauthn import request_options
from pve_auth_tui.simnode.demo import PASSWORD
from pve_auth_tui.simnode.softkey.authenticator import SoftKey
from pve_auth_tui.simnode.softkey.script import Script
from tests.cli.at_key import KeyBench
from tests.cli.enrolling import Ran, Typist, run_with
from tests.services.factor_node import ADDRESS, KNOWN_AS, WITHOUT


def key(**how: Any) -> SoftKey:
    return SoftKey(script=Script(touch_delay=0.02), **how)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> KeyBench:
    """With a user who has one key, which is plugged in."""
    found = KeyBench(key())
    words = ("enrol", WITHOUT, "--webauthn", "--yes", "--description", "rack 9")
    assert run_with(monkeypatch, enrol.run, found, *words, typist=Typist()).code == OK
    return found


def proved(monkeypatch: Any, bench: KeyBench, *words: str, typed: tuple[str, ...]) -> Ran:
    argv = ("prove", WITHOUT, *words)
    return run_with(monkeypatch, prove.run, bench, *argv, typist=Typist(*typed))


def test_a_user_with_a_key_alone_is_proved_by_it(monkeypatch: Any, bench: KeyBench) -> None:
    ran = proved(monkeypatch, bench, typed=(PASSWORD,))
    assert ran.code == OK
    assert f"ok    {ADDRESS} took the password of {WITHOUT} and a security key." in ran.out
    assert "Touch the key now." in ran.err


def test_without_a_password_the_signature_is_checked(monkeypatch: Any, bench: KeyBench) -> None:
    ran = proved(monkeypatch, bench, "--json", typed=("",))
    assert ran.code == OK
    assert (ran.value["logged_in"], ran.value["used"]) == (False, "webauthn")
    assert ran.value["entry"] == bench.entries()[0].id
    assert bench.logins == 0


def test_another_key_is_told_before_the_password_is_asked_for(
    monkeypatch: Any, bench: KeyBench
) -> None:
    bench.bus.pull(bench.paths[0])
    bench.bus.plug(key(serial="soft-2222"))
    ran = proved(monkeypatch, bench, typed=())
    assert ran.code == FAILED
    assert "This key holds none of the entries of nina@pve (rack 9) for example.com." in ran.err
    assert bench.logins == 0


def test_a_code_can_be_typed_where_pve_takes_both(monkeypatch: Any, bench: KeyBench) -> None:
    totp = bench.enrolled()
    ran = proved(monkeypatch, bench, "--json", typed=(PASSWORD, bench.phone(totp)))
    assert ran.value["used"] == "totp"


def test_and_nothing_typed_means_the_key(monkeypatch: Any, bench: KeyBench) -> None:
    bench.enrolled()
    ran = proved(monkeypatch, bench, "--json", typed=(PASSWORD, ""))
    assert ran.value["used"] == "webauthn"


def test_a_key_that_is_named_is_used_at_once(monkeypatch: Any, bench: KeyBench) -> None:
    bench.enrolled()
    words = ("--json", "--key", bench.paths[0])
    assert proved(monkeypatch, bench, *words, typed=(PASSWORD,)).value["used"] == "webauthn"


def test_without_a_key_in_the_usb_only_the_code_is_asked_for(
    monkeypatch: Any, bench: KeyBench
) -> None:
    bench.enrolled()
    bench.bus.pull_all()
    with pytest.raises(LoginRefused, match="given up at the second factor"):
        proved(monkeypatch, bench, typed=(PASSWORD, ""))


# --- at another host ------------------------------------------------------------------------------


def asked_of(bench: KeyBench) -> Challenge:
    entry = bench.entries()[0].data["cred_id"]
    options = request_options("example.com", b"c" * 32, ())
    allowed = [{"type": "public-key", "id": entry}]
    return Challenge(webauthn={**options, "allowCredentials": allowed})


def test_a_key_in_this_machines_usb_answers_for_another_host(bench: KeyBench) -> None:
    answered = login_key(bench.usb, Answers(Typist()), KNOWN_AS)(asked_of(bench))
    assert answered is not None
    assert answered.reveal().startswith("webauthn:{")
    assert encode_base64url(b"c" * 32) in answered.reveal()


def test_an_address_for_which_no_browser_would_ask_the_key_is_told(bench: KeyBench) -> None:
    with pytest.raises(UsageError, match=r"neither the host other\.test nor a domain above it"):
        login_key(bench.usb, Answers(Typist()), "other.test:8006")(asked_of(bench))


def test_who_has_no_key_is_told_what_a_login_needs() -> None:
    bench = KeyBench()
    assert not there_is_one(bench.usb)
    with pytest.raises(AuthTuiError, match="needs a security key, and there is none"):
        Answers(Typist()).second_factor(Challenge(webauthn={"challenge": "c"}))
