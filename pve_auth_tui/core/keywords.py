"""What a scan and a security key mean, in sentences (reference/fido.md 2.4 and 3.6).

Whatever a key says of itself is untrusted: it is spelled out and cut here, so that no product
name fills a screen or a description.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pve_auth_tui.core.finding import Finding, Word
from pve_auth_tui.core.keys import Finger, KeyInfo, KeyPlace, PinState, Scan, ScanState
from pve_auth_tui.core.keytrouble import ONLY_RESET
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.words import count_words, date, listed

FEW_TRIES: Final = 3
"""Three wrong PINs in a row, and the key wants to be unplugged (CTAP 2.1, 6.5.5.2)."""
LONGEST_NAME: Final = 40  # characters of a product name that are shown
_LONGEST_WORD: Final = 24  # of a serial number, a version, a transport
_LONGEST_SENTENCE: Final = 200
_MOST_WORDS: Final = 8
_TAIL: Final = 4  # characters of a serial number that tell two keys of a kind apart

REPLUG: Final = "Three wrong PINs in a row: unplug the key and plug it in again."

_CONTAINERS: Final = frozenset(
    {"lxc", "lxc-libvirt", "openvz", "docker", "podman", "systemd-nspawn", "rkt", "wsl"}
)
"""What systemd-detect-virt calls containers; everything else that it names is a VM."""

_ALGORITHMS: Final[Mapping[int, str]] = {
    -7: "ES256",
    -8: "EdDSA",
    -35: "ES384",
    -36: "ES512",
    -37: "PS256",
    -47: "ES256K",
    -257: "RS256",
    -258: "RS384",
    -259: "RS512",
    -65535: "RS1",
}
"""COSE's numbers (IANA COSE Algorithms)."""
_NONE_TOLD: Final = "it tells none"
_PVE_TAKES: Final = frozenset({-7, -257})  # reference/fido.md 2.1


# --- what is plugged in ---------------------------------------------------------------------


def scan_lines(scan: Scan) -> tuple[Finding, ...]:
    """What the look at the USB found, why there is no key, and what to do; never empty."""
    return tuple(_scan_lines(scan))


def _scan_lines(scan: Scan) -> Iterator[Finding]:
    match scan.state:
        case ScanState.FOUND:
            found = count_words(len(scan.keys), "security key is", "security keys are")
            yield Finding("ok", f"{found} plugged in.")
        case ScanState.DENIED:
            pass  # told below, by path
        case ScanState.CONTAINER:
            yield Finding(
                "LOOK",
                "The kernel has a security key, but it is not passed into this container.",
                _into_container(scan),
            )
        case ScanState.NO_KEY if scan.others:
            devices = count_words(scan.others, "HID device is", "HID devices are")
            none = "it is no security key" if scan.others == 1 else "none is a security key"
            yield Finding("-", f"{devices} plugged in, {none}.", _HERE if scan.far else _NODE)
        case _:
            where, plug_in = ("machine", _HERE) if scan.far else ("node", _NODE)
            yield Finding("-", f"No security key is plugged into this {where}.", plug_in)
    for path in scan.denied[:_MOST_WORDS]:
        root = "Run this program as root." if scan.far else "Run this program as root on the node."
        yield Finding("LOOK", f"{_short(path)} cannot be opened.", root)
    if scan.state in (ScanState.NOTHING, ScanState.NO_KEY):
        yield from _of_guest(scan)


_NODE: Final = (
    "Plug one into the node itself: a key in your laptop is not visible over SSH or noVNC."
)


_HERE: Final = "With --host a key belongs into the USB of this machine, not of the node."


def _of_guest(scan: Scan) -> Iterator[Finding]:
    machine, this = _short(scan.machine), "This machine" if scan.far else "This node"
    if not machine:
        return
    if _is_container(scan.machine):
        yield Finding(
            "LOOK",
            f"{this} is a container ({machine}): it sees the keys that its host passes in.",
            _into_container(scan),
        )
    else:
        yield Finding(
            "LOOK",
            f"{this} is a virtual machine ({machine}): it sees the keys that its host passes"
            " through.",
            "On that host: qm set <id> -usb0 host=<vid>:<pid> (lsusb tells both).",
        )


def _into_container(scan: Scan) -> str:
    path = _short(scan.keys[0].path) if scan.keys else "/dev/hidrawN"
    return f"On its host: pct set <id> -dev0 {path}, then start the container anew."


def _is_container(machine: str) -> bool:
    """Whether `machine` of a scan is a container."""
    return machine in _CONTAINERS


def label(place: KeyPlace) -> str:
    """A key in a few words: `YubiKey 5 NFC 4711`; without a serial number `YubiKey (hidraw3)`."""
    tail = _tail(place.serial)
    return f"{_name(place)} {tail}" if tail else f"{_name(place)} ({device(place.path)})"


def default_description(info: KeyInfo, now: float) -> str:
    """What the entry may be called: `YubiKey 5 NFC 4711 2026-11-22`.

    One printable line of at most 80 characters, whatever the key says; `now` is seconds since 1970.
    """
    place = info.place
    return " ".join(filter(None, (_name(place), _tail(place.serial), date(now))))


