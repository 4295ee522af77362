"""Runs a command where a folder is a FUSE mount that takes every request and answers none.

That is what is left of /etc/pve when pmxcfs hangs. Usage: dead_mount.py FOLDER COMMAND...
The mount stands in a mount namespace of its own, without root in a user namespace of its own,
and ends with this process. Exit code 3: this machine allows no such mount.
"""

from __future__ import annotations

import ctypes
import os
import struct
import subprocess
import sys
import threading
from pathlib import Path

CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
MS_REC_PRIVATE = 0x4000 | 0x40000
FUSE_INIT = 26
NOT_HERE = 3

libc = ctypes.CDLL(None, use_errno=True)


def require(result: int) -> None:
    if result:
        print(os.strerror(ctypes.get_errno()))
        sys.exit(NOT_HERE)


def mount(folder: str) -> int:
    uid = os.getuid()
    require(libc.unshare(CLONE_NEWNS | (CLONE_NEWUSER if uid else 0)))
    if uid:
        Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
    require(libc.mount(None, b"/", None, MS_REC_PRIVATE, None))
    try:
        fuse = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        print(error)
        sys.exit(NOT_HERE)
    options = f"fd={fuse},rootmode=40000,user_id=0,group_id=0"
    require(libc.mount(b"dead", folder.encode(), b"fuse", 0, options.encode()))
    return fuse


def take_and_forget(fuse: int) -> None:
    """Only the greeting is answered: protocol 7.31, with the sizes that libfuse gives."""
    while True:
        request = os.read(fuse, 1 << 20)
        _, opcode, unique = struct.unpack_from("=IIQ", request)
        if opcode == FUSE_INIT:
            answer = struct.pack("=IIIIHHIIHHI28x", 7, 31, 65536, 0, 12, 10, 65536, 1, 0, 0, 0)
            os.write(fuse, struct.pack("=IiQ", 16 + len(answer), 0, unique) + answer)


def main() -> int:
    folder, *command = sys.argv[1:]
    fuse = mount(folder)
    threading.Thread(target=take_and_forget, args=(fuse,), daemon=True).start()
    return subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)
