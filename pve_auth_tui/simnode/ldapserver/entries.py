"""The entries of a simulated directory, and finding them by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pve_auth_tui.simnode.ldapserver import ber
from pve_auth_tui.simnode.ldapserver.names import Name, compared

Values = Sequence[str | bytes]


class Entry:
    """A DN and its attributes. `hidden`: those that come only when asked for by name.

    Written once: what is sent of it is encoded only once.
    """

    __slots__ = ("_encoded", "_folded", "_values", "dn", "hidden", "name")

    def __init__(
        self, dn: str, attributes: Mapping[str, Values], hidden: Iterable[str] = ()
    ) -> None:
        self.dn = dn
        self.name: Name = compared(dn)
        self.hidden = frozenset(name.lower() for name in hidden)
        self._values = {
            name.lower(): (name, tuple(v.encode() if isinstance(v, str) else v for v in values))
            for name, values in attributes.items()
            if values
        }
        self._encoded: dict[str, bytes] = {}
        self._folded: dict[str, tuple[str, ...]] = {}

    @property
    def attributes(self) -> Sequence[str]:
        """Names in small letters."""
        return tuple(self._values)

    def spelled(self, name: str) -> str:
        """An attribute's name as the directory writes it; `name` is in small letters."""
        return self._values[name][0]

    def values(self, name: str) -> tuple[bytes, ...]:
        """The octets of an attribute, named in small letters; () when it has none."""
        found = self._values.get(name)
        return found[1] if found else ()

    def folded(self, name: str) -> tuple[str, ...]:
        """Its values for comparing."""
        known = self._folded.get(name)
        if known is None:
            known = tuple(fold(value) for value in self.values(name))
            self._folded[name] = known
        return known

    def encoded(self, name: str) -> bytes:
        """A PartialAttribute (RFC 4511 4.1.7)."""
        known = self._encoded.get(name)
        if known is None:
            spelled, values = self._values[name]
            known = ber.sequence(ber.octets(spelled), ber.set_of(values))
            self._encoded[name] = known
        return known

    def put(self, name: str, values: Values) -> None:
        """Replace an attribute: what counts and locks changes while the server runs."""
        octets = tuple(v.encode() if isinstance(v, str) else v for v in values)
        self._values[name.lower()] = (name, octets)
        self._encoded.pop(name.lower(), None)
        self._folded.pop(name.lower(), None)


def fold(value: bytes) -> str:
    """Without regard to capitals; octets that are no UTF-8 stay what they are."""
    return value.decode("utf-8", "surrogateescape").lower()


class Tree:
    """Entries by name, in the order in which they were given; none stands twice.

    Whoever reads it while somebody adds to it goes on with what it was.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = {entry.name: entry for entry in entries}
        self.known = frozenset(name for entry in self for name in entry.attributes)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def add(self, entry: Entry) -> None:
        """Put it there, in the place of one of the same name."""
        self._entries = {**self._entries, entry.name: entry}
        self.known |= frozenset(entry.attributes)

    def remove(self, name: Name) -> None:
        """Nothing when it is not there."""
        self._entries = {each: entry for each, entry in self._entries.items() if each != name}

    def get(self, name: Name) -> Entry | None:
        return self._entries.get(name)

    def below(self, base: Name) -> Iterator[Entry]:
        """The entry itself and all that stand under it."""
        size = len(base)
        return (entry for entry in self if entry.name[len(entry.name) - size :] == base)

    def children(self, base: Name) -> Iterator[Entry]:
        """One step under it."""
        return (entry for entry in self if entry.name[1:] == base and entry.name)
