"""Runs a function of this process in a place of the lab: its network, its /etc.

Namespaces belong to threads: a thread enters, and all that it starts is inside as well, while the
rest of this process stays where it is.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable
from typing import Final, TypeVar

from tests.lab.adlab.places import Place
from tests.lab.adlab.safety import Unsafe, give_up, may_set_the_clock

_Result = TypeVar("_Result")
_CLONE_FS: Final = 0x200
_CLONE_NEWNS: Final = 0x20000
_CLONE_NEWNET: Final = 0x40000000
_PATIENCE: Final = 120.0  # seconds


def inside(place: Place, function: Callable[[], _Result]) -> _Result:
    """What it returns or raises there. Raises TimeoutError when it does not end."""
    results: list[_Result] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            _enter(place)
            results.append(function())
        except BaseException as error:  # noqa: BLE001 (raised where it was called)
            errors.append(error)

    thread = threading.Thread(target=work, name="inside the lab", daemon=True)
    thread.start()
    thread.join(_PATIENCE)
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError("It did not end inside the lab.")
    return results[0]


def _enter(place: Place) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    folder = os.getcwd()
    namespaces = {"net": _CLONE_NEWNET, "mnt": _CLONE_NEWNS}
    files = {name: os.open(f"/proc/{place.pid}/ns/{name}", os.O_RDONLY) for name in namespaces}
    try:
        _worked(libc.unshare(_CLONE_FS))  # a thread that shares its folder enters no other mounts
        for name, kind in namespaces.items():
            _worked(libc.setns(files[name], kind))
    finally:
        for file in files.values():
            os.close(file)
    os.chdir(folder)
    give_up()
    if may_set_the_clock("thread-self"):
        raise Unsafe("A thread in the lab could set the clock.")


def _worked(code: int) -> None:
    if code:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
