"""The demo cluster made large."""

from __future__ import annotations

import json

import pytest

from pve_auth_tui.core.aclnotes import notes
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.userconfig import UserConfig, parse_user_config
from pve_auth_tui.simnode.demo import demo_tree
from pve_auth_tui.simnode.memory import MemoryTree
from pve_auth_tui.simnode.scale import big_tree

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def big() -> MemoryTree:
    return demo_tree(users=10_000)


@pytest.fixture(scope="module")
def config(big: MemoryTree) -> UserConfig:
    return parse_user_config(big.read("etc/pve/user.cfg"))


def tokens(config: UserConfig) -> int:
    return sum(len(user.tokens) for user in config.users.values())


def second_factors(tree: MemoryTree) -> int:
    return len(json.loads(tree.read("etc/pve/priv/tfa.cfg"))["users"])


def test_ten_thousand_users_bring_what_the_speed_limits_speak_of(
    big: MemoryTree, config: UserConfig
) -> None:
    assert len(config.users) == 10_000
    assert len(config.groups) == 2_000
    assert len(config.acl) == 20_000
    assert tokens(config) == 5_000
    assert second_factors(big) == 5_000


def test_it_is_the_same_as_the_tree_of_the_bench(big: MemoryTree) -> None:
    bench = big_tree()
    assert bench.paths == big.paths
    assert all(bench.read(path) == big.read(path) for path in big.paths)


def test_pmxcfs_would_take_every_file(big: MemoryTree) -> None:
    assert max(len(big.read(path)) for path in big.paths) <= MIB


def test_the_stories_are_still_in_it(
    config: UserConfig, access: UserConfig, tree: MemoryTree, big: MemoryTree
) -> None:
    assert {userid: config.users[userid] for userid in access.users} == access.users
    assert {group: config.groups[group] for group in access.groups} == access.groups
    assert config.warnings == access.warnings
    assert notes(config) == notes(access)
    assert big.read("etc/pve/domains.cfg") == tree.read("etc/pve/domains.cfg")


def test_all_its_acl_paths_lead_to_guests(big: MemoryTree, config: UserConfig) -> None:
    guests = json.loads(big.read("etc/pve/.vmlist"))["ids"]
    on_guests = {row.path.removeprefix("/vms/") for row in config.acl if "/vms/" in row.path}
    assert len(on_guests) > 1_800
    assert on_guests <= guests.keys()


@pytest.mark.parametrize(
    ("users", "groups", "acl", "tokens_in_all"),
    [(213, 42, 1204, 15), (600, 120, 1204, 300), (1_000, 200, 2_000, 500)],
)
def test_it_grows_with_the_number_of_users(
    users: int, groups: int, acl: int, tokens_in_all: int
) -> None:
    config = parse_user_config(demo_tree(users=users).read("etc/pve/user.cfg"))
    assert (len(config.users), len(config.groups)) == (users, groups)
    assert (len(config.acl), tokens(config)) == (acl, tokens_in_all)


@pytest.mark.parametrize("users", [-1, 0, 211, 100_001])
def test_other_numbers_are_refused_in_one_sentence(users: int) -> None:
    with pytest.raises(UsageError, match="can have 212 to 100,000 users") as caught:
        demo_tree(users=users)
    assert caught.value.hint
