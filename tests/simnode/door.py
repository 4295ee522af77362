"""A simulated node with people who can log in, and somebody at its door."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from pve_auth_tui.core.otpauth import Totp
from pve_auth_tui.simnode.disk import MemoryDisk
from pve_auth_tui.simnode.faults import Faults
from pve_auth_tui.simnode.node import SimNode
from pve_auth_tui.simnode.passwords import crypt
from pve_auth_tui.simnode.proxy import HttpReply, HttpRequest, Proxy
from pve_auth_tui.simnode.sources import Sources, system_sources
from pve_auth_tui.simnode.tfa import totp
from pve_auth_tui.simnode.tickets import key_files

NOW = 1_800_000_000
ROOT_PASSWORD = "correct horse"
ANN_PASSWORD = "battery staple"
SECRET = "decafbad-1111-4222-8333-444444444444"
TOTP_KEY = b"12345678901234567890"

USERS = """\
user:ann@pve:1:0::::::
user:eve@pve:0:0::::::
user:old@pve:1:1700000000::::::
user:tim@pve:1:0::::::
user:Joe@dir:1:0::::::
user:tony@idp:1:0::::::
user:lost@gone:1:0::::::
token:ann@pve!ci:0:0::
token:ann@pve!past:1700000000:0::
token:eve@pve!ci:0:0::
group:ops:ann@pve::
acl:1:/vms/100:ann@pve:PVEAuditor:
"""
DOMAINS = """\
openid: idp
	client-id x
	issuer-url https://idp.example.com

ad: dir
	domain example.com
	server1 127.0.0.1
	case-sensitive 0
"""
MEMBERS = """\
{"nodename": "pve1", "version": 4,
"cluster": {"name": "rack", "version": 3, "nodes": 2, "quorate": 1},
"nodelist": {"pve1": {"id": 1, "online": 1, "ip": "192.0.2.1"},
             "pve2": {"id": 2, "online": 1, "ip": "192.0.2.2"}}}
"""


@functools.cache
def files() -> Mapping[str, bytes]:
    """The node's disk, made once: keys and hashes take a moment."""
    hashed = functools.partial(crypt, setting="$5$saltsalt$")
    shadow = "".join(f"{name}:{hashed(ANN_PASSWORD)}:\n" for name in ("ann", "eve", "old"))
    tokens = "".join(f"{name} {SECRET}\n" for name in ("ann@pve!ci", "ann@pve!past", "eve@pve!ci"))
    return {
        "etc/hostname": b"pve1\n",
        "etc/shadow": f"root:{hashed(ROOT_PASSWORD)}:20000::::::\nbin:*:20000::::::\n".encode(),
        "etc/pve/user.cfg": USERS.encode(),
        "etc/pve/domains.cfg": DOMAINS.encode(),
        "etc/pve/.members": MEMBERS.encode(),
        "etc/pve/priv/shadow.cfg": shadow.encode(),
        "etc/pve/priv/token.cfg": tokens.encode(),
        "etc/pve/pve-www.key": b"any secret\n",
        **key_files(),
    }


class Clock:
    """Seconds since 1970, moved by hand."""

    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


class Door:
    """A node, its clock, and requests to it. Sleeping takes no time, but is noted."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.slept: list[float] = []
        self.faults = Faults()
        self.disk = MemoryDisk(files())
        self.node = SimNode(self.disk, self.sources(), self.faults)
        self.proxy = Proxy(self.node)

    def sources(self) -> Sources:
        return replace(system_sources(), now=self.clock, sleep=self.slept.append)

    def ask(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        format: str = "json",
    ) -> HttpReply:
        return self.proxy.answer(
            HttpRequest(method, path, params or {}, headers or {}, "192.0.2.9", format)
        )

    def login(self, username: str, password: str, **more: str) -> HttpReply:
        params = {"username": username, "password": password}
        params |= {name.replace("_", "-"): value for name, value in more.items()}
        return self.ask("POST", "/access/ticket", params)

    def logged_in(self, username: str, password: str) -> Mapping[str, str]:
        """The headers of somebody who has logged in."""
        return headers_of(self.login(username, password).body["data"])

    def as_root(self) -> Mapping[str, str]:
        return self.logged_in("root@pam", ROOT_PASSWORD)

    def enrol(self, userid: str, kind: str, **params: str) -> Any:
        """A second factor, as root@pam adds it."""
        return self.node.answer("POST", f"/access/tfa/{userid}", {"type": kind, **params})

    def enrol_totp(self, userid: str) -> Totp:
        """A device that shows codes."""
        parsed = Totp(TOTP_KEY, userid)
        self.enrol(userid, "totp", description="phone", totp=parsed.uri(), value=self.code(parsed))
        return parsed

    def code(self, device: Totp) -> str:
        return totp.code(device, self.clock.now)


def headers_of(data: Mapping[str, str]) -> dict[str, str]:
    """What a browser sends after a login."""
    cookie = f"PVEAuthCookie={quote(data['ticket'], safe='')}"
    return {"cookie": cookie, "csrfpreventiontoken": data["CSRFPreventionToken"]}


def by_token(tokenid: str, secret: str = SECRET) -> dict[str, str]:
    """What a script with an API token sends."""
    return {"authorization": f"PVEAPIToken={tokenid}={secret}"}
