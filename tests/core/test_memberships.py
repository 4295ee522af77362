"""In which groups somebody is, by what the groups say."""

from pve_auth_tui.core.memberships import memberships
from pve_auth_tui.core.userconfig import parse_user_config


def test_groups_tell_of_members_whom_pve_overlooks_and_of_names_without_a_user():
    lines = b"group:dev:ann@pve,old@pve::\nuser:ann@pve:1:0::::::\ngroup:ops:ann@pve::\n"
    config = parse_user_config(lines)
    assert config.groups_of["ann@pve"] == ("ops",)
    assert memberships(config) == {
        "ann@pve": frozenset({"dev", "ops"}),
        "old@pve": frozenset({"dev"}),
    }
