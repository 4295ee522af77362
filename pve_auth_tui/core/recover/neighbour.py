"""What the answers of another node prove, and what they do not.

A node that is wrongly taken for dead leads into a cluster in two halves that both write. So a
node counts as alive only by its own certificate or host key, and as silent only when nobody at
all answered; whatever lies between is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any, Final, NamedTuple

from pve_auth_tui.core.hostnames import host_name
from pve_auth_tui.core.recover.condition import Neighbour

PORT: Final = 8006  # pveproxy's

_QUORATE: Final = re.compile(r"(?m)^Quorate:[ \t]*(Yes|No)\b")
_REFUSED_BY_SSH: Final = 255  # ssh(1): "or with 255 if an error occurred"
_LONGEST_DATE: Final = 64
_MOST_CLAUSES: Final = 4
_NOTHING: Final = "nothing came of it"
_UNKNOWN_ADDRESS: Final = "no address of it is known here"


class Came(Enum):
    """Who answered at an address. PROVED: that node. SOMEBODY: a machine, and nothing says which.
    NOBODY: no answer came. NO_WAY: no network leads there. UNASKED: it could not be tried.
    """

    PROVED = "the node"
    SOMEBODY = "somebody"
    NOBODY = "nobody"
    NO_WAY = "no way"
    UNASKED = "not asked"


class Outcome(NamedTuple):
    """What came of one address, asked in one way; the rest as in `Neighbour`."""

    address: str
    came: Came
    why: str = ""
    quorate: bool | None = None
    web: str = ""
    ahead: float | None = None


class Status(NamedTuple):
    """GET /cluster/status: whether there is quorum, and which node has answered; "" if untold."""

    quorate: bool | None = None
    node: str = ""


def merged(name: str, asked: Sequence[str], outcomes: Iterable[Outcome]) -> Neighbour:
    """One node, of what came of all its addresses in all ways. `asked`: those addresses.

    It is silent only when every address was tried, nobody was there, and at least one of them
    is on a network of ours: a node whose own network is down hears nothing of anybody. `why` is
    "" only where `quorate` is known.
    """
    order = {address: number for number, address in enumerate(asked)}
    outcomes = sorted(outcomes, key=lambda one: order.get(one.address, len(order)))
    proofs = [one for one in outcomes if one.came is Came.PROVED]
    somebody = [one for one in outcomes if one.came is Came.SOMEBODY]
    if proofs:
        quorate = next((one.quorate for one in proofs if one.quorate is not None), None)
        if any(one.quorate for one in proofs):
            quorate = True
        first = next((one for one in proofs if one.quorate is quorate), proofs[0])
        return Neighbour(
            name,
            True,
            quorate,
            first.address,
            tuple(asked),
            next((one.web for one in proofs if one.web), ""),
            next((one.ahead for one in proofs if one.ahead is not None), None),
            "" if quorate is not None else _clauses([*proofs, *somebody]) or _NOTHING,
        )
    silent = {one.address for one in outcomes if one.came is Came.NOBODY}
    tried = silent | {one.address for one in outcomes if one.came is Came.NO_WAY}
    alive = False if silent and not somebody and tried.issuperset(asked) else None
    there = {one.address for one in somebody}
    others = (
        one for one in outcomes if one.address not in (tried if one.came is Came.UNASKED else there)
    )
    why = _clauses([*somebody, *others]) or (_NOTHING if asked else _UNKNOWN_ADDRESS)
    return Neighbour(name, alive, asked=tuple(asked), why=why)


def is_enough(outcome: Outcome) -> bool:
    """Whether nothing more has to be asked of that node."""
    return outcome.came is Came.PROVED and outcome.quorate is not None


def _clauses(outcomes: Iterable[Outcome]) -> str:
    found = list(dict.fromkeys(one.why for one in outcomes if one.why))
    return "; ".join([*found[:_MOST_CLAUSES], *(["..."] if len(found) > _MOST_CLAUSES else [])])


# --- https -----------------------------------------------------------------------------


def status(data: Any) -> Status:
    """Of PVE's `data`; whatever it is (PVE::API2::Cluster, method cluster_status).

    Without a row of the type `cluster` the node is in none, or its corosync does not run.
    """
    rows = [row for row in data if isinstance(row, dict)] if isinstance(data, list) else []
    cluster = next((row for row in rows if row.get("type") == "cluster"), {})
    local = next((row for row in rows if row.get("type") == "node" and _truth(row, "local")), {})
    node = local.get("name")
    return Status(_truth(cluster, "quorate"), node if isinstance(node, str) else "")


def _truth(row: dict[Any, Any], key: str) -> bool | None:
    """PVE's boolean: 1 or 0, as a number or as text."""
    value = row.get(key)
    return {"1": True, "0": False}.get(str(int(value) if isinstance(value, bool) else value)[:2])


