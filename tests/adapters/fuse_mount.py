"""Runs a command where a folder is a FUSE mount: one that answers, or one whose server has gone.

Usage: fuse_mount.py answers|gone FOLDER COMMAND... As `dead_mount` says, in a mount namespace of
its own. The mount that answers is an empty folder; what is left of the other is the error
`Transport endpoint is not connected`, as when pmxcfs was killed.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
import subprocess
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from dead_mount import FUSE_INIT, mount

GETATTR, OPENDIR, READDIR, RELEASEDIR, FORGET = 3, 27, 28, 29, 2
HEAD = struct.Struct("=IIQ")
INIT = struct.pack("=IIIIHHIIHHI28x", 7, 31, 65536, 0, 12, 10, 65536, 1, 0, 0, 0)
# struct fuse_attr_out of linux/fuse.h: valid, nsec, dummy; then ino 1, size, blocks, three times
# with their nanoseconds, mode, nlink, uid, gid, rdev, blksize, flags.
FOLDER = struct.pack("=QII6Q3I7I", 0, 0, 0, 1, *[0] * 8, stat.S_IFDIR | 0o755, 2, *[0] * 5)
ANSWERS = {FUSE_INIT: INIT, GETATTR: FOLDER, OPENDIR: bytes(16), READDIR: b"", RELEASEDIR: b""}


def serve(fuse: int) -> None:
    while True:
        _, opcode, unique = HEAD.unpack_from(os.read(fuse, 1 << 20))
        if opcode == FORGET:
            continue
        answer = ANSWERS.get(opcode)
        error = 0 if answer is not None else -errno.ENOENT
        body = answer or b""
        os.write(fuse, struct.pack("=IiQ", 16 + len(body), error, unique) + body)


def main() -> int:
    how, folder, *command = sys.argv[1:]
    fuse = mount(folder)
    if how == "gone":
        os.close(fuse)
    else:
        threading.Thread(target=serve, args=(fuse,), daemon=True).start()
    return subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)
