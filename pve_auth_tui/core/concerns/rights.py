"""Rights that are more, or less, than they seem."""

from __future__ import annotations

from pve_auth_tui.core import aclnotes
from pve_auth_tui.core.aclindex import acl_index
from pve_auth_tui.core.concerns.common import Findings, few_or_many
from pve_auth_tui.core.finding import Finding, Target
from pve_auth_tui.core.lists.acl import entry_key
from pve_auth_tui.core.reach import NOTHING, token_reach
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.userconfig import UserConfig
from pve_auth_tui.core.words import count_words, has_expired, listed


def self_made_roots(snapshot: Snapshot, config: UserConfig, now: float) -> Findings:
    """Entries that are as good as Administrator on /, and do not look it."""
    found = [
        (f"{entry.shown_subject} can make itself root ({way})", entry_key(entry))
        for entry in config.acl
        if not aclnotes.is_ghost(config, entry) and (way := aclnotes.root_way(config, entry))
    ]
    yield from few_or_many(
        found,
        "ACL entries let somebody make himself root",
        "That is as much as Administrator on /; if it is meant, give it as that.",
        Target("acl", query="note:root"),
    )


def ghost_entries(snapshot: Snapshot, config: UserConfig, now: float) -> Findings:
    """Entries for users and groups that are not there."""
    ghosts = [entry for entry in config.acl if aclnotes.is_ghost(config, entry)]
    if ghosts:
        kinds = {entry.kind for entry in ghosts}
        what = f"{kinds.pop()}s" if len(kinds) == 1 else "users or groups"
        lines = count_words(len(ghosts), "ACL line names", "ACL lines name")
        yield Finding(
            "LOOK",
            f"{lines} {what} that do not exist",
            "Whoever gets such a name, by hand or by a sync, gets the rights.",
            Target("acl", query="note:ghost"),
        )


def blind_tokens(snapshot: Snapshot, config: UserConfig, now: float) -> Findings:
    """Tokens that log in and get empty lists."""
    blind = [
        (f"token {user.id}!{token.id} sees nothing", f"{user.id}!{token.id}")
        for user in config.users.values()
        for token in user.tokens.values()
        if token_reach(config, user, token, now).word == NOTHING
    ]
    yield from few_or_many(
        blind,
        "tokens see nothing",
        "It logs in, and every list comes back empty; its details say why.",
        Target("tokens", query="sees:nothing"),
    )


def expired_administrators(snapshot: Snapshot, config: UserConfig, now: float) -> Findings:
    """Accounts that one changed date brings back."""
    expired = [
        (f"{userid} has expired, but is enabled and an administrator", userid)
        for userid in sorted(acl_index(config).administrators.intersection(config.users))
        if config.users[userid].enable and has_expired(config.users[userid].expire, now)
    ]
    yield from few_or_many(
        expired,
        "administrators have expired, but are enabled",
        "One changed date and the account is back: disable or remove it.",
        Target("users", query="rights:admin expire:expired enabled:yes"),
    )


def unknown_privileges(snapshot: Snapshot, config: UserConfig, now: float) -> Findings:
    """PVE drops them on reading, and for good on the next write (reference 3.6)."""
    texts = [text for text in config.warnings if "ignore invalid privilege" in text]
    if texts:
        names = sorted({text.split("'")[1] for text in texts if text.count("'") >= 2})
        yield Finding(
            "LOOK",
            f"roles have privileges that this PVE does not know: {listed(names)}",
            "They give nothing, and vanish with the next change of users or ACLs.",
            Target("roles", query="dropped:yes"),
        )
