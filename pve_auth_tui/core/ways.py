"""How the node is reached, told to people: the way in use, and why no better one works."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.finding import Finding, Target
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.node import Node, Tried

WAYS: Final = "ways"
"""The target that opens `way_lines`."""

_SLOW: Final = 5.0  # seconds; a node in good health needs less than half of one
_NAMES: Final = {
    "direct": "PVE's own modules, as root on this node",
    "https": "what the web interface itself uses",
    "pvesh": "the command pvesh",
    "files": "the files in /etc/pve",
    "config.db": "the database behind /etc/pve",
}


def way_findings(node: Node) -> list[Finding]:
    """One line when PVE itself does not answer, although it should, or takes long to."""
    if node.seconds >= _SLOW and not node.waiting:
        text = f"PVE's API is slow: asking it took {node.seconds:.0f} s"
        return [Finding("LOOK", text, "A busy node, or a storage that hangs? See its tasks.")]
    if node.asks_pve or node.waiting or not node.tried:
        return []
    first = node.tried[0]
    text = first.reason.rstrip(".")
    if not text.startswith("PVE's API"):
        text = f"PVE's API does not answer: {text}"
    return [Finding("LOOK", text, first.hint, Target(WAYS))]


def way_lines(node: Node, failure: AuthTuiError | None = None) -> tuple[Line, ...]:
    """The way in use, and each better one with its reason, next step and original text.

    `failure`: why the last reading got nothing; what is shown was read before.
    """
    return (
        Line(f"{node.shown}: {_NAMES.get(node.way, node.way)}", heading="In use"),
        *(_failed(failure) if failure else ()),
        *(line for tried in node.tried for line in _tried(tried)),
        *((Line("Better ways are still being tried.", heading="Now"),) if node.waiting else ()),
    )


def _failed(failure: AuthTuiError) -> Iterator[Line]:
    yield Line("it gave no answer the last time: shown is what was read before.", heading="Now")
    yield Line(str(failure), heading="Why")
    if failure.hint:
        yield Line(failure.hint, heading="Next")


def _tried(tried: Tried) -> Iterator[Line]:
    yield Line(f"{tried.way}: {_NAMES.get(tried.way, tried.way)}", heading="Not used")
    yield Line(tried.reason, heading="Why")
    if tried.hint:
        yield Line(tried.hint, heading="Next")
    if tried.original and tried.original.strip() != tried.reason:
        yield Line(tried.original, heading="Original")
