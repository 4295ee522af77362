"""What the picture will be after some calls, without making any (design/architecture.md 3).

Every rule is PVE's own; `tests/simnode/test_forecasts.py` compares what is foretold here with
what the simulated node does.
"""

from __future__ import annotations

from pve_auth_tui.core.predict.forecast import Forecast, forecast

__all__ = ["Forecast", "forecast"]
