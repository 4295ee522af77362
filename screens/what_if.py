"""What a plan changes for everybody."""

from __future__ import annotations

from textual.app import ComposeResult

from pve_auth_tui.core.plan import Plan
from screens.base import BaseScreen
from widgets.lines import Rule


class WhatIfScreen(BaseScreen):
    """What a plan changes for everybody."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self._asked = (plan,)

    def compose(self) -> ComposeResult:
        yield from self.compose_top()
        yield Rule(id="heading")
        yield from self.compose_bottom()

    def on_mount(self) -> None:
        self.query_one(Rule).show_parts("What if")
