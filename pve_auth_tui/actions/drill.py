"""`drill USER`: proves one way in now, as `prove` does, and tells when that was done last.

The login is noted with its date wherever it is proved: by this command, by `prove`, on a screen.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

from pve_auth_tui.actions import prove
from pve_auth_tui.arguments import FINDINGS, OK
from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.keytrouble import KeyTrouble
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.survive.drills import proved_words, why_no_drill
from pve_auth_tui.core.survive.survival import Row, survival
from pve_auth_tui.output import complain, json_line
from pve_auth_tui.services.prove import Proof
from pve_auth_tui.workshop import Workshop


def run(options: argparse.Namespace, workshop: Workshop) -> tuple[int, str]:
    """As `prove.run`; FINDINGS where nobody has logged in, so that nothing was proved."""
    snapshot, _, node = workshop.outlooks.fresh()
    mine = _of(snapshot, options.userid, workshop.clock.now())
    if not options.json:
        complain(*_known(mine, workshop.clock.now()))
    try:
        proof = prove.proved(options, workshop, snapshot, node)
    except KeyTrouble as trouble:
        return prove.gave_up(trouble)
    now = workshop.clock.now()
    after = _of(replace(snapshot, proofs=workshop.proofs.all()), options.userid, now)
    code = OK if proof.address else FINDINGS
    if options.json:
        return code, json_line(
            prove.as_json(proof) | {"before": _dates(mine), "now": _dates(after)}
        )
    told = "".join(f"{plain(line)}\n" for line in _known(after, now))
    return code, f"{prove.text_of(proof)}{_ending(proof)}{told}"


def _of(snapshot: Snapshot, userid: str, now: float) -> tuple[Row, ...]:
    """The ways in of one administrator. Raises Refused for somebody who has none."""
    everybody = survival(snapshot, now)
    mine = tuple(row for row in everybody.rows if row.way.userid == userid)
    if mine:
        if all(map(why_no_drill, (row.way for row in mine))):
            raise Refused(why_no_drill(mine[0].way), "`pve-auth-tui survive` shows all ways in.")
        return mine
    why = next((one.reason for one in everybody.without if one.userid == userid), "")
    if why:
        raise Refused(f"{userid} has no way in today: {userid} {why}.", "Nobody logged in.")
    raise Refused(
        f"{userid} is no administrator who is enabled and not expired: no way in to drill.",
        f"`pve-auth-tui prove {userid}` proves any login.",
    )


def _known(rows: tuple[Row, ...], now: float) -> list[str]:
    return [
        f"{row.way.userid}, {row.way.shown}: {proved_words(row.way, row.mark, now)}."
        for row in rows
    ]


def _dates(rows: tuple[Row, ...]) -> list[dict[str, Any]]:
    """Times in seconds since 1970, null for never."""
    return [
        {
            "with": row.way.how,
            "entry": row.way.entry.id if row.way.entry else None,
            "proved": row.mark.at if row.mark else None,
            "proof": row.mark.how.value if row.mark else None,
        }
        for row in rows
    ]


def _ending(proof: Proof) -> str:
    return "" if proof.address else "LOOK  Nobody has logged in, so no way in was proved.\n"
