"""The real libpam, asked with files of a private folder: no root, nothing of the system's stacks.

Names are absolute in includes: Debian's `@include` does not look into such a folder.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from pathlib import Path

from pve_auth_tui.core.pam.model import Phase

_CONVERSE = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p
)


class _Conversation(ctypes.Structure):
    _fields_ = (("converse", _CONVERSE), ("data", ctypes.c_void_p))


_libc = ctypes.CDLL(None)
_libc.calloc.restype = ctypes.c_void_p
_libc.calloc.argtypes = (ctypes.c_size_t, ctypes.c_size_t)


def _answered(count: int, messages: int, responses: int, data: int) -> int:
    """Nothing to every question; libpam frees the answers."""
    ctypes.cast(responses, ctypes.POINTER(ctypes.c_void_p))[0] = _libc.calloc(count, 16)
    return 0


_converse = _CONVERSE(_answered)


def ask_libpam(folder: Path, files: Mapping[str, str], service: str, phase: Phase) -> int:
    """libpam's result; where it cannot even load the service, the one of pam_start."""
    pam = ctypes.CDLL("libpam.so.0")
    for old in folder.iterdir():
        old.unlink()
    for name, text in files.items():
        (folder / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    handle = ctypes.c_void_p()
    conversation = _Conversation(_converse, None)
    result = int(
        pam.pam_start_confdir(
            service.encode(),
            b"nobody",
            ctypes.byref(conversation),
            str(folder).encode(),
            ctypes.byref(handle),
        )
    )
    if result:
        return result
    calls = {
        Phase.AUTH: pam.pam_authenticate,
        Phase.ACCOUNT: pam.pam_acct_mgmt,
        Phase.SESSION: pam.pam_open_session,
    }
    result = int(calls[phase](handle, 0))
    pam.pam_end(handle, result)
    return result
