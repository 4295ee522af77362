"""Security keys as data: what is plugged in, what one of them says of itself, what it waits for.

Sources: CTAP 2.1 (authenticatorGetInfo), reference/fido.md 2.4 and 3.6. Product names, serial
numbers and versions come from the key: untrusted text.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple


class ScanState(Enum):
    """What a look at the node's USB found."""

    FOUND = "found"
    NOTHING = "nothing"  # no HID device at all
    NO_KEY = "no key"  # HID devices, none of which is a security key
    DENIED = "denied"  # one that may be a key cannot be opened
    CONTAINER = "container"  # the kernel has one, and it is not in this container's /dev


class KeyPlace(NamedTuple):
    """A plugged-in key before it is opened. `path`: `/dev/hidraw3`."""

    path: str
    product: str = ""
    serial: str = ""
    vendor_id: int = 0
    product_id: int = 0


class Scan(NamedTuple):
    """`denied`: paths that could not be opened; `others`: how many HID devices are no key;
    `machine`: `kvm`, `lxc` and the like where this machine is itself a guest, "" on bare
    metal; `far`: the node that is worked on is another machine (--host).
    """

    state: ScanState
    keys: tuple[KeyPlace, ...] = ()
    denied: tuple[str, ...] = ()
    others: int = 0
    machine: str = ""
    far: bool = False


class PinState(Enum):
    """Whether a key has a PIN."""

    UNSUPPORTED = "cannot have one"
    NONE = "not set"
    SET = "set"


class Finger(Enum):
    """Whether a key has a sensor for fingerprints."""

    NO_SENSOR = "no sensor"
    NONE = "none enrolled"
    ENROLLED = "enrolled"


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """What a key says of itself without a touch.

    `versions` as it names them (`U2F_V2`, `FIDO_2_1`). `pin_tries`: left before the PIN is
    blocked, None where the key does not tell. `needs_replug`: three wrong PINs in a row, it waits
    to be unplugged. `verifies`: enrolling asks for its PIN or a finger. `must_change_pin`: it
    takes nothing else before. `problem`: why it could not be asked, as one sentence.
    """

    place: KeyPlace
    versions: tuple[str, ...] = ()
    firmware: str = ""
    transports: tuple[str, ...] = ()
    aaguid: str = ""
    algorithms: tuple[int, ...] = ()
    pin: PinState = PinState.UNSUPPORTED
    finger: Finger = Finger.NO_SENSOR
    pin_tries: int | None = None
    min_pin: int = 4
    needs_replug: bool = False
    must_change_pin: bool = False
    verifies: bool = False
    problem: str = ""

    @property
    def is_ctap2(self) -> bool:
        """False for keys that speak U2F alone."""
        return any(version.startswith("FIDO_2") for version in self.versions)


class Phase(Enum):
    """What happens at the key right now."""

    OPENING = "Opening the key."
    ASKING = "Asking PVE for a challenge."
    WORKING = "The key works."
    PIN = "The key wants its PIN."
    FINGER = "Put your finger on the key's sensor."
    TOUCH = "Touch the key now."
    SENDING = "Sending the key's answer to PVE."


TOUCHES: Final = frozenset({Phase.TOUCH, Phase.FINGER})
"""In these the key waits for a hand, and PVE for the key."""


class PinAsked(NamedTuple):
    """`tries` left, None if the key does not tell; `wrong`: the last one was."""

    tries: int | None = None
    wrong: bool = False


class Registered(NamedTuple):
    """A new credential. `value`: the JSON text of PVE's second call."""

    credential: bytes
    value: str


class Signed(NamedTuple):
    """A key's answer to a login's challenge. `value`: the JSON text behind `webauthn:`.

    `data` is the authenticator data, `client` the client data (JSON), `signature` over `data` and
    the SHA-256 of `client`; `counter` is the signature counter in it.
    """

    credential: bytes
    value: str
    data: bytes
    client: bytes
    signature: bytes
    counter: int
