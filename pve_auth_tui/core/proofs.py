"""What this program has seen of a second factor: a login with it, or a signature alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class How(Enum):
    """The word in lists and in JSON."""

    LOGIN = "login"
    SIGNATURE = "signed"
    ENROLLED = "never"  # it was only enrolled


@dataclass(frozen=True, slots=True)
class Mark:
    """The last that was seen of somebody's factor `entry`: its id in tfa.cfg, "" for a login with
    the password alone.

    `at`: seconds since 1970; `node`: where; `rp_id`: the WebAuthn ID that it worked under, "" for
    other factors; `counter`: a security key's signature counter then.
    """

    userid: str
    entry: str
    how: How
    at: float
    node: str = ""
    rp_id: str = ""
    counter: int = 0
