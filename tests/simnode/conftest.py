"""The demo cluster, built and parsed once for all tests here."""

from __future__ import annotations

import pytest

from pve_auth_tui.core.permissions import Permissions
from pve_auth_tui.core.userconfig import UserConfig, parse_user_config
from pve_auth_tui.simnode.demo import demo_tree
from pve_auth_tui.simnode.memory import MemoryTree


@pytest.fixture(scope="session")
def tree() -> MemoryTree:
    return demo_tree()


@pytest.fixture(scope="session")
def access(tree: MemoryTree) -> UserConfig:
    return parse_user_config(tree.read("etc/pve/user.cfg"))


@pytest.fixture(scope="session")
def permissions(access: UserConfig) -> Permissions:
    return Permissions(access)
