"""The client's side of a replay: recorded calls as requests to the simulated node's proxy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote

from pve_auth_tui.simnode.proxy import HttpReply, HttpRequest
from tests.conformance.codes import code_for
from tests.conformance.comparison import Comparison
from tests.conformance.recording import ANONYMOUS, Entry

HOST = "127.0.0.1:8006"  # where the recorder asked
CLIENT = "127.0.0.1"
_OTHERS_CSRF = " with csrf of "
_OLD_SECRET = "old secret"  # as notes say it of a token whose secret was made anew

# Callers of the recorder's that are nobody: what they sent, which nothing is good enough for.
_BROKEN: Mapping[str, Mapping[str, str]] = {
    "badticket": {"cookie": "PVEAuthCookie=PVE:root@pam:00000000::AAAA"},
    "badtoken": {"authorization": f"PVEAPIToken=root@pam!none={'0' * 8}-0000-0000-0000-{'0' * 12}"},
    "badtoken2": {"authorization": "PVEAPIToken=garbage"},
    "x": {"authorization": "PVEAPIToken=x"},
}


class Door(Protocol):
    """What takes requests: the simulated node's proxy, or what a test puts in its place."""

    def answer(self, request: HttpRequest) -> HttpReply:
        """The reply to one request."""


class Login(NamedTuple):
    """What a login gives."""

    ticket: str
    csrf: str


class NoCredentials(Exception):
    """The call that should have given a ticket or a secret gave none."""


class Client:
    """Makes requests out of recorded calls, with what our node gave for tickets, ids and secrets.

    `login` logs a user in where the recording does not show it.
    """

    def __init__(self, comparison: Comparison, login: Callable[[str], Login]) -> None:
        self._comparison = comparison
        self._login = login
        self._logins: dict[str, Login] = {}
        self._given: dict[int, Any] = {}  # index -> data of our answer
        self._codes: dict[str, str] = {}  # recorded parameter -> ours
        self._uris: list[str] = []

    def request(self, entry: Entry, when: float) -> HttpRequest:
        """Raises NoCredentials."""
        path = self._comparison.ours(entry.path)
        headers = {"host": HOST, **self._headers(entry)}
        if "totp" in entry.params:
            self._uris.append(entry.params["totp"])
        return HttpRequest(
            method=entry.method,
            path="/".join(quote(part, safe="@!:") for part in path.split("/")),
            params={
                name: self._param(entry, name, value, when) for name, value in entry.params.items()
            },
            headers=headers,
            rhost=CLIENT,
        )

    def difference(self, entry: Entry, reply: HttpReply) -> str:
        """What is not as recorded, or "". Keeps what the answer gave for later calls."""
        self._given[entry.index] = (reply.body or {}).get("data")
        recorded, ours = _recorded(entry), _ours(reply)
        if entry.answer.bare:
            recorded["data"] = None  # a body would be more than was answered
        wrong = []
        self._comparison.stub = entry.stub
        for name, value in recorded.items():
            field = "" if name == "data" else name
            if found := self._comparison.difference(value, ours[name], field):
                wrong.append(f"{name}{found}")
        return "; ".join(wrong)

    def _param(self, entry: Entry, name: str, value: str, when: float) -> str:
        how = (entry.dyn or {}).get(name, "")
        if how and (code := code_for(how, value, self._uris, when)):
            self._codes[value] = code
        return self._codes.get(value) or self._comparison.ours(value)

    def _headers(self, entry: Entry) -> dict[str, str]:
        who, _, other = entry.who.partition(_OTHERS_CSRF)
        if who in ANONYMOUS:
            return {}
        if who in _BROKEN or not ("@" in who or "half" in who or entry.auth_from is not None):
            return dict(_BROKEN.get(who, _BROKEN["badticket"]))
        given = self._credentials(entry, who)
        if "value" in given:
            return {"authorization": f"PVEAPIToken={given['full-tokenid']}={given['value']}"}
        csrf = given["CSRFPreventionToken"]
        if other:
            csrf = self._logged_in(entry, other)["CSRFPreventionToken"]
        elif who.endswith("/badcsrf"):
            csrf = csrf[:-1] + ("A" if csrf[-1] != "A" else "B")
        headers = {"cookie": f"PVEAuthCookie={quote(given['ticket'], safe='')}"}
        if entry.csrf and entry.method != "GET":
            headers["csrfpreventiontoken"] = csrf
        return headers

    def _credentials(self, entry: Entry, who: str) -> Mapping[str, Any]:
        if entry.auth_from is not None:
            given: Mapping[str, Any] | None = self._given.get(entry.auth_from)
            if not isinstance(given, dict):
                raise NoCredentials(f"call {entry.auth_from} gave neither ticket nor secret")
            return given
        if "!" in who:
            return self._secret(who, old=_OLD_SECRET in entry.note)
        return self._logged_in(entry, who.removesuffix("/badcsrf"))

    def _secret(self, token: str, *, old: bool) -> Mapping[str, Any]:
        found = [given for given in self._answers() if given.get("full-tokenid") == token]
        if not found:
            raise NoCredentials(f"no call gave the secret of {token}")
        return found[0 if old else -1]

    def _logged_in(self, entry: Entry, user: str) -> Mapping[str, Any]:
        half = "@" not in user  # `half-ticket`: of the last login that is unfinished
        for given in reversed(self._answers()):
            if bool(given.get("NeedTFA")) != half or "ticket" not in given:
                continue
            if half or given["username"] == user:
                return given
        if half:
            raise NoCredentials(f"{user}: no call gave a half ticket")
        if user not in self._logins:
            self._logins[user] = self._login(user)
        login = self._logins[user]
        return {"ticket": login.ticket, "CSRFPreventionToken": login.csrf}

    def _answers(self) -> list[Mapping[str, Any]]:
        return [given for given in self._given.values() if isinstance(given, dict)]


def _recorded(entry: Entry) -> dict[str, Any]:
    answer = entry.answer
    found: dict[str, Any] = {"status": answer.status, "reason": answer.reason}
    if not answer.bare:
        found |= {"data": answer.data, "errors": answer.errors, "message": answer.message}
        if answer.total is not None:
            found["total"] = answer.total
    return found


def _ours(reply: HttpReply) -> dict[str, Any]:
    body = reply.body or {}
    found = {name: body.get(name) for name in ("data", "errors", "message", "total")}
    return {"status": reply.status, "reason": reply.reason, **found}
