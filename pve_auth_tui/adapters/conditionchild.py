"""The child that touches what may hang: /etc/pve, and file systems. Imports nothing of ours.

A process with a thread in a dead mount cannot end, not even by SIGKILL (see `bounded`); so this
one touches them, and is left behind. `conditionhost` starts it and reads its lines.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import Final

BEGUN: Final = "begun"
ANSWERS: Final = "answers"


def main() -> None:
    """`argv`: the package's folder (used by the starter), `mount` or `disks`, paths."""
    what, *paths = sys.argv[2:]
    if what == "mount":
        _tell(BEGUN)
        _tell(_mount(paths[0]))
    else:
        # Each in a thread of its own: one that hangs must not hide the others.
        threads = [threading.Thread(target=_disk, args=(path,)) for path in paths]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    os._exit(0)


def _mount(folder: str) -> str:
    """`answers`, or the number of the error.

    The list takes the lock that every access to a file takes; .version is made by pmxcfs itself.
    """
    try:
        os.stat(folder)
        os.listdir(folder)
        with open(f"{folder}/.version", "rb") as file:
            file.read(4096)
    except FileNotFoundError:
        return ANSWERS
    except OSError as error:
        return str(error.errno)
    return ANSWERS


def _disk(path: str) -> None:
    """One line of JSON; none for a folder that is not there.

    `free` is what root may still take. Where no inode is left nothing can be made, however much
    room there is: 0 then.
    """
    try:
        device, of = os.stat(path).st_dev, os.statvfs(path)
    except FileNotFoundError:
        return
    except OSError as error:
        _tell(json.dumps({"path": path, "error": os.strerror(error.errno or 0)}))
        return
    free = 0 if of.f_files and not of.f_ffree else of.f_bfree * of.f_frsize
    found = {
        "path": path,
        "device": f"{os.major(device)}:{os.minor(device)}",
        "free": free,
        "size": of.f_blocks * of.f_frsize,
        "read_only": bool(of.f_flag & os.ST_RDONLY),
    }
    _tell(json.dumps(found))


def _tell(line: str) -> None:
    os.write(1, f"{line}\n".encode())