def _name(place: KeyPlace) -> str:
    return cut(" ".join(place.product[: 4 * LONGEST_NAME].split()), LONGEST_NAME) or "Security key"


def device(path: str) -> str:
    """`hidraw3` of `/dev/hidraw3`."""
    return _short(path.rpartition("/")[2]) or "?"


def serial(place: KeyPlace) -> str:
    """The serial number, "" where a key tells none."""
    return _short(place.serial)


def versions(info: KeyInfo) -> str:
    """`U2F_V2 and FIDO_2_0`: what it speaks, in its own words."""
    return _words(info.versions)


def _tail(serial: str) -> str:
    """The end of a serial number, where it is one: letters and digits of ASCII."""
    kept = "".join(one for one in serial[-64:] if one.isascii() and one.isalnum())
    return kept[-_TAIL:]


# --- what one key is --------------------------------------------------------------------------


def key_lines(info: KeyInfo, held: Sequence[Line] = ()) -> list[Line]:
    """Everything a key says of itself, most important first; `held`: whose entries it holds."""
    place = info.place
    lines = [Line(cut(info.problem, _LONGEST_SENTENCE), "Problem", "BAD")] if info.problem else []
    if not info.problem:
        lines += [pin_line(info), *_warnings(info), *_finger(info)]
        lines += [*held, _algorithms(info)]
    lines += [
        Line(_name(place), "Product"),
        Line(serial(place) or _NONE_TOLD, "Serial"),
        Line(f"{_short(place.path)}, USB {place.vendor_id:04x}:{place.product_id:04x}", "Device"),
    ]
    if not info.problem:
        lines += [
            Line(versions(info) or _NONE_TOLD, "Versions"),
            Line(_short(info.firmware) or _NONE_TOLD, "Firmware"),
            Line(_words(info.transports) or _NONE_TOLD, "Transports"),
            Line(_short(info.aaguid, 36) or _NONE_TOLD, "AAGUID"),
        ]
    return lines


def pin_line(info: KeyInfo) -> Line:
    """Whether there is a PIN, and how many tries are left."""
    text, word = pin_words(info)
    return Line(text, "PIN", word)


def pin_words(info: KeyInfo) -> tuple[str, Word | None]:
    """The same as a sentence's middle with a state: `set, 8 tries left`."""
    if info.pin is PinState.UNSUPPORTED:
        return "it cannot have one", None
    if info.pin is PinState.NONE:
        return "not set", None
    if info.pin_tries is None:
        return "set; it does not tell how many tries are left", None
    return f"set, {tries_left(info.pin_tries)}", tries_word(info.pin_tries)


def tries_left(tries: int) -> str:
    """`8 tries left`, `1 try left`, `blocked: no tries left`."""
    left = count_words(max(0, tries), "try left", "tries left")
    return left if tries > 0 else f"blocked: {left}"


def tries_word(tries: int) -> Word | None:
    """What the number of tries deserves."""
    if tries <= 0:
        return "BAD"
    return "LOOK" if tries <= FEW_TRIES else None


def _warnings(info: KeyInfo) -> Iterator[Line]:
    if is_blocked(info):
        yield Line(ONLY_RESET, "", "BAD")
    if info.needs_replug:
        yield Line(REPLUG, "", "LOOK")
    if info.must_change_pin:
        yield Line("It wants another PIN before anything else: p changes it.", "", "LOOK")


def key_word(info: KeyInfo) -> Word:
    """The state of a key in one word."""
    if info.problem or is_blocked(info) or _algorithms(info).word == "BAD":
        return "BAD"
    few = info.pin is PinState.SET and info.pin_tries is not None and info.pin_tries <= FEW_TRIES
    return "LOOK" if few or info.needs_replug or info.must_change_pin else "ok"


def is_blocked(info: KeyInfo) -> bool:
    """No PIN will be right any more."""
    return info.pin is PinState.SET and info.pin_tries is not None and info.pin_tries <= 0


def _finger(info: KeyInfo) -> Iterator[Line]:
    if info.finger is not Finger.NO_SENSOR:
        yield Line(info.finger.value, "Fingerprints")


def _algorithms(info: KeyInfo) -> Line:
    if not info.is_ctap2:
        return Line("a U2F key: ES256, which PVE takes; it has no PIN", "Signatures")
    if not info.algorithms:
        return Line("it does not tell; every key of this kind makes ES256", "Signatures")
    names = _words(tuple(_ALGORITHMS.get(number, str(number)) for number in info.algorithms))
    if _PVE_TAKES.isdisjoint(info.algorithms):
        return Line(
            f"{names}: PVE takes ES256 and RS256 alone, so none of its", "Signatures", "BAD"
        )
    return Line(names, "Signatures")


# --- untrusted words ----------------------------------------------------------------------------


def cut(text: str, most: int) -> str:
    """Untrusted text spelled out, at most so many characters."""
    shown = plain(text[:most])
    return shown if len(shown) <= most and len(text) <= most else f"{shown[: most - 1]}…"


def _short(text: str, most: int = _LONGEST_WORD) -> str:
    return cut(text, most)


def _words(texts: tuple[str, ...]) -> str:
    return listed([_short(text) for text in texts], _MOST_WORDS)
