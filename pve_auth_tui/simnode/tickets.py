"""Tickets, second-factor tickets and CSRF tokens, as PVE signs and checks them.

Sources: PVE::Ticket (pve-common 9.2.1), PVE::AccessControl 9.1.1. Which hash PVE signs with is
the default of the Crypt::OpenSSL::RSA that is installed; here it is SHA-256 with PKCS #1 v1.5
padding. Nobody but the node itself ever checks a ticket, so no client can tell.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from threading import RLock
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.names import is_userid
from pve_auth_tui.simnode import signing

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

    from pve_auth_tui.simnode.node import SimNode

LIFETIME: Final = 2 * 3600  # seconds a ticket is good for
EARLY: Final = 300  # seconds a ticket may be dated in the future
KEY_LIFETIME: Final = 24 * 3600
PRIVATE: Final = "etc/pve/priv/authkey.key"
PUBLIC: Final = "etc/pve/authkey.pub"
OLD: Final = "etc/pve/authkey.pub.old"
WWW: Final = "etc/pve/pve-www.key"
_NO_QUORUM: Final = "cfs-lock 'authkey' error: no quorum!\n"
_HALF: Final = "!tfa!"
_TICKET: Final = re.compile(r"([A-Z]+:\S+)::([^:\s]+)")
_PLAIN: Final = re.compile(r"[A-Z]+:(?:(\S+):)?([A-Z0-9]{8})")
_CSRF: Final = re.compile(r"([A-Z0-9]{8}):(\S+)")


def key_files() -> dict[str, bytes]:
    """The files of a new key pair, path -> PEM."""
    key = signing.new_key()
    return {PRIVATE: signing.private_pem(key), PUBLIC: signing.public_pem(key)}


class Tickets:
    """What signs and checks for one node, with the keys on its disk.

    A disk has no times of change: a key that lies there at the first look counts as two hours
    old, so that every ticket it ever signed is still good; one that turns up later as new.
    """

    def __init__(self, node: SimNode) -> None:
        self._node = node
        self._lock = RLock()
        self._seen: dict[str, tuple[bytes | None, float]] = {}
        self._private: dict[bytes, RSAPrivateKey | None] = {}
        self._public: dict[bytes, RSAPublicKey | None] = {}

    def ticket(self, userid: str) -> str:
        """A whole ticket. Raises ApiError when there is no key and none can be made."""
        return self._signed("PVE", userid)

    def half_ticket(self, userid: str, challenge: str) -> str:
        """A ticket that is only good for answering a second factor's challenge (JSON).

        The user is not in it but in what is signed.
        """
        return self._signed("PVE", f"{_HALF}{challenge}", userid)

    def user_of(self, ticket: str) -> str | None:
        """Whose ticket it is; None for anything that is no valid whole ticket."""
        data = self._checked(ticket)
        return data if data and not data.startswith(_HALF) and is_userid(data) else None

    def challenge_of(self, ticket: str, userid: str) -> str:
        """The challenge in this user's half ticket. Raises ApiError 401 as PVE does."""
        data = self._checked(ticket, userid)
        if data is None:
            raise ApiError(401, "permission denied - invalid PVE ticket\n")
        if not data.startswith(_HALF):
            raise ApiError(500, "bad ticket\n")
        return data.removeprefix(_HALF)

    def is_vnc_ticket(self, ticket: str, authid: str, path: str, port: int | None) -> bool:
        """A ticket for one console: 40 seconds, bound to a path and (newer ones) a port."""
        with self._lock:
            bound = f"{authid}:{path}" + ("" if port is None else f":{port}")
            key, age = self._public_key(PUBLIC), self._age(PUBLIC)
            if key is None or age > KEY_LIFETIME:
                return False
            ticket = re.sub(r"^.{8}:(?=PVEVNC:)", "", ticket)
            return _data(key, "PVEVNC", ticket, bound, self._in_range(-20, 40)) is not None

    def csrf_token(self, userid: str) -> str:
        """`HEXTIME:HMAC`, for the header of everything that is no GET."""
        stamp = self._stamp()
        return f"{stamp}:{self._csrf(stamp, userid)}"

    def is_csrf_token(self, userid: str, token: str) -> bool:
        """Is it this user's, and neither too old nor from the future?"""
        found = _CSRF.fullmatch(token)
        if found is None:
            return False
        genuine = hmac.compare_digest(self._csrf(found[1], userid).encode(), found[2].encode())
        return genuine and self._in_range(-EARLY, LIFETIME)(found[1])

    def _csrf(self, stamp: str, userid: str) -> str:
        secret = _hmac_base64(b"", self._node.disk.read(WWW) or b"")
        return _hmac_base64(secret.encode(), f"{stamp}:{userid}".encode())

    def _signed(self, prefix: str, data: str, bound: str | None = None) -> str:
        with self._lock:
            key = self._private_key()
        plain = f"{prefix}:{data.replace(':', '%3A')}:{self._stamp()}"
        whole = plain if bound is None else f"{plain}:{bound}"
        signature = signing.sign(key, whole.encode())
        return f"{plain}::{b64encode(signature).decode()}"

    def _checked(self, ticket: str, bound: str | None = None) -> str | None:
        with self._lock:
            for path in (PUBLIC, OLD):
                key = self._public_key(path)
                limits = self._limits(self._age(path), rotated=path == OLD)
                if key is None or limits is None:
                    continue
                data = _data(key, "PVE", ticket, bound, self._in_range(*limits))
                if data is not None:
                    return data
        return None

    def _limits(self, age: float, *, rotated: bool) -> tuple[float, float] | None:
        """The ages that a ticket may have, (least, most); None when its key is too old."""
        age = max(age, 0)
        least, most = -float(EARLY), float(LIFETIME)
        if rotated:
            least = age - EARLY
        else:
            if age > KEY_LIFETIME and self._node.faults.writable:
                least = age - KEY_LIFETIME
            if age < LIFETIME:
                most = age + EARLY
        return None if least > LIFETIME else (least, most)

    def _in_range(self, least: float, most: float) -> Callable[[str], bool]:
        now = int(self._node.sources.now())

        def fits(stamp: str) -> bool:
            try:
                return least < now - int(stamp, 16) < most
            except ValueError:
                return False

        return fits

    def _stamp(self) -> str:
        return f"{int(self._node.sources.now()):08X}"

    def _private_key(self) -> RSAPrivateKey:
        """Today's; a new one when there is none or it is too old. Raises ApiError."""
        key = self._stored_key()
        if key is None or not self._is_fresh():
            self._rotate()
            key = self._stored_key()
        if key is None:
            raise ApiError(500, "no private auth key\n")
        return key

    def _is_fresh(self) -> bool:
        """PVE makes a new pair after a day, or when the clock was ahead as the old one was made."""
        if not self._node.faults.writable:
            return True
        if self._public_key(PUBLIC) is None:
            return False
        age = self._age(PUBLIC)
        if age < -EARLY:
            between = self._age(OLD) - age
            return self._public_key(OLD) is not None and 0 <= between < LIFETIME
        return age < KEY_LIFETIME

    def _rotate(self) -> None:
        disk, now = self._node.disk, self._node.sources.now()
        if not self._node.faults.writable:
            raise ApiError(500, _NO_QUORUM)
        files = key_files()
        if (old := disk.read(PUBLIC)) is not None:
            files[OLD] = old
        for path, data in files.items():
            disk.write(path, data)
            self._seen[path] = data, now

    def _age(self, path: str) -> float:
        """Seconds since a key's file was written."""
        data, now = self._node.disk.read(path), self._node.sources.now()
        if path not in self._seen:
            self._seen[path] = data, now - LIFETIME
        elif self._seen[path][0] != data:
            self._seen[path] = data, now
        return now - self._seen[path][1]

    def _stored_key(self) -> RSAPrivateKey | None:
        data = self._node.disk.read(PRIVATE) or b""
        if data not in self._private:
            self._private = {data: signing.read_private(data)}
        return self._private[data]

    def _public_key(self, path: str) -> RSAPublicKey | None:
        data = self._node.disk.read(path) or b""
        if data not in self._public:
            self._public[data] = signing.read_public(data)
        return self._public[data]


def _data(
    key: RSAPublicKey,
    prefix: str,
    ticket: str,
    bound: str | None,
    fits: Callable[[str], bool],
) -> str | None:
    """What a ticket of this kind says ("" for nothing); None when it is not valid."""
    found = _TICKET.fullmatch(ticket)
    if found is None or not found[1].startswith(f"{prefix}:"):
        return None
    whole = found[1] if bound is None else f"{found[1]}:{bound}"
    try:
        if not signing.is_signed(key, b64decode(found[2]), whole.encode()):
            return None
    except ValueError:  # not base64, or no text
        return None
    parts = _PLAIN.fullmatch(found[1])
    if parts is None or not fits(parts[2]):
        return None
    return unquote(parts[1] or "")


def _hmac_base64(key: bytes, message: bytes) -> str:
    """As Perl's Digest::SHA writes it: without padding."""
    return b64encode(hmac.digest(key, message, "sha256")).decode().rstrip("=")
