"""What PVE would make of somebody's claims: the user's ID, groups, and what it would refuse.

Source: PVE::API2::OpenId (`login`) of pve-access-control 9.1.1; reference 5.3. A token is taken
apart here and not verified: whoever pasted it says whose it is.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

from pve_auth_tui.core import formats, names
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.openid.boundedjson import BadJson, read_json
from pve_auth_tui.core.openid.causes import Cause, OpenIdTrouble
from pve_auth_tui.core.openid.keys import TAKEN
from pve_auth_tui.core.openid.settings import OpenIdSettings
from pve_auth_tui.core.plain import suspicious
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.words import date_time, has_expired, listed

Source = Literal["ID token", "userinfo"]
Fate = Literal["joins", "created", "missing", "skipped"]

_MOST: Final = 256 * 1024  # characters
_PARTS, _ENCRYPTED_PARTS = 3, 5  # of a JWT, signed and encrypted (RFC 7519)
_MOST_GROUPS: Final = 2000
_NOT_VERIFIED: Final = "Its signature was not verified: PVE does that at a login."


class Pasted(NamedTuple):
    """Claims as they were pasted, untrusted and personal: never kept. `algorithm`: of a token."""

    source: Source
    claims: Mapping[str, Any]
    algorithm: str = ""

    def __repr__(self) -> str:
        return f"Pasted({self.source})"


class GroupFate(NamedTuple):
    """What becomes of one value of the groups claim; `group` is PVE's name of it, "" for none."""

    value: str
    fate: Fate
    group: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a login with these claims would come to.

    `userid` "": nobody gets in, `refusal` says why in PVE's words. `exists`: PVE has that user.
    `removed`: groups that the user would leave. `values`: the fields that a new user gets.
    """

    source: Source
    userid: str
    refusal: str
    exists: bool
    groups: tuple[GroupFate, ...]
    removed: tuple[str, ...]
    findings: tuple[Finding, ...]
    names: tuple[str, ...]
    values: Mapping[str, str] = field(default_factory=dict, repr=False)


def read_claims(pasted: Secret) -> Pasted:
    """An ID token, the answer of a token endpoint with one in it, or userinfo as JSON.

    Raises OpenIdTrouble (NOT_A_TOKEN, TOKEN_ENCRYPTED); nothing pasted is repeated.
    """
    text = pasted.reveal()
    if len(text) > _MOST:
        raise OpenIdTrouble(Cause.NOT_A_TOKEN, "That is too long for a token.")
    text = text.strip().removeprefix("Bearer ").strip()
    if text.startswith("{"):
        found = _json(text.encode("utf-8", "replace"))
        inner = found.get("id_token")
        if not isinstance(inner, str):
            return Pasted("userinfo", found)
        text = inner
    parts = "".join(text.split()).split(".")
    if len(parts) == _ENCRYPTED_PARTS:
        raise OpenIdTrouble(
            Cause.TOKEN_ENCRYPTED, "That token is encrypted: PVE could not read it either."
        )
    if len(parts) != _PARTS:
        raise _no_token()
    head, body = (_json(_decoded(part)) for part in parts[:2])
    algorithm = head.get("alg")
    return Pasted("ID token", body, algorithm if isinstance(algorithm, str) else "")


def _decoded(part: str) -> bytes:
    try:
        return urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        raise _no_token() from None


def _json(data: bytes) -> dict[str, Any]:
    try:
        found = read_json(data)
    except BadJson:
        raise _no_token() from None
    if not isinstance(found, dict):
        raise _no_token()
    return found


def _no_token() -> OpenIdTrouble:
    return OpenIdTrouble(
        Cause.NOT_A_TOKEN,
        "That is no ID token and no userinfo.",
        "A token has three parts with dots between them; userinfo is a JSON object.",
    )


# --- the user ------------------------------------------------------------------------------


def claimed(settings: OpenIdSettings, pasted: Pasted, snapshot: Snapshot, now: float) -> Claimed:
    """By PVE's rules. `now` in seconds since 1970."""
    users = snapshot.access.value.users if snapshot.access.value else {}
    userid, refusal = _userid(settings, pasted.claims)
    exists = userid in users
    if userid and not exists and not settings.autocreate and snapshot.access.value:
        refusal = f"no such user ('{userid}')"
    findings = [
        *_of_token(settings, pasted, now),
        *_of_user(settings, snapshot, userid, refusal, now, exists=exists),
    ]
    groups, told = _groups(settings, pasted.claims, snapshot)
    removed: tuple[str, ...] = ()
    listed_groups = isinstance(pasted.claims.get(settings.groups_claim), list)
    if settings.groups_overwrite and settings.groups_claim and listed_groups and not refusal:
        stay = frozenset(one.group for one in groups if one.fate in ("joins", "created"))
        removed = _removed(settings, snapshot, userid, stay)
    if removed:
        findings.append(
            Finding(
                "LOOK",
                f"Overwrite Groups takes the user out of {listed(removed)}",
                "That counts for groups that were given in PVE, too.",
            )
        )
    return Claimed(
        pasted.source, userid, refusal, exists, groups, removed,
        (*findings, *told), tuple(sorted(pasted.claims)), _values(pasted.claims),
    )  # fmt: skip


def _userid(settings: OpenIdSettings, claims: Mapping[str, Any]) -> tuple[str, str]:
    """(the ID, why PVE would refuse it)."""
    present = [name for name in settings.name_claims if claims.get(name) is not None]
    if not present:
        wanted = settings.username_claim
        if wanted == "username":
            return "", "missing claim 'preferred_username'"
        return "", f"missing configured claim '{wanted}' in userinfo object"
    name = _text(claims[present[0]])
    if name is None:
        return "", f"the claim {present[0]} is no text"
    userid = f"{name}@{settings.realm}"
    return userid, formats.problem("pve-userid", userid).strip()


