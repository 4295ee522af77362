"""The security keys on a bus. A `core.ports.SecurityKeys`.

python-fido2 is imported when a key is opened: whoever opens none needs none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from pve_auth_tui.adapters.keys.trouble import as_trouble
from pve_auth_tui.core.keys import KeyInfo, KeyPlace, Registered, Scan, Signed
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.ports import Hands, HidBus
from pve_auth_tui.core.secret import Secret

if TYPE_CHECKING:
    from pve_auth_tui.adapters.keys.fido.channel import Channel

_SILENCE: Final = 3.0


class UsbKeys:
    """`bus`: where they are plugged in. `silence`: seconds after which a key counts as dead."""

    def __init__(self, bus: HidBus, silence: float = _SILENCE, *, far: bool = False) -> None:
        """`far`: the node is another machine than the one with this bus."""
        self._bus = bus
        self._far = far
        self._silence = silence

    def scan(self) -> Scan:
        """What is plugged in now. Raises KeyTrouble."""
        with as_trouble():
            return self._bus.look()._replace(far=self._far)

    def open(self, path: str) -> UsbKey:
        """One of the scan's keys, and nothing else: what is no key is never written to."""
        scan = self.scan()
        place = next((one for one in scan.keys if one.path == path), None)
        if place is None:
            raise KeyTrouble(Kind.NOT_ALLOWED if path in scan.denied else Kind.UNPLUGGED)
        return UsbKey(place, self._channel(path))

    def touched(self, paths: Sequence[str], hands: Hands) -> str:
        """All of them blink; the path of the one that is touched. Raises KeyTrouble."""
        with as_trouble():
            from pve_auth_tui.adapters.keys.fido.choose import touched

            return touched(tuple(dict.fromkeys(paths)), self._channel, hands)

    def _channel(self, path: str) -> Channel:
        with as_trouble():
            from pve_auth_tui.adapters.keys.fido.channel import Channel

            wire = self._bus.open(path)
            try:
                return Channel(wire, self._silence)
            except BaseException:
                wire.close()
                raise


class UsbKey:
    """One opened key. A `core.ports.SecurityKey`."""

    def __init__(self, place: KeyPlace, channel: Channel) -> None:
        self._place = place
        self._channel = channel

    def info(self) -> KeyInfo:
        """See `core.ports.SecurityKey.info`."""
        with as_trouble():
            from pve_auth_tui.adapters.keys.fido.describe import describe

            return describe(self._channel, self._place)

    def register(self, options: Mapping[str, Any], origin: str, hands: Hands) -> Registered:
        """See `core.ports.SecurityKey.register`."""
        with as_trouble():
            from pve_auth_tui.adapters.keys.fido.register import register

            return register(self._channel, options, origin, hands)

    def sign(self, options: Mapping[str, Any], origin: str, hands: Hands) -> Signed:
        """See `core.ports.SecurityKey.sign`."""
        with as_trouble():
            from pve_auth_tui.adapters.keys.fido.sign import sign

            return sign(self._channel, options, origin, hands)

    def holding(
        self,
        rp_id: str,
        credentials: Sequence[bytes],
        goes_on: Callable[[int], bool] = lambda asked: True,
    ) -> frozenset[bytes]:
        """See `core.ports.SecurityKey.holding`."""
        with as_trouble():
            from pve_auth_tui.adapters.keys.fido.holding import holding

            return holding(self._channel, rp_id, credentials, goes_on)

    def set_pin(self, new: Secret, old: Secret | None = None) -> None:
        """See `core.ports.SecurityKey.set_pin`."""
        with as_trouble():
            from pve_auth_tui.adapters.keys.fido.pin import set_pin

            set_pin(self._channel, new, old)

    def close(self) -> None:
        """Give the device back."""
        self._channel.close()
