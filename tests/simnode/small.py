"""A small simulated node for one test: its files in a few words, its answers and refusals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.simnode.disk import MemoryDisk
from pve_auth_tui.simnode.faults import Faults
from pve_auth_tui.simnode.node import SimNode
from pve_auth_tui.simnode.request import ROOT, Caller
from pve_auth_tui.simnode.sources import system_sources

NOW = 1_800_000_000
UUID = "11111111-2222-4333-8444-555555555555"

USERS = (
    "user:ann@pve:1:0:Ann::ann@example.com:::\n"
    "user:bob@pve:1:0::::::\n"
    "token:bob@pve!ci:0:1::\n"
    "group:dev:bob@pve:Developers:\n"
    "group:ops:::\n"
    "role:Watch:VM.Audit:\n"
)


class CountingDisk(MemoryDisk):
    """Remembers what was written, in order."""

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(files)
        self.written: list[str] = []

    def write(self, path: str, data: bytes) -> None:
        self.written.append(path)
        super().write(path, data)


def small_node(acl: str = "", *, users: str = USERS, faults: Faults | None = None, **files: str):
    """A node with these users and ACL lines; `files` are named `domains`, `shadow`, ..."""
    names = {
        "domains": "etc/pve/domains.cfg",
        "tfa": "etc/pve/priv/tfa.cfg",
        "tokens": "etc/pve/priv/token.cfg",
        "shadow": "etc/pve/priv/shadow.cfg",
        "linux": "etc/shadow",
        "packages": "var/lib/dpkg/status",
        "datacenter": "etc/pve/datacenter.cfg",
        "guests": "etc/pve/.vmlist",
        "storage": "etc/pve/storage.cfg",
    }
    content = {names[name]: text.encode() for name, text in files.items()}
    content |= {"etc/pve/user.cfg": (users + acl).encode(), "etc/hostname": b"pve1\n"}
    sources = replace(system_sources(), now=lambda: float(NOW), uuid=lambda: UUID)
    return SimNode(CountingDisk(content), sources, faults)


def who(authid: str) -> Caller:
    """A user, or a token with its full id."""
    userid, _, token = authid.partition("!")
    return Caller(userid, authid if token else None)


def file(node: SimNode, name: str) -> str:
    """A file below /etc/pve as text."""
    return (node.disk.read(f"etc/pve/{name}") or b"").decode()


def refusal(node: SimNode, method: str, path: str, params: Any = None, caller: Caller = ROOT):
    """The refusal of a call: its code, text and problems of parameters."""
    with pytest.raises(ApiError) as caught:
        node.answer(method, path, params, caller)
    return caught.value.code, caught.value.original, caught.value.errors


def text_of(call: Callable[[], Any]) -> str:
    """The text of a refusal."""
    with pytest.raises(ApiError) as caught:
        call()
    return caught.value.original