def of_status(name: str, address: str, told: Status, *, shared: bool) -> Outcome:
    """Of a node that has shown the right certificate, and answered with HTTP 200.

    `shared`: other nodes have the same certificate; then only its own name proves which it is.
    """
    if told.node and told.node.lower() != name.lower():
        return Outcome(address, Came.SOMEBODY, f"another node of the cluster answers at {address}")
    if shared and not told.node:
        return Outcome(address, Came.SOMEBODY, shared_certificate(address))
    why = "" if told.quorate is not None else "it says nothing of quorum: its corosync may be dead"
    return Outcome(address, Came.PROVED, why, told.quorate)


def shared_certificate(address: str) -> str:
    """Why a certificate proves nothing here."""
    return f"the certificate shown at {address} belongs to several nodes"


def refused_clause(code: int) -> str:
    """Why PVE there did not say how it does; `code`: the HTTP status."""
    if code == 401:
        return "it does not take a ticket of this node: root@pam is disabled or its keys differ"
    return f"its pveproxy answers with HTTP status {code}"


def ahead(date: str, now: float) -> float | None:
    """How many seconds the clock behind a HTTP `Date` is before ours; it counts whole seconds."""
    if len(date) > _LONGEST_DATE:
        return None
    try:
        return float(parsedate_to_datetime(date).timestamp() - int(now))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def web_address(node: str, full: str, address: str, names: Iterable[str]) -> str:
    """Where a browser finds that node with as little complaint as possible.

    `full`: its name with the domain, as /etc/hosts has it; `names`: those of its certificate.
    """
    covered = [name.lower() for name in names]
    known = host_name(full)
    wildcard = f"*.{known.partition('.')[2]}"
    host = ""
    if "." in known and (known in covered or wildcard in covered):
        host = known
    else:
        own = (host_name(name) for name in covered if name.startswith(f"{node.lower()}."))
        host = next((name for name in own if "." in name), "")
    if not host:
        host = f"[{address}]" if ":" in address else address
    return f"https://{host}:{PORT}"


# --- ssh -------------------------------------------------------------------------------


def of_ssh(address: str, code: int | None, said: str) -> Outcome:
    """Of `ssh ... corosync-quorumtool -s`. `code`: how ssh ended; None: not in time.

    Only a command that ran there ends with another code than 255, and it runs nowhere before
    the host key was the right one. What ssh said otherwise may come from anybody: it explains,
    and proves nothing. Nobody is there only where ssh itself found no connection: a node whose
    disks hang takes connections, says nothing, and may have quorum.
    """
    if code is not None and 0 <= code < _REFUSED_BY_SSH:
        found = _QUORATE.search(said)
        if found:
            return Outcome(address, Came.PROVED, quorate=found[1] == "Yes")
        why = "ssh reaches it, but corosync-quorumtool says nothing there: its corosync may be dead"
        return Outcome(address, Came.PROVED, why)
    for text, came, why in _SSH:
        if text in said:
            return Outcome(address, came, why.format(address))
    return Outcome(address, Came.SOMEBODY, f"ssh to {address} came to no clear end")


def nobody(address: str) -> str:
    """The clause for an address at which no answer came."""
    return f"nobody answers at {address}"


def no_way(address: str) -> str:
    """The clause for an address that no network of this node leads to."""
    return f"no network of this node leads to {address}"


_SSH: Final = (
    ("during banner exchange", Came.SOMEBODY, "{} takes ssh connections and does not answer"),
    ("port 22: Connection timed out", Came.NOBODY, nobody("{}")),
    ("port 22: No route to host", Came.NOBODY, nobody("{}")),
    ("port 22: Host is down", Came.NOBODY, nobody("{}")),
    ("host key is known for", Came.SOMEBODY, "the ssh host key shown at {} is not known here"),
    ("Host key verification failed", Came.SOMEBODY, "another ssh host key is shown at {}"),
    ("Permission denied", Came.SOMEBODY, "{} takes ssh, but not root's key of this node"),
    ("Connection refused", Came.SOMEBODY, "{} refuses ssh"),
    ("Connection closed", Came.SOMEBODY, "{} ends ssh at once"),
    ("Connection reset", Came.SOMEBODY, "{} ends ssh at once"),
    ("Network is unreachable", Came.NO_WAY, "no network of this node leads to {}"),
)
"""A text of ssh's -> who answered, why nothing more is known."""
