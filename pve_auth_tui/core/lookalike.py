# ruff: noqa: RUF001 (letters that can be mistaken are what this file is about)
"""Which names a person would read as the same name.

A small part of the idea of Unicode's UTS 39 (skeletons): enough for the digits and scripts
with which a Latin name can be imitated. Only ever used to warn.
"""

from __future__ import annotations

from functools import lru_cache
from unicodedata import category, normalize

# A Latin letter, then the signs that can be read as it.
_LOOK = (
    "aаαɑ bвβьƅ cсϲᴄ dԁđᴅ eеεᴇ gցɡ hһнհħ jјϳ kкκ lіӏι1|iıɩʟł mмᴍ nηոɴ "
    "oоοօ0øᴏ pрρ qԛզ rʀ sѕ tтτŧᴛ uυս vν wԝω xхχ yуүγ zᴢ"
)
_READ_AS = str.maketrans({sign: look[0] for look in _LOOK.split() for sign in look[1:]})


@lru_cache(maxsize=16384)
def reads_as(name: str) -> str:
    """What the name looks like: equal results are names easily taken for each other.

    Case, accents, look-alike letters, and the pairs `rn`/`m` and `vv`/`w` do not count.
    """
    if not name.isascii():
        name = "".join(c for c in normalize("NFKD", name) if not category(c).startswith("M"))
    return name.casefold().translate(_READ_AS).replace("rn", "m").replace("vv", "w")
