"""The search itself: a secret that was put somewhere on purpose is found, wherever and however."""

from __future__ import annotations

import base64
import json
import logging
import os
import socket
import subprocess
from collections.abc import Callable
from urllib.parse import quote_plus

import pytest

from pve_auth_tui import equipment
from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.otpauth import decode_base32
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.terminal.qr import drawn
from tests.canary.canaries import Canaries
from tests.canary.evidence import PLACES, Evidence, note_exception, require_none, watching
from tests.canary.node import Home, listening
from tests.canary.planted import NEW_PASSWORD, NEW_TOTP, plant, running

PLAIN = "orchid-9"  # a secret without the mark, as PVE makes them
"""Found by its value alone."""


@pytest.fixture
def canaries() -> Canaries:
    found = Canaries()
    plant(found, running(0.0).files)
    found.add("plain", PLAIN)
    return found


# --- in every form -----------------------------------------------------------------------------

FORMS: dict[str, Callable[[str], bytes]] = {
    "as it is": lambda value: value.encode(),
    "in a sentence": lambda value: f"the value {value!r} is bad".encode(),
    "URL-quoted": lambda value: quote_plus(value).encode(),
    "in JSON": lambda value: json.dumps({"a": value}).encode(),
    "Base64": lambda value: base64.b64encode(value.encode()),
    "Base64 behind a byte": lambda value: base64.b64encode(b"x" + value.encode() + b"y"),
    "Base64 behind two": lambda value: base64.urlsafe_b64encode(b"xy" + value.encode() + b"z"),
    "Base32 behind three": lambda value: base64.b32encode(b"xyz" + value.encode() + b"z"),
    "hex": lambda value: value.encode().hex().encode(),
    "HEX": lambda value: value.encode().hex().upper().encode(),
    "UTF-16": lambda value: value.encode("utf-16-le"),
    "in fours": lambda value: b" ".join(
        value[at : at + 4].encode() for at in range(0, len(value), 4)
    ),
    "on two lines": lambda value: f"{value[:5]}\n   {value[5:]}".encode(),
    "with dashes": lambda value: "-".join(value).encode(),
    "backwards": lambda value: value[::-1].encode(),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("value", [NEW_TOTP, NEW_PASSWORD, PLAIN], ids=["app", "mark", "plain"])
def test_it_is_found_in_every_form(canaries: Canaries, value: str, form: str) -> None:
    assert canaries.found_in(b"before " + FORMS[form](value) + b" after") != []


@pytest.mark.parametrize(
    "form", [bytes.hex, base64.b64encode, repr], ids=["hex", "Base64", "as Python shows it"]
)
def test_the_bytes_of_an_app_s_secret_are_found(
    canaries: Canaries, form: Callable[[bytes], object]
) -> None:
    shown = form(decode_base32(NEW_TOTP))
    data = shown if isinstance(shown, bytes) else str(shown).encode()
    assert canaries.found_in(data) != []


@pytest.mark.parametrize("name", sorted(running(0.0).files))
def test_every_file_of_the_node_with_a_secret_is_seen_to_have_one(
    canaries: Canaries, name: str
) -> None:
    secret = ("priv/", "domains.cfg", "datacenter.cfg", "user.cfg", "shadow", ".key", ".password")
    expected = any(part in name for part in secret) and "priv/jobs" not in name
    assert bool(canaries.found_in(running(0.0).files[name])) == expected


def test_every_planted_secret_is_found_by_itself(canaries: Canaries) -> None:
    for name, values in canaries.known.items():
        for value in values:
            assert canaries.found_in(f"({value})".encode()) != [], name


def test_a_code_is_found_by_itself_and_not_within_a_number(canaries: Canaries) -> None:
    canaries.add("code", "123456")
    for text in ("123456", "code=123456&", '"123456"', "123 456", "totp:123456"):
        assert canaries.found_in(text.encode()) == ["code"], text
    for text in ("1234567", "0123456", "a123456b", "1700.123456", "12345"):
        assert canaries.found_in(text.encode()) == [], text


def test_what_the_program_takes_for_a_secret_is_looked_for_too(canaries: Canaries) -> None:
    canaries.take("0ca7-11d2-aa01-77fe")
    assert canaries.found_in(b"0ca711d2aa0177fe") != []


def test_what_may_be_there_hides_nothing_else(canaries: Canaries) -> None:
    assert canaries.found_in(NEW_TOTP.encode(), ["new TOTP secret"]) == []
    both = f"{NEW_TOTP} {NEW_PASSWORD}".encode()
    assert canaries.found_in(both, ["new TOTP secret"]) == ["new password"]


def test_nothing_is_found_where_there_is_nothing(canaries: Canaries) -> None:
    assert canaries.found_in(b"plan 1 step 2: pveum passwd nina@pve; ****") == []


# --- in every place ----------------------------------------------------------------------------


def leak_argv(home: Home, evidence: Evidence) -> None:
    subprocess.run(["/bin/true", PLAIN], check=True)


def leak_environment(home: Home, evidence: Evidence) -> None:
    subprocess.run(["/bin/true"], env={"PASSWORD": PLAIN}, check=True)


def leak_file(home: Home, evidence: Evidence) -> None:
    (home.keys / "note").write_text(PLAIN)
    (home.keys / "note").chmod(0o600)


def leak_removed_file(home: Home, evidence: Evidence) -> None:
    leak_file(home, evidence)
    folder = os.open(home.keys, os.O_RDONLY)
    os.remove("note", dir_fd=folder)
    os.close(folder)


def leak_mode(home: Home, evidence: Evidence) -> None:
    (home.keys / "open").touch(0o644)
    (home.keys / "open").chmod(0o644)


def leak_elsewhere(home: Home, evidence: Evidence) -> None:
    (home.folder / "elsewhere").write_text("nothing")


def leak_log(home: Home, evidence: Evidence) -> None:
    logging.getLogger("some.library").debug("sending %s", PLAIN)


def leak_address(home: Home, evidence: Evidence) -> None:
    with socket.socket(socket.AF_UNIX) as one, pytest.raises(OSError, match="No such file"):
        one.connect(str(home.folder / PLAIN))


def leak_exception(home: Home, evidence: Evidence) -> None:
    AuthTuiError("no", original=f"said {PLAIN}")


def leak_syslog(home: Home, evidence: Evidence) -> None:
    with pytest.MonkeyPatch.context() as patch, listening(home, patch, evidence):
        equipment.Syslog().send(f"plan 1: {PLAIN}", 0.0)


def leak_by(place: str) -> Callable[[Home, Evidence], None]:
    """What a flow's own harness hands over; `test_sabotage.py` shows that it does."""

    def leak(home: Home, evidence: Evidence) -> None:
        evidence.add(place, "on purpose", f"... {PLAIN} ...")

    return leak


def leak_clipboard(home: Home, evidence: Evidence) -> None:
    evidence.add("terminal", "on purpose", b"\x1b]52;c;aGFybWxlc3M=\x07")


LEAKS = {
    "argv": leak_argv,
    "environment": leak_environment,
    "file": leak_file,
    "removed file": leak_removed_file,
    "mode of a file": leak_mode,
    "file elsewhere": leak_elsewhere,
    "log": leak_log,
    "address": leak_address,
    "exception": leak_exception,
    "clipboard": leak_clipboard,
    "syslog": leak_syslog,
    **{
        place: leak_by(place)
        for place in (
            *("cluster log", "stdout", "stderr", "repr"),
            *("screen", "scrollback", "terminal"),
        )
    },
}


def test_there_is_a_leak_for_every_place() -> None:
    assert LEAKS.keys() == set(PLACES)


@pytest.mark.parametrize("place", PLACES)
def test_a_leak_is_found_in_its_place(
    place: str, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence = Evidence(Canaries())
    evidence.canaries.add("plain", PLAIN)
    with watching(evidence, monkeypatch, ours=home.all, not_ours=[]):
        LEAKS[place](home, evidence)
    assert place in {leak.place for leak in evidence.leaks()}
    with pytest.raises(AssertionError, match="secrets got away"):
        require_none(evidence.leaks())


def test_without_a_leak_there_is_none(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    evidence = Evidence(Canaries())
    evidence.canaries.add("plain", PLAIN)
    with watching(evidence, monkeypatch, ours=home.all, not_ours=[home.folder / "node"]):
        subprocess.run(["/bin/true", "harmless"], check=True)
        (home.here / "note").touch(0o600)
        (home.folder / "node").mkdir()
        (home.folder / "node" / "own").write_text(PLAIN)
        logging.getLogger("some.library").debug("sending %s", Secret(PLAIN))
    require_none(evidence.leaks())


@pytest.mark.parametrize("where", ["file", "scrollback"])
def test_a_qr_code_is_found(where: str) -> None:
    evidence = Evidence(Canaries())
    evidence.add(where, "on purpose", "\n".join(drawn(Secret(f"otpauth://{NEW_TOTP}")).lines))
    assert evidence.leaks()[0].what == "a QR code"


def test_what_an_exception_has_led_to_and_carries_is_looked_through() -> None:
    evidence = Evidence(Canaries())
    evidence.canaries.add("plain", PLAIN)
    error = ValueError("harmless")
    error.request = Request()  # type: ignore[attr-defined]
    outer = RuntimeError("harmless")
    outer.__context__ = ExceptionGroup("harmless", [error])
    note_exception(evidence, outer)
    assert [leak.what for leak in evidence.leaks()] == ["plain"]


class Request:
    """As that of requests: its repr shows nothing of its body."""

    body = f"password={PLAIN}"
