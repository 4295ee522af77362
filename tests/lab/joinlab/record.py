"""Runs recorded on the lab's nodes, as tests/core/transcripts has them.

python -m tests.lab.joinlab.record FOLDER, as root: writes FOLDER/lab-SUITE/NAME.json.
"""

from __future__ import annotations

import json
import os
import selectors
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from tests.lab.adlab import names
from tests.lab.adlab.lab import Lab
from tests.lab.joinlab.node import JoinNode
from tests.lab.joinlab.systems import SUITES

_SECONDS: Final = 120.0
_JOIN: Final = ("/usr/sbin/realm", "-v", "join", "--user=Administrator", names.DOMAIN)


class Wanted(NamedTuple):
    """`secret`: what goes to its input; it is not written down."""

    name: str
    argv: tuple[str, ...]
    secret: str
    note: str


def _account(verb: str, user: str, computer: str) -> tuple[str, ...]:
    login = (f"--domain={names.DOMAIN}", f"--login-user={user}", "--stdin-password")
    return ("/usr/sbin/adcli", verb, "-v", *login, computer)


def _permit(*words: str) -> tuple[str, ...]:
    return ("/usr/sbin/realm", "-v", "permit", *words)


def _login(user: str) -> tuple[str, ...]:
    return (
        "/usr/sbin/sssctl",
        "user-checks",
        f"{user}@{names.DOMAIN}",
        "-a",
        "acct",
        "-s",
        "login",
    )


def logins() -> Iterator[Wanted]:
    """Who may log in, as realmd writes it and sssd reads it; nobody may in the end."""
    group, alice = f"Domain Users@{names.DOMAIN}", f"alice@{names.DOMAIN}"
    listed, written = ("/usr/sbin/realm", "list"), ("/usr/bin/cat", "/etc/sssd/sssd.conf")
    for name, argv, note in (
        ("permit-group-alone", _permit("-g", group), "no user is permitted"),
        ("list-group-alone", listed, ""),
        ("login-by-group", _login("alice"), ""),
        ("login-unknown", _login("nobody-here"), "nobody of that name"),
        ("permit-computer", _permit(f"PVE1$@{names.DOMAIN}"), "realmd takes no $"),
        ("permit-other-domain", _permit("alice@other.test"), ""),
        ("permit-short", _permit("alice"), "without its domain"),
        ("permit-one", _permit(alice), ""),
        ("permit-one-withdrawn", _permit("--withdraw", alice), "the last user"),
        ("permit-group-withdrawn", _permit("--withdraw", "-g", group), "the last group"),
        ("list-nobody", listed, "nobody is left"),
        ("sssd-conf-nobody", written, "nobody is left: a $ in each list"),
        ("login-nobody", _login("alice"), "nobody may"),
        ("deny-after-permit", ("/usr/sbin/realm", "-v", "deny", "--all"), ""),
        ("sssd-conf-denied", written, "the lists are gone"),
        ("sssd-stop", ("/usr/bin/systemctl", "stop", "sssd"), ""),
        ("login-sssd-stopped", _login("alice"), "sssd does not run"),
        ("sssd-start", ("/usr/bin/systemctl", "start", "sssd"), ""),
    ):
        yield Wanted(name, argv, "", note)


def wanted() -> Iterator[Wanted]:
    """In this order, on a node that has joined."""
    yield from logins()
    right = names.ADMIN_PASSWORD
    for name, user, computer, secret, note in (
        ("account-there", "Administrator", "PVE1", right, "the account is there"),
        ("account-absent", "Administrator", "PVE9", right, "no such account"),
        ("account-wrong-password", "Administrator", "PVE1", "not-the-password", ""),
        ("account-unknown-user", "nobody-here", "PVE1", right, "no such user"),
        ("account-any-user", "alice", "PVE1", names.AD_USER_PASSWORD, "an ordinary user asks"),
        ("account-disabled-user", "disabled", "PVE1", names.AD_USER_PASSWORD, ""),
        ("account-must-change", "mustchange", "PVE1", names.AD_USER_PASSWORD, ""),
    ):
        yield Wanted(name, _account("show-computer", user, computer), secret, note)
    nobody = _account("delete-computer", "bob", "PVE1")
    yield Wanted("account-delete-no-right", nobody, names.AD_USER_PASSWORD, "by an ordinary user")
    mine = _account("delete-computer", "Administrator", "PVE1")
    yield Wanted("account-delete", mine, right, "the account is deleted")
    yield Wanted("account-delete-absent", mine, right, "it is gone already")
    gone = ("/usr/sbin/adcli", "testjoin", "-v", f"--domain={names.DOMAIN}")
    yield Wanted("testjoin-account-gone", gone, "", "the account was deleted")


def record(node: JoinNode, one: Wanted) -> dict[str, object]:
    """The run, with its output as [seconds, "out"|"err", text] in the order it came."""
    begun = time.monotonic()
    process = node.start(*one.argv)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdin.write(f"{one.secret}\n" if one.secret else "")
    process.stdin.close()
    streams = {process.stdout.fileno(): "out", process.stderr.fileno(): "err"}
    pieces: list[list[object]] = []
    with selectors.DefaultSelector() as selector:
        for number in streams:
            selector.register(number, selectors.EVENT_READ)
        while streams and time.monotonic() - begun < _SECONDS:
            for key, _ in selector.select(1.0):
                if text := os.read(key.fd, 65536).decode("utf-8", "replace"):
                    at = round(time.monotonic() - begun, 3)
                    pieces.append([at, streams[key.fd], text])
                else:
                    selector.unregister(key.fd)
                    del streams[key.fd]
    return {
        "name": one.name,
        "argv": list(one.argv),
        "env": ["LC_ALL=C"],
        "stdin": "<secret>\n" if one.secret else None,
        "tty": False,
        "rc": process.wait(_SECONDS),
        "timed_out": False,
        "seconds": round(time.monotonic() - begun, 3),
        "note": one.note,
        "pieces": pieces,
    }


def main(folder: str) -> None:
    with tempfile.TemporaryDirectory() as own, Lab(Path(own, "lab")) as lab:
        for suite in SUITES if lab.dc else ():
            top = Path(folder, f"lab-{suite}")
            top.mkdir(parents=True, exist_ok=True)
            with JoinNode(lab, Path(own, suite), suite) as node:
                node.run(*_JOIN, stdin=f"{names.ADMIN_PASSWORD}\n")
                for one in wanted():
                    node.run("/usr/bin/systemctl", "reset-failed", "sssd")
                    text = json.dumps(record(node, one), indent=1, ensure_ascii=False)
                    assert not one.secret or one.secret not in text
                    Path(top, f"{one.name}.json").write_text(f"{text}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
