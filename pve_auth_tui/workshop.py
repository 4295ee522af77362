"""What changes things: the services that screens and commands share, put together by `wiring`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pve_auth_tui.core.ports import Journal, Keepsake, Proofs, SecurityKeys
from pve_auth_tui.services.outlook import OutlookService

if TYPE_CHECKING:
    from pve_auth_tui.core.host.ports import Host
    from pve_auth_tui.core.ports import Clock
    from pve_auth_tui.services.enrol import EnrolService
    from pve_auth_tui.services.enrolkey import KeyEnrolService
    from pve_auth_tui.services.join import JoinService
    from pve_auth_tui.services.keycare import KeyCareService
    from pve_auth_tui.services.nodenames import NodeNames
    from pve_auth_tui.services.openid import OpenIdService
    from pve_auth_tui.services.pam import PamService
    from pve_auth_tui.services.plans import PlanService
    from pve_auth_tui.services.prove import ProveService
    from pve_auth_tui.services.rack import RackService
    from pve_auth_tui.services.realmtest import RealmTestService
    from pve_auth_tui.services.recover import RecoverService
    from pve_auth_tui.services.sync import SyncService
    from pve_auth_tui.services.tokentest import TokenTrials
    from pve_auth_tui.services.trust import TrustService


class Closing(Protocol):
    """Something that holds a port or a child."""

    def close(self) -> None:
        """Give it back."""


@dataclass(frozen=True)
class Workshop:
    """`outlooks` tell how things are; `plans` change them; `enrol` prepares second factors, and
    `prove` shows that they work; `keys` are the security keys in this machine's USB, `key_enrol`
    enrols one and `key_care` describes them, `rack` enrols several in one go, `proofs` is
    what was seen of them; `names` are those of the nodes, as browsers know them; `token_test`
    asks as an API token; `recover` gets somebody back in; `journal` holds what was done;
    `keepsake` makes files of secrets. `host` is the node's operating system, None where it is none
    of ours to look at; `join` makes it a member of a domain, `pam` looks at its logins,
    `trust` at the CAs that it trusts.

    `simulated`: of the demo's node, so that every text on paper says so. `held`: what `close`
    gives back. `demo_key`: what to know of the demo's security keys, and
    `demo_login` of its passwords, "" elsewhere.
    """

    outlooks: OutlookService
    plans: PlanService
    enrol: EnrolService
    prove: ProveService
    token_test: TokenTrials
    journal: Journal
    keepsake: Keepsake
    keys: SecurityKeys
    key_enrol: KeyEnrolService
    key_care: KeyCareService
    rack: RackService
    proofs: Proofs
    names: NodeNames
    recover: RecoverService
    realm_test: RealmTestService
    sync: SyncService
    openid: OpenIdService
    clock: Clock
    host: Host | None
    join: JoinService
    pam: PamService
    trust: TrustService
    simulated: bool = False
    demo_key: str = ""
    demo_login: str = ""
    held: tuple[Closing, ...] = ()

    def close(self) -> None:
        """End what was opened for it."""
        for one in self.held:
            one.close()
