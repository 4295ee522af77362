"""Which names Net::LDAP takes for a server's: IO::Socket::SSL's scheme `ldap`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.directory.peername import is_for


@pytest.mark.parametrize(
    ("host", "names", "addresses", "common_name", "good"),
    [
        ("dc01.example.com", ["dc01.example.com"], [], "", True),
        ("DC01.Example.COM.", ["dc01.example.com."], [], "", True),
        ("dc01.example.com", ["dc02.example.com", "dc01.example.com"], [], "", True),
        ("dc01.example.com", ["dc02.example.com"], [], "", False),
        # the common name counts, even beside other names, and without `*`
        ("dc01.example.com", [], [], "dc01.example.com", True),
        ("dc01.example.com", ["dc02.example.com"], [], "dc01.example.com", True),
        ("dc01.example.com", [], [], "*.example.com", False),
        # `*` is one whole first label
        ("dc01.example.com", ["*.example.com"], [], "", True),
        ("a.dc01.example.com", ["*.example.com"], [], "", False),
        ("example.com", ["*.example.com"], [], "", False),
        ("dc01.example.com", ["dc*.example.com"], [], "", False),
        ("dc01.example.com", ["dc01.*.com"], [], "", False),
        ("example.com", ["*.com"], [], "", False),
        ("dc01", ["*"], [], "", False),
        # addresses are compared with addresses alone
        ("192.0.2.10", [], ["192.0.2.10"], "", True),
        ("192.0.2.10", ["192.0.2.10"], [], "192.0.2.10", False),
        ("192.0.2.10", [], ["192.0.2.11"], "", False),
        ("2001:db8::1", [], ["2001:DB8:0:0:0:0:0:1"], "", True),
        ("[2001:db8::1]", [], ["2001:db8::1"], "", True),
        ("192.0.2", ["192.0.2"], [], "192.0.2", False),
        ("münchen.example", ["xn--mnchen-3ya.example"], [], "", True),
        ("", [""], [], "", False),
        ("dc01.example.com\0.evil.org", ["dc01.example.com"], [], "", False),
    ],
)
def test_a_name_is_judged_as_net_ldap_does(host, names, addresses, common_name, good):
    assert is_for(host, names, addresses, common_name) is good


@given(st.text(), st.lists(st.text()), st.lists(st.text()), st.text())
def test_no_text_makes_it_fail(host, names, addresses, common_name):
    assert is_for(host, names, addresses, common_name) in (True, False)


@given(st.text("abc*.-", max_size=12))
def test_a_name_without_a_pattern_fits_itself_alone(name):
    if is_for("dc01.example.com", [name], [], ""):
        assert name.rstrip(".").lower() in ("dc01.example.com", "*.example.com")
