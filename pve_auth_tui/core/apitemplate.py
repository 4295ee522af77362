"""Which method of PVE's API a call is: `PUT /access/users/{userid}`, and its path's values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


class Templates:
    """Methods by their templates; of several that fit the first one counts."""

    __slots__ = ("_known",)

    def __init__(self, templates: Iterable[str]) -> None:
        self._known: dict[tuple[str, int], list[tuple[str, tuple[str, ...]]]] = {}
        for template in templates:
            verb, _, path = template.partition(" ")
            parts = tuple(path.strip("/").split("/"))
            self._known.setdefault((verb, len(parts)), []).append((template, parts))

    def find(self, method: str, path: Sequence[str]) -> tuple[str, dict[str, str]] | None:
        """The template and the values in the path; None when there is none."""
        for template, parts in self._known.get((method, len(path)), ()):
            pairs = list(zip(parts, path, strict=True))
            if all(part.startswith("{") or part == own for part, own in pairs):
                return template, {p[1:-1]: own for p, own in pairs if p.startswith("{")}
        return None
