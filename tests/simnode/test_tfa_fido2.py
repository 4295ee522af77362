"""What the simulated node reads out of a security key's answer, beside python-fido2's reading."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fido2.cose import CoseKey
from fido2.utils import websafe_decode
from fido2.webauthn import AttestationObject, AuthenticatorData

from pve_auth_tui.simnode.tfa import authdata, webauthn
from pve_auth_tui.simnode.tfa.failure import Failure

GOLDEN = Path(__file__).parents[1] / "conformance" / "golden" / "tfa" / "webauthn.json"
CASES = json.loads(GOLDEN.read_text())["cases"]


def registrations() -> Iterator[tuple[str, bytes]]:
    """Case -> attestation object of every registration that PVE accepted."""
    for case in CASES:
        second = case.get("step2")
        if second and isinstance(second["result"], dict) and second["result"].get("id"):
            answer = json.loads(second["request"]["value"])
            yield case["name"], websafe_decode(answer["response"]["attestationObject"])


def logins() -> Iterator[tuple[str, bytes]]:
    """Case -> authenticator data of every answer to a login's question."""
    for case in CASES:
        for number, login in enumerate(case.get("login", ())):
            try:
                answer: Any = json.loads((login["response"] or "").removeprefix("webauthn:"))
                data = websafe_decode(answer["response"]["authenticatorData"])
                AuthenticatorData(data)
            except (ValueError, TypeError, KeyError):
                continue  # made by hand so that nobody can read it
            yield f"{case['name']}-{number}", data


@pytest.mark.parametrize(("name", "data"), registrations())
def test_a_new_credential_is_the_one_that_fido2_reads(name: str, data: bytes) -> None:
    theirs = AttestationObject(data)
    form, _, ours = webauthn._attestation_object(data)
    assert form == theirs.fmt
    assert ours.rp_hash == theirs.auth_data.rp_id_hash
    assert (ours.flags, ours.counter) == (theirs.auth_data.flags, theirs.auth_data.counter)
    new = theirs.auth_data.credential_data
    assert new is not None
    assert ours.credential is not None
    assert ours.credential.id == new.credential_id
    assert ours.credential.aaguid == bytes(new.aaguid)
    assert CoseKey.parse(ours.credential.public_key) == new.public_key


@pytest.mark.parametrize(("name", "data"), logins())
def test_the_data_that_a_login_signs_is_read_as_fido2_reads_it(name: str, data: bytes) -> None:
    theirs = AuthenticatorData(data)
    ours = authdata.parse(data, registration=False)
    assert ours.rp_hash == theirs.rp_id_hash
    assert (ours.flags, ours.counter) == (theirs.flags, theirs.counter)
    assert ours.present == bool(theirs.is_user_present())
    assert ours.eligible == bool(theirs.is_backup_eligible())
    assert ours.backed_up == bool(theirs.is_backed_up())


def test_there_are_enough_of_both() -> None:
    assert len(list(registrations())) > 30
    assert len(list(logins())) > 30


@pytest.mark.parametrize("size", range(37))
def test_what_is_too_short_for_fido2_is_too_short_for_pve(size: int) -> None:
    data = next(logins())[1][:size]
    with pytest.raises(ValueError):  # noqa: PT011 (fido2 has no kind of its own)
        AuthenticatorData(data)
    with pytest.raises(Failure):
        authdata.parse(data, registration=False)
