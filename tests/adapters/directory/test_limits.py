"""R12: what is larger than it may be is refused where it is read."""

from __future__ import annotations

import pytest

from pve_auth_tui.adapters.directory import certificates, compiled, messages, network
from pve_auth_tui.adapters.directory.ber import NotBer, element, packed
from pve_auth_tui.adapters.directory.results import words
from pve_auth_tui.core.directory.causes import Cause, DirectoryTrouble
from pve_auth_tui.core.directory.peername import is_for


def test_an_element_that_is_longer_than_what_holds_it_is_none():
    assert element(b"\x04\x03abc", 0, 5) == (4, 2, 5)
    for octets, end in ((b"\x04\x04abc", 5), (b"\x04\x03abc", 4), (b"\x04\x84\x7f\xff\xff\xff", 6)):
        with pytest.raises(NotBer):
            element(octets, 0, end)


@pytest.mark.parametrize(("size", "taken"), [(messages.COOKIE_OCTETS, True), (100_000, False)])
def test_a_cookie_has_a_limit(size, taken):
    control = messages.paging(1, b"c" * size)
    done = packed(messages.DONE, b"\x0a\x01\x00\x04\x00\x04\x00")
    message = messages.received(messages.message(1, done, control))
    if taken:
        assert len(messages.cookie(message)) == size
    else:
        with pytest.raises(NotBer, match="cookie is too long"):
            messages.cookie(message)


def test_a_filter_has_a_limit():
    assert compiled.compiled(f"(cn={'a' * 60_000})")
    with pytest.raises(DirectoryTrouble) as caught:
        compiled.compiled(f"(cn={'a' * 70_000})")
    assert caught.value.cause is Cause.BAD_FILTER


def test_a_servers_own_text_has_a_limit():
    assert len(words(b"x" * 5000)) == 1024


def test_a_certificate_has_a_limit():
    assert certificates.described(b"\x30" * (certificates.LONGEST + 1)).problem == "it is too long"


def test_a_file_of_authorities_has_a_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(network, "_LARGEST", 10)
    path = tmp_path / "ca.pem"
    path.write_bytes(b"x" * 11)
    with pytest.raises(ValueError, match="too large"):
        network._require_file(path, path.stat().st_mode)


def test_nobody_is_asked_for_the_phrase_of_a_key(tmp_path):
    """OpenSSL would ask the terminal, behind the screen."""

    class Context:
        def load_cert_chain(self, cert, key, password=None):
            assert password is not None
            assert password()
            raise OSError("wrong phrase")

    path = tmp_path / "key.pem"
    path.write_bytes(b"x")
    with pytest.raises(DirectoryTrouble) as caught:
        network.SystemNetwork().identify(Context(), str(path), str(path))
    assert caught.value.cause is Cause.CLIENT_CERT_UNREADABLE


def test_a_star_stands_for_a_whole_label_of_a_name():
    assert is_for("dc1.corp.example", ["*.corp.example"], [], "")
    for host in ("d(c.corp.example", ".corp.example", "a.b.corp.example", "*.corp.example"):
        assert not is_for(host, ["*.corp.example"], [], "")
