"""Several keys are plugged in: all of them blink, and the one that is touched is meant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from queue import Empty, Queue
from threading import Event, Thread
from time import monotonic, sleep
from typing import Final

from fido2.client import UserInteraction

from pve_auth_tui.adapters.keys.fido.channel import Channel
from pve_auth_tui.adapters.keys.fido.client import OriginWriter, client
from pve_auth_tui.adapters.keys.trouble import as_trouble
from pve_auth_tui.core.keys import Phase
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.ports import Hands

_SECONDS: Final = 120.0
_LOOK: Final = 0.1
_ENDS: Final = 1.0  # a cancelled key has this long to say so
_NOBODY: Final = "choosing.invalid"  # nothing is made that this name could open


def touched(paths: Sequence[str], open_key: Callable[[str], Channel], hands: Hands) -> str:
    """The path of the key that is touched first; the others are told to stop blinking.

    CTAP 2.1, 6.9 authenticatorSelection; older keys are asked for a credential that nobody keeps.
    A dead one does not keep the others from blinking. Raises KeyTrouble.
    """
    over = Event()
    told: Queue[tuple[str, KeyTrouble | None]] = Queue()
    blinking = [
        Thread(target=_blink, args=(path, open_key, over, told.put), daemon=True) for path in paths
    ]
    for one in blinking:
        one.start()
    hands.waits(Phase.TOUCH)
    try:
        return _first(told, len(blinking), hands)
    finally:
        over.set()
        end = monotonic() + _ENDS
        for one in blinking:
            one.join(max(0.0, end - monotonic()))


def _first(told: Queue[tuple[str, KeyTrouble | None]], blinking: int, hands: Hands) -> str:
    last = KeyTrouble(Kind.UNPLUGGED)
    while blinking:
        if hands.given_up():
            raise KeyTrouble(Kind.CANCELLED)
        try:
            path, trouble = told.get(timeout=_LOOK)
        except Empty:
            continue
        if trouble is None:
            return path
        last = trouble
        blinking -= 1
    raise last


def _blink(
    path: str,
    open_key: Callable[[str], Channel],
    over: Event,
    tell: Callable[[tuple[str, KeyTrouble | None]], None],
) -> None:
    try:
        with as_trouble(), closing(open_key(path)) as channel:
            _until_touched(channel, over)
    except KeyTrouble as trouble:
        tell((path, trouble))
    else:
        tell((path, None))


def _until_touched(channel: Channel, over: Event) -> None:
    """A key that stops by itself (most do so after 30 s) begins again. Raises KeyTrouble."""
    writer = OriginWriter(f"https://{_NOBODY}", _NOBODY)
    with channel.watched(_SECONDS, over.is_set, Kind.TIMEOUT):
        while True:
            try:
                with as_trouble():
                    client(channel, writer, UserInteraction()).selection()
                return
            except KeyTrouble as trouble:
                if trouble.kind is not Kind.TIMEOUT or not channel.left:
                    raise
                sleep(_LOOK)
