"""The software key, read by python-fido2: registers, signs, counts, refuses."""

from __future__ import annotations

from typing import Any

import pytest
from fido2.client import ClientError
from fido2.ctap import CtapError
from fido2.ctap2 import Ctap2

from pve_auth_tui.simnode.softkey.authenticator import SoftKey
from pve_auth_tui.simnode.softkey.script import Script
from tests.simnode.fidoclient import RP, Site, device

NEW, OLDER, U2F = ("U2F_V2", "FIDO_2_0", "FIDO_2_1"), ("FIDO_2_0",), ("U2F_V2",)
KINDS = [
    pytest.param({"versions": NEW}, id="CTAP2.1"),
    pytest.param({"versions": OLDER}, id="CTAP2.0"),
    pytest.param({"versions": U2F}, id="U2F"),
]


def key(**parts: Any) -> SoftKey:
    return SoftKey(script=Script(touch_delay=0.02), **parts)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_key_registers_and_signs(kind: dict[str, Any]) -> None:
    one = key(**kind)
    site = Site(one)
    assert site.register().credential_data.public_key[3] == -7
    assert site.sign().rp_id_hash == next(iter(one.credentials.values())).rp_hash
    assert site.owner.asked == ["touch", "touch"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_says_that_it_is_registered_already(kind: dict[str, Any]) -> None:
    site = Site(key(**kind))
    site.register()
    with pytest.raises(ClientError) as caught:
        site.register()
    assert caught.value.code == ClientError.ERR.DEVICE_INELIGIBLE


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_signs_only_with_what_it_holds(kind: dict[str, Any]) -> None:
    site = Site(key(**kind))
    site.register()
    other = Site(key(**kind))
    other.held = site.held
    with pytest.raises(ClientError) as caught:
        other.sign()
    assert caught.value.code == ClientError.ERR.DEVICE_INELIGIBLE


@pytest.mark.parametrize("kind", KINDS)
def test_every_signature_counts(kind: dict[str, Any]) -> None:
    site = Site(key(counter_start=40, counter_step=2, **kind))
    made = site.register().counter
    assert made == (0 if kind["versions"] == U2F else 42)
    first = site.sign().counter
    assert first == 42 + (2 if made else 0)
    assert site.sign().counter == first + 2


@pytest.mark.parametrize("form", ["packed", "self", "none", "fido-u2f"])
def test_every_attestation_is_one_that_the_library_reads(form: str) -> None:
    one = key(attestation=form)
    site = Site(one)
    site.register()
    site.sign()
    info = Ctap2(device(one)).info
    assert info.aaguid.hex() == "70766561757468747569766972746b79"


def test_a_key_may_know_eddsa_alone() -> None:
    site = Site(key(algs=(-8,)))
    assert site.register().credential_data.public_key[3] == -8
    site.sign()


def test_a_passkey_is_found_without_its_name_until_the_storage_is_full() -> None:
    site = Site(key(max_resident=1, pin="123456"), "123456", "123456", "123456")
    site.register("required", resident="required")
    held, site.held = site.held, []
    with pytest.raises(ClientError) as caught:
        site.register("required", resident="required")
    assert caught.value.cause.code == CtapError.ERR.KEY_STORE_FULL
    found = Ctap2(device_of(site)).get_assertion(RP, b"h" * 32)
    assert found.credential["id"] == held[0].credential_id
    assert found.user == {"id": b"ann@pve"}


def device_of(site: Site) -> Any:
    return site.client._backend.ctap2.device


def test_a_look_needs_no_touch_and_counts_nothing() -> None:
    one = key(counter_start=7)
    site = Site(one)
    site.register()
    one.log.clear()
    allow = [{"type": "public-key", "id": site.held[0].credential_id}]
    found = Ctap2(device(one)).get_assertion(RP, b"h" * 32, allow, options={"up": False})
    assert (found.auth_data.counter, found.auth_data.flags) == (8, 0)
    assert not [line for line in one.log if "touch" in line]


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (Script(touch="deny"), CtapError.ERR.OPERATION_DENIED),
        (Script(touch="never", touch_timeout=0.05), CtapError.ERR.USER_ACTION_TIMEOUT),
        (Script(force_status={1: 0x28}), CtapError.ERR.KEY_STORE_FULL),
    ],
)
def test_a_script_makes_it_refuse(script: Script, code: CtapError.ERR) -> None:
    with pytest.raises(ClientError) as caught:
        Site(SoftKey(script=script)).register()
    assert caught.value.cause.code == code


def test_a_key_is_touched_by_hand_where_the_script_wants_that() -> None:
    one = SoftKey(script=Script(touch="manual"))
    ctap = Ctap2(device(one))

    def told(status: int) -> None:
        assert status == 2
        one.press()

    ctap.selection(on_keepalive=told)
    assert one.log[-1] == "touched:selection"


def test_a_reset_forgets_everything() -> None:
    one = key(pin="123456")
    Site(one).register()
    ctap = Ctap2(device(one))
    ctap.reset()
    assert not one.credentials
    assert ctap.get_info().options["clientPin"] is False


def test_older_keys_know_no_selection_but_answer_the_question_which_key() -> None:
    one = key(versions=OLDER, pin="1234")
    ctap = Ctap2(device(one))
    with pytest.raises(CtapError) as caught:
        ctap.selection()
    assert caught.value.code == CtapError.ERR.INVALID_COMMAND
    with pytest.raises(CtapError) as caught:
        ctap.make_credential(
            b"h" * 32,
            {"id": RP},
            {"id": b"x", "name": "x"},
            [{"type": "public-key", "alg": -7}],
            pin_uv_param=b"",
            pin_uv_protocol=1,
        )
    assert caught.value.code == CtapError.ERR.PIN_INVALID
    assert one.log[-2:] == ["touched:probe", "status:0x31"]
