"""The ACL as a tree: large branches are folded, and stay as the reader has left them."""

import pytest

from tests.screens.conftest import keys_shown, press, sees, table, type_text, until


@pytest.fixture
async def tree(pilot):
    """The demo's tree for everybody, the cursor on /vms with its 206 rows."""
    await press(pilot, "1", "colon")
    await type_text(pilot, "view tree")
    await press(pilot, "enter")
    await until(pilot, lambda: table(pilot).go_to("/vms"))
    return pilot


def guests(pilot):
    return [key for key in keys_shown(pilot) if key.startswith("/vms/")]


async def test_a_large_branch_is_folded_at_first(tree):
    await until(tree, lambda: "/vms" in keys_shown(tree))
    await until(tree, lambda: guests(tree) == [])


async def test_right_opens_a_branch_and_left_closes_it_again(tree):
    await press(tree, "right")
    await until(tree, lambda: len(guests(tree)) > 200)
    await press(tree, "left")
    await until(tree, lambda: guests(tree) == [])


async def test_left_goes_up_from_a_row_without_branches(tree):
    await press(tree, "right")
    await until(tree, lambda: table(tree).go_to("/vms/100"))
    await press(tree, "left")
    await until(tree, lambda: table(tree).key == "/vms")


async def test_the_asterisk_opens_everything(tree):
    await press(tree, "asterisk")
    await until(tree, lambda: len(keys_shown(tree)) == table(tree).total)


async def test_branches_stay_as_they_are_when_everything_is_read_again(tree):
    await press(tree, "right", "r")
    await until(tree, lambda: len(guests(tree)) > 200)


async def test_words_find_rows_in_folded_branches_too(tree):
    await press(tree, "slash")
    await type_text(tree, "path:/vms/110")
    await until(tree, lambda: guests(tree) == ["/vms/110"])


async def test_a_person_sees_the_entries_that_count_for_her(tree):
    await press(tree, "p")
    await type_text(tree, "anna.admin@corp")
    await press(tree, "enter")
    await sees(tree, "tree of anna.admin@corp")
    await until(tree, lambda: "/vms/110" in keys_shown(tree))
