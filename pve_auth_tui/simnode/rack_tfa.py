"""Second factors of the demo cluster: priv/tfa.cfg."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pve_auth_tui.core.tfafile import encode_base64url
from pve_auth_tui.core.userconfig import User
from pve_auth_tui.simnode import made_up
from pve_auth_tui.simnode.points import points

DAY = 86400
_ISSUER = "Proxmox VE - rack"

Record = dict[str, Any]


class Enrolments:
    """Makes entries as PVE stores them (reference/pve-access.md 7.4), one key after another."""

    def __init__(self, now: float) -> None:
        self._now = int(now)
        self._points = points()

    def totp(
        self, userid: str, description: str, *, age: int, last_used: int | None = None
    ) -> Record:
        """`age` in days, `last_used` in seconds ago; without it the code was never used."""
        issuer, account = _quoted(_ISSUER), _quoted(userid)
        uri = (
            f"otpauth://totp/{issuer}:{account}?secret={made_up.totp_secret(userid)}"
            f"&digits=6&algorithm=SHA1&period=30&issuer={issuer}"
        )
        entry: object = uri
        if last_used is not None:
            entry = {"totp": uri, "last-count": (self._now - last_used) // 30}
        return self._record(f"totp {userid} {description}", description, age, entry)

    def key(self, userid: str, description: str, *, age: int, enable: bool = True) -> Record:
        x, y = next(self._points)
        label = _label(userid, description)
        credential, counter = registered(userid, description)
        entry = {
            "cred_id": encode_base64url(credential),
            "cred": {
                "type_": "ES256",
                "key": {
                    "EC_EC2": {
                        "curve": "SECP256R1",
                        "x": encode_base64url(x),
                        "y": encode_base64url(y),
                    }
                },
            },
            "counter": counter,
            "backup_eligible": False,
            "backup_state": False,
        }
        return self._record(label, description, age, entry, enable=enable)

    def yubico(self, userid: str, description: str, *, age: int) -> Record:
        public_id = "cccccc" + "".join(
            "cbdefghijklnrtuv"[byte % 16] for byte in made_up.some_bytes(userid, 6)
        )
        return self._record(f"yubico {userid}", description, age, public_id)

    def recovery(self, userid: str, *, age: int, left: int) -> Record:
        """Ten keys of which the last `left` are unused."""
        secret = made_up.some_bytes(f"recovery {userid}", 8).hex()
        hashes = made_up.recovery_hashes(userid, secret)
        used = len(hashes) - left
        return {
            "secret": secret,
            "entries": [None] * used + hashes[used:],
            "created": self._now - age * DAY,
        }

    def _record(
        self, label: str, description: str, age: int, entry: object, *, enable: bool = True
    ) -> Record:
        record: Record = {
            "id": made_up.uuid(label),
            "description": description,
            "created": self._now - age * DAY,
        }
        if not enable:
            record["enable"] = False
        record["entry"] = entry
        return record


def registered(userid: str, description: str) -> tuple[bytes, int]:
    """What a security key's entry knows of the key: the credential's id, and its counter then."""
    label = _label(userid, description)
    return made_up.some_bytes(label, 48), made_up.number(label, 40)


def _label(userid: str, description: str) -> str:
    return f"key {userid} {description}"


def second_factors(now: float, crowd: Sequence[User]) -> dict[str, Record]:
    """userid -> record of tfa.cfg, for the stories and for a third of the crowd."""
    make = Enrolments(now)
    return {**_story(make), **dict(_crowd(make, crowd))}


def _story(make: Enrolments) -> dict[str, Record]:
    return {
        "root@pam": {
            "totp": [make.totp("root@pam", "phone", age=400, last_used=DAY)],
            "webauthn": [make.key("root@pam", "rack 3", age=120)],
            "recovery": make.recovery("root@pam", age=400, left=3),
            "totp-locked": True,
        },
        "anna.admin@corp": {
            "totp": [make.totp("anna.admin@corp", "phone", age=90, last_used=2 * DAY)],
            "totp-locked": True,
        },
        "anna@pam": {
            "totp": [make.totp("anna@pam", "phone", age=90, last_used=DAY)],
            "recovery": make.recovery("anna@pam", age=90, left=10),
        },
        "erik@pve": {
            "totp": [make.totp("erik@pve", "tablet", age=700, last_used=5 * DAY)],
            "recovery": make.recovery("erik@pve", age=700, left=1),
        },
        "carl@corp": {"totp": [make.totp("carl@corp", "phone", age=30, last_used=3 * 3600)]},
        "old-admin@pve": {"totp": [make.totp("old-admin@pve", "phone", age=900)]},
        "bob.admin@corp": {"webauthn": [make.key("bob.admin@corp", "blue key", age=200)]},
        "paul@pam": {
            "webauthn": [make.key("paul@pam", "key for pve1.example.com", age=1000)],
        },
        "lena@pve": {
            "totp": [make.totp("lena@pve", "phone", age=60, last_used=7200)],
            "webauthn": [make.key("lena@pve", "lost in May", age=300, enable=False)],
        },
        "yuri@pve": {"yubico": [make.yubico("yuri@pve", "YubiKey 4", age=1500)]},
    }


def _crowd(make: Enrolments, crowd: Sequence[User]) -> Iterator[tuple[str, Record]]:
    for user in crowd:
        if user.realm == "entra":  # the IdP asks for the second factor, PVE never does
            continue
        age = 10 + made_up.number(f"age {user.id}", 600)
        used = made_up.number(f"used {user.id}", 30 * DAY)
        match made_up.number(f"tfa {user.id}", 12):
            case 0 | 1 | 2:
                yield user.id, {"totp": [make.totp(user.id, "phone", age=age, last_used=used)]}
            case 3:
                yield (
                    user.id,
                    {
                        "totp": [make.totp(user.id, "phone", age=age, last_used=used)],
                        "recovery": make.recovery(user.id, age=age, left=10),
                    },
                )
            case 4:
                yield user.id, {"webauthn": [make.key(user.id, "key ring", age=age)]}


def tfa_file(records: Mapping[str, Record]) -> bytes:
    """The file: one line of JSON without a newline, as PVE writes it."""
    return json.dumps({"users": records}, separators=(",", ":"), ensure_ascii=False).encode()


def _quoted(text: str) -> str:
    """Percent-encoded as PVE's core does it: everything but letters and digits."""
    return "".join(
        sign if sign.isascii() and sign.isalnum() else "".join(f"%{byte:02X}" for byte in data)
        for sign in text
        for data in [sign.encode()]
    )
