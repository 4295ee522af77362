"""Tries to get in, again and again, as programs do that use PAM; runs on the node, by its Python.

intruder.py SERVICE PASSWORD USER...: with the password, and without one, as sshd does for a key.
When its input ends it prints, as JSON, what came of it: how often each answer, and who got in when.
"""

from __future__ import annotations

import ctypes
import json
import sys
import threading
import time
from collections import Counter

_SILENT = 0x8000
_ECHO_OFF = 1


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


def main(service: str, password: str, *users: str) -> None:
    counts: dict[str, Counter[str]] = {}
    entered: list[tuple[float, str, str]] = []
    ended = threading.Event()

    def poll(user: str, given: str | None) -> None:
        how = "password" if given is not None else "account"
        mine = counts.setdefault(f"{how} {user}", Counter())
        while not ended.is_set():
            result = attempt(service, user, given)
            mine[result] += 1
            if result == "in":
                entered.append((time.time(), how, user))

    pollers = [
        threading.Thread(target=poll, args=(user, given))
        for user in users
        for given in (password, None)
    ]
    for poller in pollers:
        poller.start()
    sys.stdin.read()
    ended.set()
    for poller in pollers:
        poller.join()
    print(json.dumps({"counts": counts, "entered": entered[:100], "times": len(entered)}))


if __name__ == "__main__":
    if sys.argv[1] == "--once":
        _, _, asked_service, asked_user, *given = sys.argv
        word = sys.stdin.readline().rstrip("\n") if given else None
        print(attempt(asked_service, asked_user, word, session=bool(given)))
    else:
        main(*sys.argv[1:])
