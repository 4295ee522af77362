"""What goes wrong in the middle of a flow, while secrets are at hand: in the call that matters."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, Final

import pytest

from pve_auth_tui.adapters.bridge import Bridge
from pve_auth_tui.adapters.https import Https
from pve_auth_tui.adapters.keepsake import Keepsake
from pve_auth_tui.adapters.keys.usb import UsbKey
from pve_auth_tui.adapters.tokendoor import HttpsTokenDoor
from pve_auth_tui.core.directory.settings import DirectorySettings
from pve_auth_tui.core.errors import ApiError, Unreachable, Unwritable
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.services.realmtest import RealmTestService
from pve_auth_tui.services.snapshots import SnapshotService
from pve_auth_tui.simnode.direct import DirectApi
from tests.canary.planted import KEY_PIN

_ANSWERS: Final = {"value", "code"}
"""What goes back to PVE after it asked for it: of a second factor, of an OpenID login."""
_SEEN: Final = 0.9  # seconds, less than until the next tick


class Trouble(Enum):
    """REFUSED: PVE says no. ECHOED: it says no and repeats what it got. CRASH: a mistake of our
    own, with the secret in local variables, in the text and in the cause. UNREACHABLE: the answer
    is lost. STOPPED: somebody presses ctrl+c.

    AT_KEY: a mistake like CRASH in the thread that works a security key, when it has the PIN and
    the key's answer. IN_LIBRARY: the library that speaks with keys fails, and repeats the PIN.
    """

    NONE = "well"
    REFUSED = "refused"
    ECHOED = "echoed"
    CRASH = "crash"
    UNREACHABLE = "unreachable"
    STOPPED = "stopped"
    AT_KEY = "crash at the key"
    IN_LIBRARY = "the key's library fails"

    @property
    def is_mistake(self) -> bool:
        """Whether the program has to end with a report."""
        return self in {Trouble.CRASH, Trouble.AT_KEY}


class Mistake(Exception):
    """What nobody has foreseen."""


def troubled(trouble: Trouble, patch: pytest.MonkeyPatch, *, late: bool = False) -> list[str]:
    """It happens in every call that changes something or logs in; gives a list of those it hit.

    `late`: only in those that carry the answer to what PVE asked: the second of two.
    """
    hit: list[str] = []
    if trouble is Trouble.NONE:
        return hit
    if trouble in {Trouble.AT_KEY, Trouble.IN_LIBRARY}:
        _trouble_keys(trouble, patch, hit)
        return hit
    for way in (Bridge, Https, DirectApi):
        patch.setattr(way, "call", _calling(way.call, trouble, hit, late=late))
    asks = _asking(Https._ask_for_ticket, trouble, hit, late=late)
    patch.setattr(Https, "_ask_for_ticket", asks)
    patch.setattr(HttpsTokenDoor, "ask", _asking_as_token(HttpsTokenDoor.ask, trouble, hit))
    patch.setattr(Keepsake, "save", _saving(Keepsake.save, trouble, hit))
    patch.setattr(RealmTestService, "run", _testing(RealmTestService.run, trouble, hit))
    return hit


def troubled_reading(trouble: Trouble, patch: pytest.MonkeyPatch) -> list[str]:
    """The same for who only reads: the files cannot be read, or PVE does not answer."""
    hit: list[str] = []
    load = SnapshotService.load

    def reading(self: Any) -> Any:
        hit.append("load")
        everything = repr(
            [self._tree.read(f"etc/pve/{name}") for name in ("domains.cfg", "priv/tfa.cfg")]
        )
        if trouble is Trouble.CRASH:
            raise Mistake(everything)
        return load(self)

    def silent(self: Any, *args: Any, **kwargs: Any) -> Any:
        hit.append("call")
        raise Unreachable("Nobody answers.", "Try again.", "connection reset")

    patch.setattr(SnapshotService, "load", reading)
    if trouble is Trouble.UNREACHABLE:
        patch.setattr(Bridge, "call", silent)
        patch.setattr(DirectApi, "call", silent)
    return hit


def break_for_good(name: str) -> None:
    """For a process of its own: there is no end of it. `shown`: the screen with the QR code fails
    while the code is there to be seen.
    """
    patch = pytest.MonkeyPatch()
    if name != "shown":
        troubled(Trouble(name), patch)
        return
    from screens.scan_totp import ScanTotpScreen

    tick = ScanTotpScreen._tick
    shown: list[float] = []

    def fails(self: Any) -> None:
        if self.secrets_are_shown:
            shown.append(time.monotonic())
        if shown and time.monotonic() > shown[0] + _SEEN:
            _fall({"secret": self._totp.groups.reveal(), "uri": self._totp.uri.reveal()})
        tick(self)

    patch.setattr(ScanTotpScreen, "_tick", fails)


def _trouble_keys(trouble: Trouble, patch: pytest.MonkeyPatch, hit: list[str]) -> None:
    """In our own adapter, or in the library below it."""
    if trouble is Trouble.AT_KEY:
        for name in ("register", "sign", "set_pin"):
            patch.setattr(UsbKey, name, _falling(name, getattr(UsbKey, name), hit))
        return
    from fido2.ctap2.pin import ClientPin

    for name in ("get_pin_token", "set_pin", "change_pin"):
        patch.setattr(ClientPin, name, _repeating(name, hit))


def _falling(name: str, work: Callable[..., Any], hit: list[str]) -> Callable[..., Any]:
    def noted(self: Any, *args: Any) -> Any:
        answer = work(self, *args)
        hit.append(name)
        revealed = {str(at): one.reveal() for at, one in enumerate(args) if hasattr(one, "reveal")}
        _fall({**revealed, "pin": KEY_PIN, "answer": repr(answer)})

    return noted


def _repeating(name: str, hit: list[str]) -> Callable[..., Any]:
    def noted(self: Any, *args: Any) -> Any:
        hit.append(name)
        told = " ".join(one for one in args if isinstance(one, str))
        try:
            raise KeyError(told)
        except KeyError as error:
            raise ValueError(f"odd PIN: {told}") from error

    return noted


def _calling(
    call: Callable[..., Any], trouble: Trouble, hit: list[str], *, late: bool
) -> Callable[..., Any]:
    def noted(
        self: Any,
        method: str,
        path: Sequence[str],
        params: Mapping[str, Any] | None = None,
        secrets: Mapping[str, Secret] | None = None,
        **more: Any,
    ) -> Any:
        if method == "GET" or (late and not _ANSWERS & set(secrets or {})):
            return call(self, method, path, params, secrets, **more)
        hit.append(f"{method} {path}")
        revealed = {name: secret.reveal() for name, secret in (secrets or {}).items()}
        _before(trouble, revealed)
        answer = call(self, method, path, params, secrets, **more)
        _after(trouble, answer)
        return answer

    return noted


def _asking(
    ask: Callable[..., Any], trouble: Trouble, hit: list[str], *, late: bool
) -> Callable[..., Any]:
    """Both steps of a login."""

    def noted(self: Any, params: Mapping[str, Any], secrets: Mapping[str, Secret]) -> Any:
        if late and "tfa-challenge" not in {*params, *secrets}:
            return ask(self, params, secrets)
        hit.append(f"login {params['username']}")
        _before(trouble, {name: secret.reveal() for name, secret in secrets.items()})
        answer = ask(self, params, secrets)
        _after(trouble, answer)
        return answer

    return noted


def _testing(run: Callable[..., Any], trouble: Trouble, hit: list[str]) -> Callable[..., Any]:
    """A realm, with the bind password that was typed."""

    def noted(
        self: Any, settings: DirectorySettings, password: Secret | None = None, **more: Any
    ) -> Any:
        hit.append(f"test {settings.realm}")
        _before(trouble, {"password": password.reveal()} if password else {})
        answer = run(self, settings, password, **more)
        _after(trouble, answer)
        return answer

    return noted


def _asking_as_token(
    ask: Callable[..., Any], trouble: Trouble, hit: list[str]
) -> Callable[..., Any]:
    """What the connection says when a token comes."""

    def noted(self: Any, tokenid: str, secret: Secret, paths: Sequence[Any]) -> Any:
        hit.append(f"token {tokenid}")
        _before(trouble, {"secret": secret.reveal()})
        answer = ask(self, tokenid, secret, paths)
        _after(trouble, answer)
        return answer

    return noted


def _saving(save: Callable[..., Any], trouble: Trouble, hit: list[str]) -> Callable[..., Any]:
    def noted(self: Any, path: Any, sheet: Secret) -> Any:
        hit.append(f"save {path}")
        if trouble in {Trouble.REFUSED, Trouble.ECHOED, Trouble.UNREACHABLE}:
            raise Unwritable("No space left on device.", "Make room.")
        _before(trouble, {"sheet": sheet.reveal()})
        return save(self, path, sheet)

    return noted


def _before(trouble: Trouble, revealed: Mapping[str, str]) -> None:
    if trouble is Trouble.REFUSED:
        raise ApiError(500, "not today\n")
    if trouble is Trouble.ECHOED:
        told = {name: f"value '{value}' does not look right" for name, value in revealed.items()}
        raise ApiError(400, f"Parameter verification failed: {told}\n", told)
    if trouble is Trouble.CRASH and revealed:
        _fall(revealed)
    if trouble is Trouble.STOPPED:
        os.kill(os.getpid(), signal.SIGINT)


def _after(trouble: Trouble, answer: Any) -> None:
    if trouble is Trouble.CRASH:
        _fall({"answer": repr(answer)})
    if trouble is Trouble.UNREACHABLE:
        raise Unreachable("No answer came.", "Look first.", "connection reset", unsure=True)


def _fall(revealed: Mapping[str, str]) -> None:
    values = " ".join(revealed.values())
    try:
        raise KeyError(values)
    except KeyError as error:
        raise Mistake(f"{values} {revealed}") from error
