"""The tfa family: every recorded second-factor story, played step by step on our engine.

Compared are results, texts, log lines, counted misses, locks, tfa.cfg and listings. Left out
are only positions in serde's messages and OpenSSL's own texts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pve_auth_tui.core import answers, otpauth
from pve_auth_tui.core.tfaconfig import (
    UserTfa,
    parse_tfa,
)
from pve_auth_tui.simnode.tfa import entries, recovery, totp
from tests.conformance import tfafiles
from tests.conformance.family import Family
from tests.conformance.tfaplayer import Json, Player, Step, differing

NAME = "tfa"
_BETWEEN = "between challenge and answer"
_NO_PARAMETERS = ("op", "id", "time", "userid", "result", "log", "note")
_HASH = re.compile(r"[0-9a-f]{64}")

Case = Mapping[str, Any]
Lines = Iterator[str]


def run(folder: Path) -> Family:
    """All cases of tfa/*.json below a folder; a file or case of an unknown kind is unequal."""
    total, equal = 0, 0
    differences: list[str] = []
    for file in sorted((folder / "tfa").glob("*.json")):
        for case in json.loads(file.read_text("utf-8"))["cases"]:
            found = _found(file.stem, case)
            total += 1
            equal += not found
            differences += (f"tfa {file.stem} {case['name']}: {line}" for line in found)
    return Family(NAME, total, equal, tuple(differences))


def _found(kind: str, case: Case) -> list[str]:
    try:
        return list(_KINDS[kind](case))
    except Exception as error:  # noqa: BLE001 (whatever breaks is a case that is not equal)
        return [f"broke: {error!r}"]


# --- webauthn.json ---


_BEFORE_STEP2, _BEFORE_LOGINS = -2, -1


def _webauthn(case: Case) -> Lines:
    """What `more` holds happened after step2, or somewhere else: where, the outcome tells."""
    logins = case.get("login", ())
    said = [index for index, login in enumerate(logins) if _BETWEEN in login.get("note", "")]
    places = [_BEFORE_LOGINS, _BEFORE_STEP2, *range(len(logins))] if case.get("more") else [-1]
    yield from min((list(_story(case, place)) for place in said[:1] or places), key=len)


def _story(case: Case, place: int) -> Lines:
    """`place`: one of the above, or the login between whose challenge and answer `more` stands."""
    player = Player()
    player.time = case["time"]
    more, nothing = list(case.get("more", ())), list[Step]()
    result = player.set_settings(case["settings"])
    yield from differing("settings", result.get("error"), case.get("settings_error"))
    yield from _post(player, "step1", case["step1"])
    yield from _more(player, more if place == _BEFORE_STEP2 else nothing, case)
    if case["step2"]:
        yield from _post(player, "step2", case["step2"])
    yield from _more(player, more if place == _BEFORE_LOGINS else nothing, case)
    asked = None
    for index, login in enumerate(case.get("login", ())):
        # an answer that is sent once more: nobody asked for a challenge again
        again = "webauthn" in (login["challenge"] or "") and login["challenge"] == asked
        asked = login["challenge"]
        between = more if place == index else nothing
        yield from _login(player, login, between, case, again=again)
    yield from _end(player, case)


def _post(player: Player, name: str, step: Step) -> Lines:
    player.time = step["time"]
    player.feed(step["result"])
    ours = player.add(step["userid"], step["request"])
    yield from differing(name, ours, step["result"])
    yield from differing(f"log of {name}", player.log(), step.get("log", []))


def _more(player: Player, steps: list[Step], case: Case) -> Lines:
    for step in steps:
        op, userid = step["op"], step.get("userid", case["userid"])
        player.time = step.get("time", player.time)
        if op in {"start", "finish"}:
            yield from _post(player, op, step)
        elif op == "settings":
            yield from differing(op, player.set_settings(step["settings"]), step["result"])
        elif op != "client-error":  # that is what the client said before it sent anything
            yield from differing(op, _small(player, op, userid, step), step["result"])


def _small(player: Player, op: str, userid: str, step: Step) -> Json:
    """The steps that have no chance in them."""
    if op == "update":
        change = {name: value for name, value in step.items() if name not in _NO_PARAMETERS}
        return player.update(userid, step["id"], change)
    if op == "delete":
        return player.delete(userid, step["id"])
    if op == "get":
        return player.entry(userid, step["id"])
    if op == "unlock":
        return player.unlock(userid)
    if op == "list":
        player.restart()
        return player.listing()
    raise ValueError(f"unknown step {op}")


def _login(player: Player, step: Step, between: list[Step], case: Case, *, again: bool) -> Lines:
    player.time = step["time"]
    if not again:
        player.feed(step["challenge"])
        ours = player.challenge(step["userid"])
        yield from differing("challenge", ours, step["challenge"])
        yield from differing("log of challenge", player.log(), step.get("challenge_log", []))
    yield from _more(player, between, case)
    if step["response"] is not None:
        player.time = step["verified_at"]
        ours = player.verify(step["userid"], step["challenge"], step["response"])
        yield from differing("login", ours, step["result"])
        yield from differing("log of login", player.log(), step.get("log", []))


def _end(player: Player, case: Case) -> Lines:
    yield from differing("tfa.cfg", player.file(), case["tfa_cfg_after"])
    if "listing_after" in case:
        yield from differing("listing", player.listing(), case["listing_after"])


# --- totp.json ---


def _totp(case: Case) -> Lines:
    yield from {"add": _totp_add, "codes": _totp_codes, "login": _totp_login}[case["kind"]](case)


def _totp_add(case: Case) -> Lines:
    player = Player()
    if case["request"].get("totp") is not None:
        ours = _understood(case["request"]["totp"])
        yield from differing("URI", ours, case["uri_parsed"])
    yield from _post(player, "add", case)
    yield from _end(player, case)


def _understood(uri: str) -> Json:
    try:
        found = otpauth.parse(uri)
    except otpauth.BadUri as error:
        return {"error": error.whole}
    return {
        "account": found.account,
        "algorithm": found.algorithm,
        "digits": found.digits,
        "issuer": found.issuer,
        "period": found.period,
        "secret_hex": found.secret.hex(),
        "uri": found.uri(),
    }


def _totp_codes(case: Case) -> Lines:
    found = otpauth.parse(case["uri"])
    ours = [[time, totp.code(found, time)] for time, _ in case["codes"]]
    yield from differing("codes", ours, case["codes"])


def _totp_login(case: Case) -> Lines:
    userid = case["userid"]
    before = case["tfa_cfg_before"]
    player = Player(parse_tfa(json.dumps(before).encode(), now=case["start"]))
    uris = [entry.data for entry in entries.of(player.config.users[userid], "totp")]
    expected = [otpauth.parse(entry["uri"]).uri() for entry in case["entries"]]
    yield from differing("entries", uris, expected)
    for step in case["steps"]:
        player.time = step["time"]
        if step["op"] == "login":
            for last in range(step.get("repeat", 1)):
                yield from _attempt(player, userid, step)
                if last == step.get("repeat", 1) - 1:
                    yield from _state(player, userid, step)
        elif step["op"] == "add":
            request = {name: value for name, value in step.items() if name not in _NO_PARAMETERS}
            yield from _post(player, "add", {"userid": userid, **step, "request": request})
        else:
            yield from differing(
                step["op"], _small(player, step["op"], userid, step), step["result"]
            )
    yield from _end(player, case)


def _attempt(player: Player, userid: str, step: Step) -> Lines:
    yield from differing("challenge", player.challenge(userid), step["challenge"])
    yield from differing(
        "login", player.verify(userid, step["challenge"], step["response"]), step["result"]
    )
    yield from differing("log", player.log(), step.get("log", []))


def _state(player: Player, userid: str, step: Step) -> Lines:
    """What one login left behind."""
    user = player.config.users[userid]
    counts = [
        entry.data.get("last-count") if isinstance(entry.data, dict) else None
        for entry in entries.of(user, "totp", enabled=False)
    ]
    yield from differing("misses", player.failures(userid), step["failures"])
    yield from differing("TOTP lock", user.totp_locked, step["totp_locked"])
    yield from differing("lock", user.locked_until, step["tfa_locked_until"])
    yield from differing("last-count", counts, step["last_count"])


# --- recovery.json ---


def _recovery(case: Case) -> Lines:
    player = Player()
    states = (case.get("tfa_cfg_before"), case.get("tfa_cfg_after"))
    adding = True
    misses = player.failures(case["userid"])
    for step in case["steps"]:
        if adding and step["op"] != "add":
            adding = False
            yield from _before(player, case)
        yield from _recovery_step(player, step, step.get("userid", case["userid"]), states)
        if step["op"] == "login" and not step["result"].get("result"):
            misses = player.failures(case["userid"])
    if adding:
        yield from _before(player, case)
    if "failures_after" in case:  # after the last miss: a success would put it back
        yield from differing("misses", misses, case["failures_after"])
    yield from _recovery_end(player, case)


def _before(player: Player, case: Case) -> Lines:
    if "tfa_cfg_before" in case:
        recorded = case["tfa_cfg_before"]["users"]
        ours = {name: user for name, user in player.file()["users"].items() if name in recorded}
        yield from differing("tfa.cfg before", ours, recorded)


def _recovery_step(player: Player, step: Step, userid: str, states: tuple[Json, ...]) -> Lines:
    player.time, op = step["time"], step["op"]
    if op == "add":
        player.feed(step["result"], states)
        yield from differing("add", player.add(userid, step["request"]), step["result"])
        yield from differing("log", player.log(), step.get("log", []))
    elif op == "login":
        yield from _attempt(player, userid, step)
        user = entries.user_or_new(player.config, userid)
        left = [recovery.unused(entry.data) for entry in entries.of(user, "recovery")]
        yield from differing("left", left, [step["left"]])
    else:
        ours = _small(player, op, userid, step.get("request", {}))
        yield from differing(op, ours, step["result"])


def _recovery_end(player: Player, case: Case) -> Lines:
    userid = case["userid"]
    player.time = case["time"]
    types = tfafiles.types(player.config.users.get(userid) or UserTfa(userid))
    has_type = {kind: types[kind] for kind in case["has_type"]}
    yield from differing("types", has_type, case["has_type"])
    listed = answers.tfa_user(player.config, userid)
    yield from differing("user's listing", listed, case["user_listing_after"])
    if "checked" in case:
        yield from _checked(player, case)
    yield from _end(player, case)
    yield from differing("challenge", player.challenge(userid), case["challenge_after"])


def _checked(player: Player, case: Case) -> Lines:
    """What the recording says of the form of the codes holds for ours, too."""
    recorded = case["checked"]
    codes = next(step["result"]["recovery"] for step in case["steps"] if step["op"] == "add")
    stored = entries.of(player.config.users[case["userid"]], "recovery")[0].data
    hashes = [recovery.hashed(stored["secret"], code) for code in codes]
    ours = {
        "codes": len(codes),
        "pattern": recorded["pattern"],
        "all_match": all(re.fullmatch(recorded["pattern"], code) for code in codes),
        "secret": stored["secret"],
        "hash": recorded["hash"],
        "hash_verified": hashes == stored["entries"] and all(map(_HASH.fullmatch, hashes)),
    }
    yield from differing("codes", ours, recorded)


_KINDS: Mapping[str, Callable[[Case], Lines]] = {
    "webauthn": _webauthn,
    "totp": _totp,
    "recovery": _recovery,
    "tfacfg": tfafiles.compared,
}
