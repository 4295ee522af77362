"""A security key for somebody, from the plan that was agreed to until PVE has stored it."""

from __future__ import annotations

from collections.abc import Callable

from pve_auth_tui.core.ports import Clock, Runner, SecurityKeys
from pve_auth_tui.services.plans import PlanService


class KeyEnrolService:
    """Blocking. `keys`: those in this machine's USB; `runner` carries out the calls to PVE.

    `host`: name and port by which PVE is asked, `pve1.example.com:8006`: WebAuthn's origin where
    the settings have none.
    """

    def __init__(
        self,
        keys: SecurityKeys,
        plans: PlanService,
        runner: Runner,
        clock: Clock,
        host: Callable[[], str],
    ) -> None:
        self._keys = keys
        self._plans = plans
        self._runner = runner
        self._clock = clock
        self._host = host
