"""What belongs to the computer that runs the lab, and nothing in the lab may touch.

No namespace separates the clock, kernel modules and raw devices: root in a namespace keeps its
power over them unless it is taken away, on every way in. `PREFIX` stands before every command that
the lab starts, and `give_up` is called in every thread that enters it. Nobody proves this by
setting the clock: `may_set_the_clock` reads what the kernel says.
"""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Final

_HOST_ONLY: Final = {  # linux/capability.h
    "sys_module": 16,
    "sys_rawio": 17,
    "sys_boot": 22,
    "sys_time": 25,
    "wake_alarm": 35,
}
_TAKEN: Final = ",".join(f"-{name}" for name in _HOST_ONLY)
# It also ends with whoever started it: nothing outlives tests that were killed.
PREFIX: Final = (
    "/usr/bin/setpriv",
    "--pdeathsig=KILL",
    f"--bounding-set={_TAKEN}",
    f"--inh-caps={_TAKEN}",
    "--",
)
_VERSION_3: Final = 0x20080522


class Unsafe(Exception):
    """Something in the lab could set the clock of the computer that runs it."""


def may_set_the_clock(process: int | str) -> bool:
    """Of a process by its number, or of `thread-self`."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    held = [int(line.split()[1], 16) for line in lines if line.startswith(("CapEff", "CapPrm"))]
    return any(sets >> _HOST_ONLY["sys_time"] & 1 for sets in held)


def give_up() -> None:
    """This thread gives up what belongs to the computer; raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_VERSION_3, 0)  # 0: this thread
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; then their upper halves
    _worked(libc.capget(header, sets))
    for bit in _HOST_ONLY.values():
        for kind in range(3):
            sets[3 * (bit // 32) + kind] &= ~(1 << bit % 32) & 0xFFFFFFFF
    _worked(libc.capset(header, sets))


def _worked(code: int) -> None:
    if code:
        number = ctypes.get_errno()
        raise OSError(number, "capabilities")
