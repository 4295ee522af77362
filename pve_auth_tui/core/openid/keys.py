"""A provider's keys and algorithms, beside those that PVE can check an ID token with.

Source: openidconnect-rs, `core/jwk.rs` and `verification.rs`: RSA, P-256 and P-384 keys (Ed25519 in
newer ones); of several keys that fit, a token has to name one (`kid`); a set that has no `keys` at
all is not read, and then PVE cannot even begin a login (authentik #2169 looks like that).
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode
from collections import Counter
from typing import Any, Final

from pve_auth_tui.core.openid.boundedjson import BadJson, read_json
from pve_auth_tui.core.openid.causes import Cause
from pve_auth_tui.core.openid.discovery import Document, texts
from pve_auth_tui.core.openid.ports import WebAnswer
from pve_auth_tui.core.openid.report import Check, Fact, Stage
from pve_auth_tui.core.words import count_words, listed

TAKEN: Final = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), "RSA"),
    "ES256": "P-256",
    "ES384": "P-384",
    "EdDSA": "Ed25519",
}
"""Algorithm -> the kind of key that it needs."""
SHARED: Final = ("HS256", "HS384", "HS512")
_SHORTEST: Final = 2048  # bits of an RSA key
_MOST: Final = 256  # keys


def key_set(answer: WebAnswer) -> list[dict[str, Any]] | None:
    """The keys of a set; None for what is no set, which PVE cannot read either."""
    if answer.status != 200:
        return None
    try:
        found = read_json(answer.body)
    except BadJson:
        return None
    keys = found.get("keys") if isinstance(found, dict) else None
    return (
        [one for one in keys[:_MOST] if isinstance(one, dict)] if isinstance(keys, list) else None
    )


def judge_keys(document: Document, keys: list[dict[str, Any]] | None) -> Check:
    """Can a token of this provider be checked? `keys`: as `key_set` gives them."""
    announced = texts(document, "id_token_signing_alg_values_supported") or ()
    facts = [Fact("Algorithms announced", ", ".join(announced) or "none")]
    good = [one for one in announced if one in TAKEN]
    if not good and any(one in SHARED for one in announced):
        return _bad("no signing key", Cause.SHARED_SECRET_ONLY, facts)
    if keys is None or not keys:
        said = "the set has no keys" if keys is None else "no keys"
        return _bad(said, Cause.NO_KEYS, facts)
    signing = [one for one in keys if _signs(one)]
    kinds = Counter(kind for one in signing if (kind := _kind(one)))
    facts.append(Fact("Keys for signatures", _counted(kinds) or "none that PVE can use"))
    if not signing:
        return _bad("only for encryption", Cause.ENCRYPTION_KEYS_ONLY, facts)
    if not good:
        return _bad("no algorithm that PVE knows", Cause.NO_ALGORITHM, facts)
    if not any(TAKEN[one] in kinds for one in good):
        return _bad("keys and algorithms differ", Cause.KEYS_DO_NOT_FIT, facts)
    said = _counted(kinds)
    if any(0 < _bits(one) < _SHORTEST for one in signing):
        return Check(
            Stage.KEYS, "LOOK", "a short RSA key", causes=(Cause.KEY_SHORT,), facts=tuple(facts)
        )
    nameless = Counter(_kind(one) for one in signing if not isinstance(one.get("kid"), str))
    if any(count and kinds[kind] > 1 for kind, count in nameless.items() if kind):
        return Check(
            Stage.KEYS, "LOOK", "keys without a name",
            causes=(Cause.KEYS_AMBIGUOUS,), facts=tuple(facts),
        )  # fmt: skip
    return Check(Stage.KEYS, "ok", said, facts=tuple(facts))


def _bad(said: str, cause: Cause, facts: list[Fact]) -> Check:
    return Check(Stage.KEYS, "BAD", said, causes=(cause,), facts=tuple(facts))


def _counted(kinds: Counter[str]) -> str:
    return listed([count_words(n, f"{kind} key", f"{kind} keys") for kind, n in kinds.items()])


def _signs(key: dict[str, Any]) -> bool:
    """RFC 7517, 4.2 and 4.3: what says nothing of its use may sign."""
    uses = key.get("key_ops")
    if isinstance(uses, list) and not {"verify", "sign"}.intersection(
        one for one in uses if isinstance(one, str)
    ):
        return False
    return key.get("use") in (None, "sig")


def _kind(key: dict[str, Any]) -> str:
    """`RSA`, `P-256`, `P-384`, `Ed25519`; "" for what PVE cannot use."""
    kind, curve = key.get("kty"), key.get("crv")
    if kind == "RSA":
        return "RSA" if isinstance(key.get("n"), str) and isinstance(key.get("e"), str) else ""
    fits = (kind == "EC" and curve in ("P-256", "P-384")) or (kind == "OKP" and curve == "Ed25519")
    return str(curve) if fits else ""


def _bits(key: dict[str, Any]) -> int:
    """The length of an RSA key; 0 for others."""
    number = key.get("n")
    if key.get("kty") != "RSA" or not isinstance(number, str):
        return 0
    try:
        data = urlsafe_b64decode(number[:4096] + "=" * (-len(number[:4096]) % 4))
    except (binascii.Error, ValueError):
        return 0
    return int.from_bytes(data, "big").bit_length()
