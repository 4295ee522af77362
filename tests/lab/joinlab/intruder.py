"""Tries to get in, again and again, as programs do that use PAM; runs on the node, by its Python.

intruder.py SERVICE PASSWORD USER...: with the password, and without one, as sshd does for a key.
It says `polling` when it does, and prints as JSON what came of it when its input ends.
intruder.py --once SERVICE USER [x]: a single time; with x the password is read, and a session made.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import time
from collections import Counter

_SILENT = 0x8000
_ECHO_OFF = 1
_ENDED: list[bool] = []


class _Message(ctypes.Structure):
    _fields_ = [("style", ctypes.c_int), ("text", ctypes.c_char_p)]


class _Response(ctypes.Structure):
    _fields_ = [("text", ctypes.c_void_p), ("code", ctypes.c_int)]


_Messages = ctypes.POINTER(ctypes.POINTER(_Message))
_Responses = ctypes.POINTER(ctypes.POINTER(_Response))
_Talk = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, _Messages, _Responses, ctypes.c_void_p)


class _Conversation(ctypes.Structure):
    _fields_ = [("talk", _Talk), ("data", ctypes.c_void_p)]


_PAM = ctypes.CDLL("libpam.so.0")
_C = ctypes.CDLL(None)
_C.calloc.restype = _C.strdup.restype = ctypes.c_void_p
_PAM.pam_end.argtypes = [ctypes.c_void_p, ctypes.c_int]
for _name in ("pam_authenticate", "pam_acct_mgmt", "pam_open_session", "pam_close_session"):
    getattr(_PAM, _name).argtypes = [ctypes.c_void_p, ctypes.c_int]


def attempt(service: str, user: str, password: str | None, *, session: bool = False) -> str:
    """`in`, or at which step PAM said which number. No password: the account alone is asked."""

    def talk(count, messages, responses, data):
        made = _C.calloc(count, ctypes.sizeof(_Response))
        answers = ctypes.cast(made, ctypes.POINTER(_Response))
        for at in range(count):
            if messages[at].contents.style == _ECHO_OFF:
                answers[at].text = _C.strdup((password or "").encode())
        responses[0] = answers
        return 0

    conversation = _Conversation(_Talk(talk), None)
    handle = ctypes.c_void_p()
    begun = _PAM.pam_start(
        service.encode(), user.encode(), ctypes.byref(conversation), ctypes.byref(handle)
    )
    if begun:
        return f"start {begun}"
    steps = ["pam_authenticate"] if password is not None else []
    steps += ["pam_acct_mgmt"] + (["pam_open_session", "pam_close_session"] if session else [])
    code = 0
    try:
        for step in steps:
            if code := getattr(_PAM, step)(handle, _SILENT):
                return f"{step.removeprefix('pam_')} {code}"
        return "in"
    finally:
        _PAM.pam_end(handle, code)


def poll(service: str, user: str, password: str | None) -> dict[str, object]:
    """Until it is ended: how often each answer came, and when it was let in."""
    counts: Counter[str] = Counter()
    entered: list[float] = []
    signal.signal(signal.SIGTERM, lambda *_: _ENDED.append(True))
    while not _ENDED:
        result = attempt(service, user, password)
        counts[result] += 1
        if result == "in":
            entered.append(time.time())
    how = "password" if password is not None else "account"
    return {"user": user, "how": how, "counts": counts, "entered": entered}


def main(service: str, password: str, *users: str) -> None:
    """Each in a process of its own: PAM's modules are not made for threads."""
    pollers = {}
    for user in users:
        for given in (password, None):
            reader, writer = os.pipe()
            pid = os.fork()
            if not pid:
                with os.fdopen(writer, "w") as told:
                    json.dump(poll(service, user, given), told)
                os._exit(0)
            os.close(writer)
            pollers[pid] = reader
    print("polling", flush=True)
    sys.stdin.read()
    results = []
    for pid, reader in pollers.items():
        os.kill(pid, signal.SIGTERM)
        with os.fdopen(reader) as told:
            results.append(json.load(told))
        os.waitpid(pid, 0)
    print(json.dumps(results))


if __name__ == "__main__":
    if sys.argv[1] == "--once":
        _, _, asked_service, asked_user, *given = sys.argv
        word = sys.stdin.readline().rstrip("\n") if given else None
        print(attempt(asked_service, asked_user, word, session=bool(given)))
    else:
        main(*sys.argv[1:])
