"""A security key proved: the answer to a login's question, and its signature checked without one.

Sources: reference/fido.md 2.3 (counters), 3.5 (realms), 9; WebAuthn Level 2, 7.2 (what a relying
party checks).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import Any, Final, NamedTuple

from pve_auth_tui.core.challenge import Challenge
from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.keys import TOUCHES, Phase, PinAsked, Signed
from pve_auth_tui.core.keytrouble import KeyTrouble, Kind
from pve_auth_tui.core.logins import DEMANDS, KINDS, counter_refused, demanded, entries_of, login
from pve_auth_tui.core.ports import Clock, Hands, SecurityKey, SecurityKeys
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.tfafile import encode_base64url
from pve_auth_tui.core.webauthn import (
    PATIENCE,
    StoredKey,
    auth_data,
    request_options,
    stored_keys,
    timed,
)
from pve_auth_tui.core.words import listed
from pve_auth_tui.services.keyorigin import Place, place_of, require_rp
from pve_auth_tui.services.proofwords import NOT_SENT, Proof, others_of, realm_type

Verify = Callable[[Mapping[str, Any], bytes, bytes], bool]
"""Whether a stored public key (`core.webauthn.Stored`) has signed: (key, signature, data)."""

_OLD: Final = "An old U2F key cannot be checked here: it was made before WebAuthn."


class KeyProver:
    """Blocking. `host`: name and port by which PVE is asked, which is WebAuthn's origin where
    the settings have none.
    """

    def __init__(
        self, keys: SecurityKeys, verify: Verify, clock: Clock, host: Callable[[], str]
    ) -> None:
        self._keys = keys
        self._verify = verify
        self._clock = clock
        self._host = host

    # --- a login ---------------------------------------------------------------------------

    def answer(
        self, path: str, hands: Hands, snapshot: Snapshot, userid: str
    ) -> Callable[[Challenge], Secret | None]:
        """What answers a login's question with the key at `path`, as a browser does.

        Raises KeyTrouble and Refused for what cannot work, before any password is sent. So does
        the answer itself: then the key's part was not sent.
        """
        place = place_of(snapshot, self._host())
        self._require_asked(userid, snapshot)
        self._require_this_key(path, place, userid, snapshot)

        def answered(challenge: Challenge) -> Secret | None:
            if challenge.webauthn is None:
                raise Refused(f"PVE does not ask {userid or 'this user'} for a key.", NOT_SENT)
            require_rp(challenge.webauthn.get("rpId"), place)
            timely = _Countdown(hands, self._clock)
            with closing(self._opened(path, hands)) as key:
                signed = key.sign(timed(challenge.webauthn), place.origin, timely)
            if hands.given_up():
                return None
            self._require_taken(signed, userid, place, challenge.webauthn["challenge"], snapshot)
            hands.waits(Phase.SENDING)
            return Secret(f"webauthn:{signed.value}")

        return answered

    def _opened(self, path: str, hands: Hands) -> SecurityKey:
        hands.waits(Phase.OPENING)
        return self._keys.open(path)

    def _require_asked(self, userid: str, snapshot: Snapshot) -> None:
        if not userid:
            return
        if realm_type(snapshot, userid) == "openid":
            raise Refused(
                f"PVE never asks {userid} for a key: in OpenID realms only the provider can.",
                NOT_SENT,
            )
        if wanted := _wanted(userid, snapshot):
            raise Refused(
                f"The realm of {userid} requires {wanted}: PVE takes no security key there.",
                NOT_SENT,
            )

    def _require_this_key(self, path: str, place: Place, userid: str, snapshot: Snapshot) -> None:
        """Raises KeyTrouble (NOT_THIS_KEY) where it is sure that PVE will not ask for the key."""
        known = tuple(stored_keys(snapshot, userid))
        if not known:
            return  # PVE's API tells none: the login's question does
        with closing(self._keys.open(path)) as key:
            held = key.holding(place.rp_id, tuple(one.stored.credential for one in known))
            if not held and not key.info().verifies:
                raise _none_of_them(userid, place, snapshot)
        found = [one.entry for one in known if one.stored.credential in held]
        if found and not any(entry.enable for entry in found):
            raise _not_asked_for()

    def _require_taken(
        self, signed: Signed, userid: str, place: Place, asked: str, snapshot: Snapshot
    ) -> None:
        """Raises KeyTrouble for what PVE would refuse, as far as what it has stored is known: it
        would count against the user (R23).
        """
        for known in stored_keys(snapshot, userid):
            if known.stored.credential == signed.credential:
                try:
                    self._require_right(signed, known, place, asked)
                except KeyTrouble as trouble:
                    hint = f"{trouble.hint} {NOT_SENT}"
                    raise KeyTrouble(trouble.kind, message=str(trouble), hint=hint) from None

    # --- a signature -------------------------------------------------------------------------

    def signature(self, userid: str, path: str, hands: Hands, snapshot: Snapshot) -> _Checked:
        """The key signs a challenge of our own, and what PVE has stored has to fit.

        Raises KeyTrouble and Refused.
        """
        known = tuple(stored_keys(snapshot, userid))
        if not known:
            raise _nothing_stored(userid, snapshot)
        place = place_of(snapshot, self._host())
        credentials = tuple(one.stored.credential for one in known)
        challenge = secrets.token_bytes(32)
        options = timed(request_options(place.rp_id, challenge, credentials))
        with closing(self._opened(path, hands)) as key:
            try:
                signed = key.sign(options, place.origin, _Countdown(hands, self._clock))
            except KeyTrouble as trouble:
                if trouble.kind is Kind.NOT_THIS_KEY:
                    raise _none_of_them(userid, place, snapshot) from None
                raise
        found = next((one for one in known if one.stored.credential == signed.credential), None)
        if found is None:
            raise _none_of_them(userid, place, snapshot)
        self._require_right(signed, found, place, encode_base64url(challenge))
        proof = self._proof(userid, signed, found, place, snapshot)
        return _Checked(proof, found, place.rp_id, signed.counter)

    def _require_right(self, signed: Signed, known: StoredKey, place: Place, asked: str) -> None:
        """What PVE checks at a login, but for the counter. Raises KeyTrouble."""
        data = auth_data(signed.data)
        if data.rp_hash != hashlib.sha256(place.rp_id.encode()).digest():
            raise _wrong("It signed for another WebAuthn ID than it was asked for.")
        if not data.present:
            raise _wrong("It signed without a touch, which PVE does not take.")
        try:
            client = json.loads(signed.client)
        except ValueError:
            client = None
        if not isinstance(client, dict) or client.get("challenge") != asked:
            raise _wrong("It signed another challenge than it was asked to.")
        over = signed.data + hashlib.sha256(signed.client).digest()
        if not self._verify(known.stored.public_key, signed.signature, over):
            raise _wrong(f"Its signature does not fit what PVE has stored of {_named(known)}.")

    def _proof(
        self, userid: str, signed: Signed, known: StoredKey, place: Place, snapshot: Snapshot
    ) -> Proof:
        data, stored = auth_data(signed.data), known.stored.counter
        refused = counter_refused(stored, data.counter)
        how = "a touch and its PIN or a finger" if data.verified else "a touch"
        proved = [
            f"The key signed a new challenge for {place.rp_id}, after {how}, and the signature"
            f" fits the public key that PVE has stored of {_named(known)}."
        ]
        if not refused:
            proved.append(_counter(data.counter, stored))
        lacking = list(_not_proved(userid, known, place, snapshot, self._clock.now()))
        if refused:
            told = (
                f"A login, which PVE will refuse: the key's counter is {data.counter}, not above"
                f" the {stored} of its enrolment, so it is taken for a copy. Enrol the key anew."
            )
            lacking.insert(0, told)
        stands = login(snapshot, userid, self._clock.now())
        offered = tuple(kind for kind, word in KINDS.items() if word in stands.usable)
        return Proof(userid, "", offered, "webauthn", tuple(proved), tuple(lacking), known.entry.id)


class _Checked(NamedTuple):
    """A signature that is right, and of which entry."""

    proof: Proof
    known: StoredKey
    rp_id: str
    counter: int


class _Countdown:
    """Hands that are told how long PVE still waits."""

    def __init__(self, hands: Hands, clock: Clock) -> None:
        self._hands = hands
        self._clock = clock
        self._until = clock.now() + PATIENCE

    def waits(self, phase: Phase, seconds: float = 0.0) -> None:
        left = max(1.0, self._until - self._clock.now()) if phase in TOUCHES else 0.0
        self._hands.waits(phase, left)

    def pin(self, asked: PinAsked) -> Secret | None:
        return self._hands.pin(asked)

    def given_up(self) -> bool:
        return self._hands.given_up()


# --- words ------------------------------------------------------------------------------------


def _wanted(userid: str, snapshot: Snapshot) -> str:
    realms = snapshot.realms.value
    demand = demanded(realms.realms.get(userid.rpartition("@")[2]) if realms else None)
    return DEMANDS.get(demand, "")


def _named(known: StoredKey) -> str:
    return known.entry.description or known.entry.id


def _wrong(message: str) -> KeyTrouble:
    return KeyTrouble(Kind.KEY_ERROR, message=message, hint="Remove the entry, enrol the key anew.")


def _not_asked_for() -> KeyTrouble:
    return KeyTrouble(
        Kind.NOT_THIS_KEY,
        message="PVE does not ask for this key: its entry is disabled.",
        hint=f"Enable it, or plug in another one. {NOT_SENT}",
    )


def _none_of_them(userid: str, place: Place, snapshot: Snapshot) -> KeyTrouble:
    entries = [_named(one) for one in stored_keys(snapshot, userid)]
    of = f" of {userid} ({listed(entries, 3)})" if entries else ""
    old = sorted(
        mark.rp_id
        for (user, _), mark in snapshot.proofs.items()
        if user == userid and mark.rp_id not in {"", place.rp_id}
    )
    under = f" One was last seen under the WebAuthn ID {old[0]}." if old else ""
    return KeyTrouble(
        Kind.NOT_THIS_KEY,
        message=f"This key holds none of the entries{of} for {place.rp_id}.",
        hint=f"Plug in the one that was enrolled.{under} Nothing was sent.",
    )


def _nothing_stored(userid: str, snapshot: Snapshot) -> Refused:
    types = {entry.type for entry in entries_of(snapshot, userid)}
    if "webauthn" in types:
        return Refused(
            "This picture does not hold what a key's signature is compared with.",
            "Only PVE's files on the node do. A login proves it: give the password.",
        )
    if "u2f" in types:
        return Refused(_OLD, "Enrol the key as WebAuthn, then remove the old entry.")
    return Refused(f"{userid} has no security key.", f"pve-auth-tui enrol {userid} --webauthn")


def _counter(now: int, stored: int) -> str:
    if not now and not stored:
        return "It keeps no counter, and PVE asks for none then."
    return f"Its counter is {now}, above the {stored} of its enrolment: PVE takes that."


def _not_proved(
    userid: str, known: StoredKey, place: Place, snapshot: Snapshot, now: float
) -> Iterator[str]:
    yield "The password: none was given."
    if not known.entry.enable:
        yield f"That PVE asks for it: {_named(known)} is disabled."
    elif realm_type(snapshot, userid) == "openid":
        yield "That PVE ever asks for it: in OpenID realms only the provider can."
    elif wanted := _wanted(userid, snapshot):
        yield f"That it is of use: the realm requires {wanted}, and PVE takes no key there."
    if obstacle := login(snapshot, userid, now).obstacle:
        yield f"A login: {obstacle}."
    nodes = listed(["this one", *others_of(snapshot)])
    yield f"That pveproxy and pvedaemon let anybody in, at {nodes}: nobody logged in."
    yield f"A login in a browser: the name in its address bar has to be {place.rp_id} or below it."
