"""What a touched YubiKey types by itself: a one-time code in modhex, then Enter.

Yubico OTP: 12 letters that name the key, 32 of the code. These letters are where they are on every
keyboard layout that Yubico knows.
"""

from __future__ import annotations

import re
from typing import Final

LENGTH: Final = 44
PUBLIC_ID: Final = 12
"""So many letters at the beginning of a code name the key."""
LETTERS: Final = frozenset("cbdefghijklnrtuv")

_LETTER: Final = f"[{''.join(sorted(LETTERS))}]"
_WHOLE: Final = re.compile(rf"{_LETTER}{{{LENGTH}}}(?!{_LETTER})")
_SOME: Final = re.compile(rf"{_LETTER}{{32,}}")  # nobody types so many of these alone


def is_code(text: str) -> bool:
    """Whether it is one code, and nothing else."""
    return len(text) == LENGTH and not set(text) - LETTERS


def holds_code(text: str) -> bool:
    """Whether a touched key has typed into it."""
    return bool(_SOME.search(text))


def without_codes(text: str) -> str:
    """What is left of a text into which a key has typed. Of `fine` and a code `fine` is left,
    although these are letters of a code, too.
    """
    return _SOME.sub("", _WHOLE.sub("", text))
