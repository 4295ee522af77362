"""Redirect URIs, character by character (reference 5.3: location.origin)."""

import pytest

from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.openid.redirects import is_exact, joined, redirect_uris, typed_origin
from pve_auth_tui.core.webauthnremarks import Known

KNOWN = Known(
    {"pve1": "pve1.example.com", "pve2": "PVE2.example.com"},
    ("pve1", "192.0.2.1", "2001:db8::1", "pve1.example.com"),
)


def test_every_node_has_one_and_short_names_come_apart():
    found = redirect_uris(KNOWN)
    assert found.needed == ("https://pve1.example.com:8006", "https://pve2.example.com:8006")
    assert found.more == (
        "https://pve1:8006",
        "https://192.0.2.1:8006",
        "https://[2001:db8::1]:8006",
    )
    assert joined(found.needed).count("\n") == 1


def test_the_port_is_left_out_where_it_is_443():
    assert redirect_uris(KNOWN, port=443).needed[0] == "https://pve1.example.com"


@pytest.mark.parametrize(
    ("typed", "uri"),
    [
        ("vip.example.com", "https://vip.example.com:8006"),
        ("VIP.example.com.", "https://vip.example.com:8006"),
        ("vip.example.com:443", "https://vip.example.com"),
        ("vip.example.com:8443", "https://vip.example.com:8443"),
        ("https://vip.example.com", "https://vip.example.com"),
        ("https://vip.example.com/", "https://vip.example.com"),
        ("https://vip.example.com:8006", "https://vip.example.com:8006"),
        ("192.0.2.9", "https://192.0.2.9:8006"),
        ("2001:db8::9", "https://[2001:db8::9]:8006"),
        ("[2001:db8::9]:443", "https://[2001:db8::9]"),
        ("[2001:db8::9]", "https://[2001:db8::9]:8006"),
    ],
)
def test_what_is_typed_becomes_what_a_browser_sends(typed, uri):
    assert typed_origin(typed) == uri
    assert uri in redirect_uris(KNOWN, [typed]).needed


@pytest.mark.parametrize(
    "typed",
    [
        *("", "http://vip.example.com", "https://vip.example.com/path", "ftp://x", "a b"),
        *("https://ann@vip.example.com", "vip.example.com?x", "vip#x", "https://", "vip:99999"),
        "x" * 260,
    ],
)
def test_what_is_no_address_of_a_web_interface_is_refused(typed):
    with pytest.raises(UsageError):
        typed_origin(typed)


def test_the_slash_of_the_how_tos_is_told():
    assert is_exact("https://pve1.example.com:8006") == ""
    assert "https://pve1.example.com:8006," in is_exact("https://pve1.example.com:8006/")
    assert is_exact("https://pve1.example.com:443")
    assert is_exact("http://pve1.example.com")
