"""Faults of OpenID realms, seeded at a real oidc-provider: each is recognised by its name."""

from __future__ import annotations

import pytest

from pve_auth_tui.core.openid.causes import Cause
from pve_auth_tui.core.openid.report import Stage
from tests.lab.adlab.lab import Lab
from tests.lab.faults.openid import FAULTS, FLAVOURS, ORIGIN
from tests.lab.faults.rows import OpenIdFault
from tests.lab.realm_lab import probed, started

_NOT_ASKED = {Stage.PVE}  # the realm is not saved


@pytest.fixture(scope="module", autouse=True)
def servers(lab: Lab) -> None:
    started(lab, "slapd")


@pytest.mark.parametrize("fault", [pytest.param(row, id=row.name) for row in FAULTS])
def test_a_fault_is_recognised_by_its_name(lab: Lab, fault: OpenIdFault) -> None:
    test = probed(lab, fault)
    check = test.at(fault.stage)
    assert (check.word, check.causes[:1]) == (fault.word, (fault.cause,)), test.checks


@pytest.mark.parametrize("path", FLAVOURS)
def test_a_healthy_provider_is_well_at_every_stage(lab: Lab, path: str) -> None:
    """They lay out their issuers, keys and claims as known products do, and are none of those."""
    options = {**FLAVOURS[path], "issuer-url": f"{ORIGIN}{path}"}
    fault = OpenIdFault("none", "", Stage.SECRET, Cause.SECRET_WRONG, options)
    test = probed(lab, fault)
    words = {stage: test.at(stage).word for stage in Stage if stage not in _NOT_ASKED}
    assert set(words.values()) == {"ok"}, test.checks
