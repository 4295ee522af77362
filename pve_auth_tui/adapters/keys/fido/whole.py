"""A channel whose answers python-fido2 can read: signatures always name their credential."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Event
from typing import Any, Final

from fido2 import cbor
from fido2.ctap import STATUS, CtapDevice
from fido2.hid import CTAPHID

from pve_auth_tui.adapters.keys.fido.channel import Channel

_GET_ASSERTION: Final = b"\x02"
_OK: Final = b"\x00"


class Whole(CtapDevice):
    """A key may leave the credential out where only one was asked for (CTAP 2.0, 5.2), which
    python-fido2 refuses to read.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    @property
    def capabilities(self) -> int:
        """CTAPHID capability flags."""
        return self._channel.capabilities

    def call(
        self,
        cmd: int,
        data: bytes = b"",
        event: Event | None = None,
        on_keepalive: Callable[[STATUS], None] | None = None,
    ) -> bytes:
        """One command and its answer. Raises what the channel raises, and what cbor does."""
        answer = self._channel.call(cmd, data, event, on_keepalive)
        if cmd != CTAPHID.CBOR or data[:1] != _GET_ASSERTION or answer[:1] != _OK:
            return answer
        said = cbor.decode(answer[1:])
        asked: Any = cbor.decode(data[1:])
        allowed: list[Any] = asked.get(3) or []
        if not isinstance(said, dict) or 1 in said or len(allowed) != 1:
            return answer
        return _OK + cbor.encode({**said, 1: {"id": allowed[0]["id"], "type": "public-key"}})

    @classmethod
    def list_devices(cls) -> Iterator[CtapDevice]:
        """None: keys are found on a bus."""
        return iter(())
