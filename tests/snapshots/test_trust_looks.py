"""How the CAs look: the store with its traps, what an input holds, a check of the demo's DCs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from textual.pilot import Pilot

from pve_auth_tui.terminal.profile import Profile
from tests.screens.conftest import UNICODE, MakeApp, make_app, rack
from tests.screens.test_trust import FOLDER, checked, offered, opened, put
from tests.snapshots.resting import rest

__all__ = ["make_app", "rack"]

ASCII = Profile("ascii", "none", serial=True)
_EVERY = pytest.mark.parametrize(
    ("size", "profile"),
    [((80, 24), UNICODE), ((132, 43), UNICODE), ((40, 12), UNICODE), ((80, 24), ASCII)],
    ids=["80x24", "132x43", "40x12", "ascii"],
)
# made once, so that no fingerprint in a picture is another one tomorrow
PEM = b"""-----BEGIN CERTIFICATE-----
MIIBXDCCAQOgAwIBAgIUK/6/fpomr12TyiOfnYuqvNhpQ+swCgYIKoZIzj0EAwIw
JDEMMAoGA1UECgwDTGFiMRQwEgYDVQQDDAtMYWIgUm9vdCBDQTAeFw0xNzAxMTcw
ODAwMDBaFw00NzAxMTAwODAwMDBaMCQxDDAKBgNVBAoMA0xhYjEUMBIGA1UEAwwL
TGFiIFJvb3QgQ0EwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASssbxynqL1694O
ZZuF/lPZXLFNBf8frTisr+ojJDJYVSEqvs9Ef/vm7S7cbAx9DvuiAcMrW8zYyZf8
gp0MFKshoxMwETAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIFN9
7wZoK9LKHIKl2oyfMKZNSY9zA1j4oxmmyVf2CoGxAiAJeZi5KE3SEc+/WqQqSjtB
QhqMM+s6pNVViMvHOPQMew==
-----END CERTIFICATE-----
"""


def test_the_certificate_of_the_pictures_is_the_one_that_was_made_for_them() -> None:
    assert "Lab Root CA" in x509.load_pem_x509_certificate(PEM).subject.rfc4514_string()


async def store(pilot: Pilot[Any]) -> None:
    der = x509.load_pem_x509_certificate(PEM)
    await rest(pilot)
    put(pilot, f"{FOLDER}/aa-der.crt", der.public_bytes(Encoding.DER))
    put(pilot, f"{FOLDER}/lab.cer", PEM)
    await opened(pilot)
    await rest(pilot)


@_EVERY
def test_a_store_with_traps(
    looks_the_same: Callable[..., None], make_app: MakeApp, size: tuple[int, int], profile: Profile
) -> None:
    looks_the_same(make_app(profile=profile), size=size, run_before=store)


async def an_input(pilot: Pilot[Any]) -> None:
    await opened(pilot)
    await offered(pilot, put(pilot, "root/ca.pem", PEM))
    await rest(pilot)


@_EVERY
def test_an_input(
    looks_the_same: Callable[..., None], make_app: MakeApp, size: tuple[int, int], profile: Profile
) -> None:
    looks_the_same(make_app(profile=profile), size=size, run_before=an_input)


def test_the_form(looks_the_same: Callable[..., None], make_app: MakeApp) -> None:
    async def run(pilot: Pilot[Any]) -> None:
        await opened(pilot)
        await pilot.press("a")
        await rest(pilot)

    looks_the_same(make_app(), size=(80, 24), run_before=run)


async def a_check(pilot: Pilot[Any]) -> None:
    await checked(pilot, "example.com")
    await rest(pilot)


@_EVERY
def test_a_check(
    looks_the_same: Callable[..., None], make_app: MakeApp, size: tuple[int, int], profile: Profile
) -> None:
    looks_the_same(make_app(profile=profile), size=size, run_before=a_check)
