"""Hosts and origins as browsers understand them."""

import pytest

from pve_auth_tui.core.weburl import BadUrl, parse


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://pve1.example.com:8006", ("https", "pve1.example.com", 8006)),
        ("HTTPS://PVE1.Example.com:08006/x?y#z", ("https", "pve1.example.com", 8006)),
        ("https:pve1", ("https", "pve1", 443)),
        ("  https:\\\\a\\b ", ("https", "a", 443)),
        ("https://who:secret@a:1/", ("https", "a", 1)),
        ("http://localhost", ("http", "localhost", 80)),
        ("https://b\u00fccher.example", ("https", "xn--bcher-kva.example", 443)),
        ("https://a%2eb", ("https", "a.b", 443)),
        ("https://192.0.2.1:8006", ("https", "192.0.2.1", 8006)),
        ("https://0x7f.1", ("https", "127.0.0.1", 443)),
        ("https://[2001:DB8::1]:8006", ("https", "2001:db8::1", 8006)),
        ("android:apk-key-hash:x", None),
        ("foo://example.com", None),
    ],
)
def test_the_origin_of_a_url(text, origin):
    assert parse(text).origin == origin


@pytest.mark.parametrize(
    "text", ["https://192.0.2.1", "https://[::1]", "https://0x7f.1", "https://1"]
)
def test_an_address_is_no_name(text):
    assert not parse(text).is_domain


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "relative URL without a base"),
        ("pve1.example.com", "relative URL without a base"),
        ("//a", "relative URL without a base"),
        ("https://", "empty host"),
        ("https://@", "empty host"),
        ("https://a:x", "invalid port number"),
        ("https://a:65536", "invalid port number"),
        ("https://a b", "invalid domain character"),
        ("https://a%00", "invalid domain character"),
        ("https://1.2.3.4.5", "invalid IPv4 address"),
        ("https://256.1.1.1", "invalid IPv4 address"),
        ("https://[::1", "invalid IPv6 address"),
        ("https://[x]", "invalid IPv6 address"),
        ("https://\u00fc" + "\u00fc" * 80, "invalid international domain name"),
    ],
)
def test_what_is_no_url_is_refused_in_the_cores_words(text, problem):
    with pytest.raises(BadUrl) as refused:
        parse(text)
    assert str(refused.value) == problem
