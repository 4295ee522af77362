"""What a row says: a fault of a join, how it is seeded, and what our program has to tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pve_auth_tui.core.finding import Word
from pve_auth_tui.core.join.causes import JoinCause
from pve_auth_tui.core.join.model import Topic
from tests.lab.adlab import names
from tests.lab.joinlab.seeds import Seed, nothing

Command = Literal["join discover", "join check", "join run", "join validate"]
Kind = Literal["bare", "ready", "member"]
Step = Literal["realm join", "apt-get", "systemctl start"]
Login = tuple[str, str]
ADMINISTRATOR: Login = ("Administrator", names.ADMIN_PASSWORD)


@dataclass(frozen=True)
class JoinFault:
    """`name`, `seeded`: for people. `at`: the row that tells it, or the step of `join run` that
    fails. `word`: of that row; BAD where `join run` refuses. `node`: without the packages, with
    them, or a member of the domain. `login`: with that name and password; a check without one does
    not look for the computer's account. `words`: more of the command. `spoils`: the node is of no
    use afterwards.
    """

    command: Command
    name: str
    seeded: str
    at: Topic | Step
    cause: JoinCause
    seed: Seed = nothing
    word: Word = "BAD"
    node: Kind = "ready"
    login: Login | None = None
    words: tuple[str, ...] = ()
    domain: str = names.DOMAIN
    spoils: bool = False


def user(name: str) -> Login:
    """Somebody of the domain who is no administrator."""
    return name, names.AD_USER_PASSWORD