def _text(value: object) -> str | None:
    """As Perl joins it to a text; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value)


def _values(claims: Mapping[str, Any]) -> dict[str, str]:
    ours = {"email": "email", "firstname": "given_name", "lastname": "family_name"}
    found = {name: _text(claims.get(claim)) for name, claim in ours.items()}
    return {name: value for name, value in found.items() if value}


def _of_token(settings: OpenIdSettings, pasted: Pasted, now: float) -> Iterator[Finding]:
    """What a token says of itself, as PVE would check it (OpenID Connect Core 1.0, 3.1.3.7)."""
    if pasted.source == "userinfo":
        return
    claims = pasted.claims
    yield Finding("-", _NOT_VERIFIED)
    if (issuer := claims.get("iss")) != settings.issuer:
        yield Finding("BAD", f"It is of another issuer: {_shown(issuer)}", "PVE refuses that.")
    aud = claims.get("aud")
    audience = aud if isinstance(aud, list) else [aud]
    others = [_shown(one) for one in audience if one != settings.client_id]
    if settings.client_id not in audience:
        yield Finding("BAD", f"It is for another client: {listed(others)}", "PVE refuses that.")
    elif unknown := [one for one in others if one not in settings.audiences]:
        yield Finding(
            "BAD",
            f"It is for others as well, whom the realm does not name: {listed(unknown)}",
            "Set Audiences (since libpve-access-control 9.1.1) to them.",
        )
    if pasted.algorithm not in TAKEN:
        yield Finding(
            "BAD", f"It is signed with {pasted.algorithm or 'nothing'}, which PVE does not take"
        )
    ends = claims.get("exp")
    if isinstance(ends, int | float) and not isinstance(ends, bool) and ends <= now:
        told = date_time(ends) if 0 < ends < 1e11 else "long ago"
        yield Finding("-", f"It has expired ({told}): that only matters at a login")


def _of_user(
    settings: OpenIdSettings,
    snapshot: Snapshot,
    userid: str,
    refusal: str,
    now: float,
    *,
    exists: bool,
) -> Iterator[Finding]:
    if refusal:
        fix = ""
        if userid and not exists and not settings.autocreate:
            fix = "Add the user, or set Autocreate Users."
        yield Finding("BAD", f"Nobody gets in: {refusal}", fix)
        return
    told = "PVE has that user already" if exists else "Autocreate Users would make that user"
    yield Finding("ok" if exists else "-", told)
    user = snapshot.access.value.users.get(userid) if snapshot.access.value else None
    if user is not None and not user.enable:
        yield Finding("BAD", "The user is disabled in PVE: nobody gets in as it")
    if user is not None and has_expired(user.expire, now):
        yield Finding("BAD", "The user has expired in PVE: nobody gets in as it")
    if why := suspicious(userid):
        yield Finding("LOOK", why.rstrip("."))


def _shown(value: object) -> str:
    return value[:200] if isinstance(value, str) else "none" if value is None else "no text"


# --- groups ----------------------------------------------------------------------------------


def _groups(
    settings: OpenIdSettings, claims: Mapping[str, Any], snapshot: Snapshot
) -> tuple[tuple[GroupFate, ...], tuple[Finding, ...]]:
    claim = settings.groups_claim
    if not claim:
        return (), ()
    value = claims.get(claim)
    if value is None:
        return (), (
            Finding(
                "LOOK",
                f"The claim {claim} is not there: groups stay as they are",
                _OVERAGE if "_claim_names" in claims else "",
            ),
        )
    if not isinstance(value, list):
        return (), (
            Finding(
                "BAD",
                f"The claim {claim} is no list: groups stay as they are",
                "PVE wants a JSON array, even for one group.",
            ),
        )
    known = snapshot.access.value.groups if snapshot.access.value else {}
    fates = tuple(_fate(settings, one, known) for one in value[:_MOST_GROUPS])
    skipped = [one for one in fates if one.fate == "skipped"]
    told: tuple[Finding, ...] = ()
    if skipped:
        told = (
            Finding(
                "LOOK",
                f"{len(skipped)} of {len(fates)} groups are skipped: PVE does not take their names",
                "Letters, digits, dot, - and _ only: no blanks, no slash, no @.",
            ),
        )
    return fates, told


_OVERAGE: Final = "Entra sends none where somebody is in more than 200: assign fewer to the app."


def _fate(settings: OpenIdSettings, value: object, known: Mapping[str, Any]) -> GroupFate:
    name = _text(value)
    if name is None:
        return GroupFate("(no text)", "skipped", why="no text")
    if not names.is_group(name):
        return GroupFate(name, "skipped", why=names.group_problem(name) or "no name of a group")
    group = f"{name}-{settings.realm}"
    if group in known:
        return GroupFate(name, "joins", group)
    if settings.groups_autocreate:
        return GroupFate(name, "created", group)
    return GroupFate(name, "missing", group, "there is no such group, and none is made")


def _removed(
    settings: OpenIdSettings, snapshot: Snapshot, userid: str, stay: frozenset[str]
) -> tuple[str, ...]:
    """Overwrite takes the user out of all groups, those that were given in PVE as well."""
    access = snapshot.access.value
    if access is None:
        return ()
    mine = (name for name, group in access.groups.items() if userid in group.members)
    return tuple(sorted(name for name in mine if name not in stay))
