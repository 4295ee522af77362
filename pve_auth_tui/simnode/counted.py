"""A part of a list, with the length of the whole: `total` beside `data` in PVE's JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class Counted(list[Any]):
    """The part that was asked for; `total` items there are (RESTEnvironment::set_result_attrib)."""

    def __init__(self, items: Iterable[Any], total: int) -> None:
        super().__init__(items)
        self.total = total
