"""First factors: is this the user's password? Hashes are those of the system's own libcrypt.

Sources: PVE::AccessControl (authenticate_user), PVE::Auth::{PVE,PAM,OpenId},
PVE::Tools::encrypt_pw of PVE 9.
"""

from __future__ import annotations

import ctypes
import hmac
from base64 import b64encode
from functools import cache
from typing import Final

from pve_auth_tui.core.errors import ApiError, AuthTuiError
from pve_auth_tui.core.perltext import truthy
from pve_auth_tui.simnode.accounts import enabled_user, realm_of
from pve_auth_tui.simnode.node import SimNode

SHADOW: Final = "etc/shadow"
_LIBRARY: Final = "libcrypt.so.1"
_ROOM: Final = 256 * 1024  # bytes for `struct crypt_data`: 32 KiB in libxcrypt, 128 in glibc


def authenticate(node: SimNode, userid: str, password: str) -> None:
    """The user is there, may log in, and this is the password; ApiError 500 says what is not so."""
    enabled_user(node, userid)
    check_password(node, userid, password)


def check_password(node: SimNode, userid: str, password: str) -> None:
    """Ask the user's realm. Raises ApiError 500 with the reason."""
    name, realm = userid.rpartition("@")[0], realm_of(node, userid)
    if realm.type == "pve":
        _check_pve(node, name, password)
    elif realm.type == "pam":
        _check_pam(node, name, password)
    elif realm.type == "openid":
        raise ApiError(500, "OpenID realm does not allow password verification.\n")
    elif realm.type in ("ldap", "ad"):
        from pve_auth_tui.simnode.directory import bind_user

        bind_user(node, realm, name, password)
    else:
        raise ApiError(500, "cannot lookup undefined type!\n")


def hashed(node: SimNode, password: str) -> str:
    """A new SHA-256 crypt hash with a salt of eight characters, as PVE makes them."""
    salt = b64encode(node.sources.random(6)).decode().replace("+", "X")
    return crypt(password, f"$5${salt}$")


def crypt(password: str, setting: str) -> str:
    """crypt(3): the hash of a password; `setting` is a whole hash, or its method and salt."""
    data = ctypes.create_string_buffer(_ROOM)
    found: bytes | None = _crypt_r()(password.encode(), setting.encode(), data)
    return (found or b"*").decode("ascii", "replace")


@cache
def _crypt_r() -> ctypes._NamedFuncPointer:
    try:
        function = ctypes.CDLL(_LIBRARY).crypt_r
    except (OSError, AttributeError) as error:
        raise AuthTuiError(
            f"The simulated node needs {_LIBRARY} for passwords, and it is not there.",
            "Install the package libcrypt1.",
            str(error),
        ) from error
    function.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p)
    function.restype = ctypes.c_char_p
    return function


def _check_pve(node: SimNode, name: str, password: str) -> None:
    if not truthy(password):
        raise ApiError(500, "no password\n")
    stored = node.state.shadow.hashes.get(name)
    if stored is None:
        raise ApiError(500, "no password set\n")
    if not _fits(password, stored.reveal()):
        raise ApiError(500, "invalid credentials\n")


def _check_pam(node: SimNode, name: str, password: str) -> None:
    """pam_unix against the node's own etc/shadow; a user that it does not know just fails."""
    if not truthy(password):
        raise ApiError(500, "no password\n")
    lines = (node.disk.read(SHADOW) or b"").decode(errors="replace").split("\n")
    fields = next((line.split(":") for line in lines if line.startswith(f"{name}:")), ["", ""])
    if not _fits(password, fields[1] if len(fields) > 1 else ""):
        raise ApiError(500, "Authentication failure\n")


def _fits(password: str, stored: str) -> bool:
    if not stored or stored.startswith(("!", "*")):
        return False
    return hmac.compare_digest(crypt(password, stored).encode(), stored.encode())
