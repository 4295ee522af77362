"""Codes of authenticator apps: what PVE can check, what fits a screen, what a wrong code says.

Sources: reference fido.md 5 and 9 (measured on proxmox-tfa 6.0.5), pve-access.md 7.2; the URI:
https://github.com/google/google-authenticator/wiki/Key-Uri-Format.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final
from urllib.parse import quote

from pve_auth_tui.core.otpauth import ALGORITHMS, BadUri, Totp, parse
from pve_auth_tui.core.snapshot import Cluster
from pve_auth_tui.core.tfaconfig import TfaEntry
from pve_auth_tui.core.tfafile import NEVER_USED

DIGITS: Final = (6, 7, 8)
SHORTEST, LONGEST = 10, 120  # seconds of a period
BITS: Final = 160  # of a new secret, as PVE's web interface makes them
WINDOW: Final = 1  # periods that PVE takes a code earlier or later (measured: -1, 0, +1)
SEARCHED: Final = 20  # periods around now in which a wrong code is looked for
LONGEST_DESCRIPTION: Final = 255  # characters; PVE's schema

_DEFAULTS: Final = Totp(b"", "")
_PRODUCT: Final = "Proxmox VE"
_SHORTER: Final = ((64, 99), (36, 48), (24, 32), (12, 20), (0, 20))  # characters of names
_BLANK: Final = re.compile(r"\s+")
_CODE: Final = re.compile(r"[0-9]+")


# --- what PVE can check -------------------------------------------------------------------


def digits_problem(digits: int) -> str:
    """One sentence for the field, "" for a number of digits that works."""
    if digits in DIGITS:
        return ""
    if digits > 9:
        return "6 to 8 digits: from 10 on PVE computes other codes than every phone."
    return "6 to 8 digits: few apps show other codes, and shorter ones can be guessed."


def period_problem(period: int) -> str:
    """The same for a period in seconds."""
    if SHORTEST <= period <= LONGEST:
        return ""
    if period == 0:
        return "10 to 120 seconds: with 0 PVE crashes at every login of this user."
    if period < SHORTEST:
        return "10 to 120 seconds: nobody types a code in less."
    return "10 to 120 seconds: a code that lasts longer can be used by whoever saw it."


def algorithm_problem(algorithm: str) -> str:
    """The same for the name of a hash."""
    if algorithm in ALGORITHMS:
        return ""
    return f"{', '.join(ALGORITHMS[:-1])} or {ALGORITHMS[-1]}: PVE knows no other."


def description_problem(text: str) -> str:
    """The same for a description; it is all that tells one factor from another later."""
    if not text.strip():
        return "A description is needed: which phone or app is it?"
    if len(text) > LONGEST_DESCRIPTION:
        return f"At most {LONGEST_DESCRIPTION} characters; this has {len(text)}."
    if not text.isprintable():
        return "There are characters in it that cannot be shown."
    return ""


def problem(totp: Totp) -> str:
    """What stands against such an entry, in one sentence; "" when nothing does."""
    if not totp.secret:
        return "There is no secret in it."
    return (
        digits_problem(totp.digits)
        or period_problem(totp.period)
        or algorithm_problem(totp.algorithm)
    )


def cleaned(text: str) -> str:
    """A code as PVE takes it: apps show `123 456`, PVE refuses every blank (measured)."""
    return _BLANK.sub("", text)


def code_problem(code: str, digits: int) -> str:
    """What is wrong with a code, blanks out, before anybody is asked; "" if it may be right."""
    if not code:
        return "Type the code that the app shows now."
    if not _CODE.fullmatch(code):
        return "A code has digits only, 0 to 9."
    if len(code) != digits:
        return f"A code of this entry has {digits} digits; this has {len(code)}."
    return ""


def stored(entry: TfaEntry) -> tuple[Totp, int] | None:
    """An entry of tfa.cfg: what it says, and the number of the last period used at a login.

    None for another kind, and where the picture holds no secrets (PVE's API tells none).
    """
    data = entry.data.get("totp") if isinstance(entry.data, dict) else entry.data
    if entry.type != "totp" or not isinstance(data, str):
        return None
    used = entry.data.get("last-count", NEVER_USED) if isinstance(entry.data, dict) else NEVER_USED
    try:
        return parse(data), used
    except BadUri:
        return None


# --- clocks ---------------------------------------------------------------------------------


def period_of(totp: Totp, at: float) -> int:
    """The number of the period that `at` (seconds since 1970) lies in."""
    return int(at) // totp.period


def good_until(totp: Totp, offset: int, now: float) -> float:
    """Until when PVE takes a code that is `offset` periods ahead of `now`: seconds since 1970."""
    return float((period_of(totp, now) + offset + WINDOW + 1) * totp.period)


def offset_words(steps: int, period: int) -> str:
    """`your phone is 90 s behind, or this node's clock is ahead`; "" for no difference.

    `steps`: how many periods the clock that made the code is ahead.
    """
    if steps == 0:
        return ""
    phone, node = ("ahead", "behind") if steps > 0 else ("behind", "ahead")
    return f"your phone is {span(abs(steps) * period)} {phone}, or this node's clock is {node}"


def span(seconds: float) -> str:
    """How far clocks are apart: `90 s`, from two minutes on `3 min`."""
    return f"{round(seconds)} s" if seconds <= 120 else f"{round(seconds / 60)} min"


# --- what the app gets ------------------------------------------------------------------------


def issuer_of(cluster: Cluster | None) -> str:
    """`Proxmox VE - rack`, as PVE's web interface has it: the cluster's name, or the node's."""
    name = (cluster.name or cluster.node) if cluster else ""
    return f"{_PRODUCT} - {name}" if name else _PRODUCT


def base32(secret: bytes) -> str:
    """As apps want it: capital letters, no padding."""
    return base64.b32encode(secret).decode().rstrip("=")


def grouped(secret: str) -> str:
    """`ABCD EFGH ...`, to be typed by hand."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def lean_uri(totp: Totp, *, prefix: bool = True) -> str:
    """A URI that PVE and apps take for the same as `totp.uri()`, without what is the default.

    `prefix`: whether the account's name is led by the issuer, too; the parameter alone says
    the same to apps that know it.
    """
    issuer = _quoted(totp.issuer) if totp.issuer else ""
    label = f"{issuer}:{_quoted(totp.account)}" if issuer and prefix else _quoted(totp.account)
    parameters = {
        "secret": base32(totp.secret),
        "issuer": issuer,
        "digits": _unless_default("digits", totp.digits),
        "period": _unless_default("period", totp.period),
        "algorithm": _unless_default("algorithm", totp.algorithm),
    }
    query = "&".join(f"{name}={value}" for name, value in parameters.items() if value)
    return f"otpauth://totp/{label}?{query}"


def _unless_default(name: str, value: str | int) -> str:
    return "" if value == getattr(_DEFAULTS, name) else str(value)


def _quoted(text: str) -> str:
    """Everything but unreserved characters (RFC 3986): a `:` in a name must not split it."""
    return quote(text, safe="")


def candidates(totp: Totp) -> Iterator[str]:
    """URIs of the same secret, the one that says most first, for a QR code that has to fit.

    Out go in turn: the label's prefix, the product in the issuer, the end of the names, the
    issuer. PVE gets none of the shorter ones: in its files the names stay whole.
    """
    yield lean_uri(totp)
    yield lean_uri(totp, prefix=False)
    issuer = _short_issuer(totp.issuer) if totp.issuer else ""
    for most_issuer, most_account in _SHORTER:
        account = _cut(totp.account, most_account)
        shorter = replace(totp, issuer=_cut(issuer, most_issuer), account=account)
        yield lean_uri(shorter, prefix=False)


def fit(uris: Iterable[str], fits: Callable[[str], bool]) -> str:
    """The first that fits; "" when none does: then the secret is shown as text."""
    return next((uri for uri in uris if fits(uri)), "")


def _short_issuer(issuer: str) -> str:
    """`Proxmox VE - pve1.example.com` -> `PVE pve1`."""
    name = issuer.removeprefix(_PRODUCT).removeprefix(" - ").partition(".")[0]
    return f"PVE {name}" if name else "PVE"


def _cut(text: str, most: int) -> str:
    """The start of a name that takes at most `most` characters in a URI."""
    while len(_quoted(text)) > most:
        text = text[:-1]
    return text
