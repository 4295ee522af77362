"""Command lines of the simulated node's tools, as far as they are known here."""

from __future__ import annotations

from collections.abc import Mapping

from pve_auth_tui.simnode.host.call import Call


class Given:
    """`values`: option -> value ("" for a switch); `words`: what is no option."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.words: list[str] = []

    def has(self, name: str) -> bool:
        return name in self.values

    def get(self, name: str) -> str:
        return self.values.get(name, "")


def parsed(call: Call, known: Mapping[str, tuple[str, bool]]) -> Given:
    """`known`: spelling -> (name, whether it has a value). Raises CommandFailed for others."""
    given = Given()
    waiting = list(call.args)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            given.words += waiting
            break
        if not word.startswith("-") or word == "-":
            given.words.append(word)
            continue
        spelling, sign, value = word.partition("=") if word.startswith("--") else (word, "", "")
        if spelling not in known and word[:2] in known and known[word[:2]][1]:
            spelling, sign, value = word[:2], "=", word[2:]
        if spelling not in known:
            raise call.unknown()
        name, valued = known[spelling]
        if valued and not sign:
            if not waiting:
                raise call.unknown()
            value = waiting.pop(0)
        if sign and not valued:
            raise call.unknown()
        given.values[name] = value
    return given
