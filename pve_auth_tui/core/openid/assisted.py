"""A login without a local browser: the URL that PVE made, and the way back that somebody pasted.

PVE takes a code back only on the node that made the URL, within ten minutes (reference 5.3). The
code is a secret from the paste to PVE: it is never repeated (security.md R22).
"""

from __future__ import annotations

import hmac
from typing import Final, NamedTuple

from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.openid.causes import Cause, OpenIdTrouble
from pve_auth_tui.core.openid.client import fields_of
from pve_auth_tui.core.openid.discovery import split_url
from pve_auth_tui.core.openid.settings import OpenIdSettings
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.words import listed

LONGEST: Final = 16 * 1024  # characters of a pasted way back
MINUTES: Final = 10
_LONGEST_CODE, _LONGEST_STATE = 4096, 1024  # PVE's limits of /access/openid/login
_CANCELLED: Final = ("access_denied", "user_cancelled_authorize")
_CONSENT: Final = ("consent_required", "interaction_required")


class Begun(NamedTuple):
    """A login that waits for its way back. `url`: to be opened anywhere; it holds no secret."""

    realm: str
    redirect: str
    url: str
    state: str


class WayBack(NamedTuple):
    """What PVE wants of it."""

    state: str
    code: Secret


def begun(realm: str, redirect: str, url: object) -> Begun:
    """Of what PVE's auth-url answers. Raises OpenIdTrouble for what is no URL of a login."""
    state = fields_of(url).get("state", "") if isinstance(url, str) else ""
    if not isinstance(url, str) or not state:
        raise OpenIdTrouble(Cause.PVE_OTHER_URL, "PVE made no URL that a login could use.")
    return Begun(realm, redirect, url, state)


def way_back(pasted: Secret, login: Begun) -> WayBack:
    """State and code of the address that the browser ended at.

    A browser shows that the page is not there, or PVE's own login: the address is what counts.
    Raises OpenIdTrouble; then nothing was sent, and the code is still good.
    """
    text = "".join(pasted.reveal().split())
    if len(text) > LONGEST:
        raise OpenIdTrouble(Cause.NO_ADDRESS, "That is too long for an address.")
    query = _query(text, login)
    found = fields_of(f"https://x/?{query}")
    if "error" in found:
        raise _refusal(found)
    state, code = found.get("state", ""), found.get("code", "")
    if not code:
        raise OpenIdTrouble(
            Cause.NO_CODE, "There is no code in that address.", "Copy all of it, behind # as well."
        )
    if not hmac.compare_digest(state.encode(), login.state.encode()):
        raise OpenIdTrouble(
            Cause.STATE_OTHER,
            "That address belongs to another login: its state is not the one of this login.",
            "Nothing was sent. Begin again, and paste what comes of it.",
        )
    if len(code) > _LONGEST_CODE or len(state) > _LONGEST_STATE:
        raise OpenIdTrouble(
            Cause.CODE_TOO_LONG,
            f"PVE takes at most {_LONGEST_CODE} characters of a code.",
            "No login with this provider can work until it uses shorter ones.",
            facts={"Code": f"{len(code)} characters"},
        )
    return WayBack(state, Secret(code))


def _query(text: str, login: Begun) -> str:
    """The whole address, or what stands behind its question mark."""
    if "://" not in text.partition("?")[0]:
        bare = text.removeprefix("?")
        if "=" in bare:
            return bare
        raise OpenIdTrouble(
            Cause.NO_ADDRESS,
            "That is no address of a way back.",
            "Copy the whole address from the browser after the login.",
        )
    parts = split_url(text)
    if parts is None or f"{parts.scheme}://{parts.netloc}".lower() != login.redirect.lower():
        raise OpenIdTrouble(
            Cause.OTHER_ADDRESS,
            f"That address does not begin with {login.redirect}.",
            "Nothing was sent.",
        )
    return parts.query


def _refusal(found: dict[str, str]) -> OpenIdTrouble:
    code, told = found["error"][:100], found.get("error_description", "")[:300]
    original = f"{code}: {told}" if told else code
    if code in _CANCELLED:
        return OpenIdTrouble(
            Cause.LOGIN_CANCELLED,
            "The provider did not allow the login.",
            "Somebody cancelled it, or the account is not assigned to this application.",
            original,
        )
    if code in _CONSENT:
        return OpenIdTrouble(
            Cause.LOGIN_NOT_GRANTED,
            "The provider wants a consent that nobody gave.",
            "Let an administrator of the provider consent for everybody.",
            original,
        )
    return OpenIdTrouble(
        Cause.LOGIN_ANSWERED_ERROR,
        "The provider sent back an error instead of a code.",
        "Read the provider's log of that minute.",
        original,
    )


def warnings(settings: OpenIdSettings, node: str = "") -> tuple[Finding, ...]:
    """What to know before such a login, as it is a real one."""
    where = f" ({node})" if node else ""
    writes = [
        *(["makes the user, if there is none"] if settings.autocreate else []),
        *(["makes groups"] if settings.groups_claim and settings.groups_autocreate else []),
        *(["puts the user into groups"] if settings.groups_claim else []),
        *(
            ["takes the user out of all other groups"]
            if settings.groups_claim and settings.groups_overwrite
            else []
        ),
    ]
    told = (
        f"This is a real login: PVE {listed(writes, 4)}."
        if writes
        else ("This is a real login. With these settings PVE changes nothing by it.")
    )
    return (
        Finding("LOOK" if writes else "-", told),
        Finding("-", f"The same node{where} has to take it back within {MINUTES} minutes."),
        Finding("-", "The ticket that comes of it is dropped at once. The code is not shown."),
    )
