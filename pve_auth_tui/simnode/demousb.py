"""The keys of the demo, and which of them are in its USB ports."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, ClassVar, Final

from pve_auth_tui.core.keys import Scan
from pve_auth_tui.core.ports import HidWire
from pve_auth_tui.simnode.rack_tfa import registered
from pve_auth_tui.simnode.softbus import SoftBus

if TYPE_CHECKING:
    from pve_auth_tui.simnode.softkey.authenticator import SoftKey
    from pve_auth_tui.simnode.softkey.script import Script

DEMO_PIN: Final = "123456"
"""The PIN of every key of the demo that has one."""
TOUCH_SECONDS = 1.0
"""After which a key touches itself."""
FIRST_PORT, SECOND_PORT = "/dev/hidraw2", "/dev/hidraw3"
_RP: Final = "example.com"  # as datacenter.cfg has it
# Who has a key of the demo: its private key is the place of its entry in tfa.cfg.
_OF_A, _OF_B = ("root@pam", "rack 3", 1), ("bob.admin@corp", "blue key", 2)
_ALWAYS: Final = 1_000_000_000  # "channel busy", so many times


class DemoUsb:
    """A `core.ports.HidBus` with two ports; what was registered on a key stays on it.

    At the start the key is plugged in with which root@pam logs in. The keys are made when
    somebody looks for the first time: a start of the program needs none.
    """

    NOTHING: ClassVar[str] = ""
    KEY_A: ClassVar[str] = "Demo Key A"
    KEY_B: ClassVar[str] = "Demo Key B"
    OLD: ClassVar[str] = "Demo Key U2F"

    def __init__(self) -> None:
        self.bus = SoftBus()
        self.first = self.KEY_A
        self.second = False
        self.hung = False
        self.busy = False
        self._locked = False
        self._fresh = 0
        self._keys: dict[str, SoftKey] = {}
        self._lock = threading.RLock()  # screens look from threads of theirs

    def look(self) -> Scan:
        """What is plugged in now."""
        self._arrange()
        return self.bus.look()

    def open(self, path: str) -> HidWire:
        """Raises OSError."""
        self._arrange()
        return self.bus.open(path)

    @property
    def locked(self) -> bool:
        """Whether the first key still waits to be unplugged, after three wrong PINs."""
        key = self.bus.key_at(FIRST_PORT)
        return self._locked and (key is None or key.pin.waits_for_replug)

    # --- what stories do -------------------------------------------------------------

    def put_first(self, product: str) -> None:
        """Pull what is in the first port, and plug this in."""
        self.first = product
        self._pull_first()

    def put_next(self) -> None:
        """A fresh key in the first port."""
        self._fresh += 1
        self.put_first(f"Demo Key {self._fresh + 2}")

    def put_second(self, on: bool) -> None:
        """Plug Demo Key B into the second port, or pull it."""
        self.second = on
        self._arrange_if_begun()

    def hang(self, on: bool) -> None:
        """The first key dies when it is to be touched; to mend it, it is plugged in anew."""
        self.hung = on
        if not on:
            self._pull_first()
        self._arrange_if_begun()

    def occupy(self, on: bool) -> None:
        """Another program has a conversation with the first key."""
        self.busy = on
        self._arrange_if_begun()

    def lock(self, on: bool) -> None:
        """Somebody typed three wrong PINs; to mend it, the first key is plugged in anew."""
        if on:
            if self.first in {self.NOTHING, self.OLD}:  # without a PIN
                self.put_first(self.KEY_A)
            self._locked = True
            self._key(self.first).pin.fail_three_times()
            self._arrange()
        else:
            self._pull_first()

    def mend(self) -> None:
        """As at the start; the keys keep what they hold."""
        self.second = self.hung = self.busy = self._locked = False
        self.put_first(self.KEY_A)

    def _pull_first(self) -> None:
        self._locked = False
        self.bus.pull(FIRST_PORT)
        self._arrange_if_begun()

    # --- keys ------------------------------------------------------------------------

    def _arrange_if_begun(self) -> None:
        """Whoever works with a key sees at once what happens to it."""
        if self._keys:
            self._arrange()

    def _arrange(self) -> None:
        with self._lock:
            self._put_keys()

    def _put_keys(self) -> None:
        wanted = {FIRST_PORT: self.first, SECOND_PORT: self.KEY_B if self.second else self.NOTHING}
        for path, product in wanted.items():
            there, key = self.bus.key_at(path), self._key(product) if product else None
            if there is not key:
                self.bus.pull(path)
                if key:
                    self.bus.plug(key, path)
        if self.first:
            script = self._key(self.first).script
            script.hang_at = "touch" if self.hung else None
            script.busy_for = _ALWAYS if self.busy else 0

    def _key(self, product: str) -> SoftKey:
        if product not in self._keys:
            self._keys[product] = _made(product)
        return self._keys[product]


def _made(product: str) -> SoftKey:
    """A key of the demo as it comes: with what tfa.cfg says that its owner has registered."""
    from pve_auth_tui.simnode.softkey.authenticator import SoftKey

    if product == DemoUsb.OLD:
        return SoftKey(product=product, serial=None, versions=("U2F_V2",), script=_script(1))
    if product == DemoUsb.KEY_B:
        key = SoftKey(
            product=product,
            serial="DEMO-0002",
            builtin_uv=True,
            make_cred_uv_not_rqd=False,
            script=_script(2),  # the first one is touched first
        )
        return _registered(key, *_OF_B)
    number = 1 if product == DemoUsb.KEY_A else int(product.rpartition(" ")[2])
    key = SoftKey(
        product=product,
        serial=f"DEMO-{number:04}",
        pin=DEMO_PIN,
        make_cred_uv_not_rqd=False,
        script=_script(1),
    )
    return _registered(key, *_OF_A) if product == DemoUsb.KEY_A else key


def _script(times: int) -> Script:
    from pve_auth_tui.simnode.softkey.script import Script

    return Script(touch_delay=TOUCH_SECONDS * times)


def _registered(key: SoftKey, userid: str, description: str, number: int) -> SoftKey:
    from pve_auth_tui.simnode.softkey.credential import Credential, private_number, rp_hash

    name, key.counter = registered(userid, description)
    key.put(Credential(name, rp_hash(_RP), private_number(number)))
    return key
