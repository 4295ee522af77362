"""The people of the demo cluster who have a story, and its API tokens."""

from __future__ import annotations

from pve_auth_tui.core.userconfig import Token, User

DAY = 86400

LONG_NAME = "svc-prometheus-node-and-blackbox-exporters-of-the-lab-racks@corp"
UMLAUT_NAME = "j\xfcrgen@pve"  # in the file one latin-1 byte, as PVE stores it
HOSTILE_COMMENT = (
    "night shift: [bold red]URGENT[/] [link=https://evil.example]click[/] "
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \u202erap eht ni\u202c 100% zero\u200bwidth\n2nd line"
)


def people(now: float) -> list[User]:
    """Everybody with a part in the stories, tokens included. Times are relative to `now`."""
    today = int(now)
    return [
        _root(),
        *_three_annas(today),
        *_administrators(today),
        *_operators(),
        *_services(today),
        *_traps(today),
    ]


def _root() -> User:
    return User(
        "root@pam",
        email="admin@example.com",
        comment="mail goes to all admins",
        tokens=_tokens(Token("ansible", privsep=False, comment="playbooks on the jump host")),
    )


def _three_annas(today: int) -> list[User]:
    """One person, three users: from the directory, of the node itself, from the IdP."""
    return [
        User(
            "anna.admin@corp",
            firstname="Anna",
            lastname="Admin",
            email="anna@example.com",
            tokens=_tokens(
                Token("ci", expire=today - 144 * DAY, comment="was for the summer migration")
            ),
        ),
        User("anna@pam", firstname="Anna", lastname="A.", email="anna@example.com"),
        User("anna@entra", firstname="Anna", lastname="A.", email="anna@example.com"),
    ]


def _administrators(today: int) -> list[User]:
    return [
        User(
            "backup-admin@pve",
            expire=today + 12 * DAY,
            comment="second way in; password in the safe",
        ),
        User(
            "old-admin@pve",
            expire=today - 200 * DAY,
            comment="left the company",
        ),
        User("erik@pve", firstname="Erik", lastname="Lund", email="erik@example.com"),
        User("nina@pve", firstname="Nina", lastname="Roth", email="nina@example.com"),
        User(
            "carl@corp",
            firstname="Carl",
            lastname="Berg",
            email="carl@example.com",
            tokens=_tokens(Token("laptop", comment="pvesh from home")),
        ),
        User("dora@corp", firstname="Dora", lastname="Stein", email="dora@example.com"),
        User("frank@corp", firstname="Frank", lastname="Weiss", email="frank@example.com"),
        User(
            "bob.admin@corp",
            enable=False,
            firstname="Bob",
            lastname="Meyer",
            email="bob.meyer@example.com",
            comment="on leave",
            tokens=_tokens(Token("migrate", privsep=False, comment="storage move")),
        ),
    ]


def _operators() -> list[User]:
    return [
        User(
            "olga@corp",
            firstname="Olga",
            lastname="Wirth",
            email="olga@example.com",
            tokens=_tokens(Token("scripts", comment="start and stop from cron")),
        ),
        User("otto@corp", firstname="Otto", lastname="Kranz", email="otto@example.com"),
        User("omar@corp", firstname="Omar", lastname="Said", email="omar@example.com"),
        User("carol@corp", firstname="Carol", lastname="Young", email="carol@example.com"),
        User("bob@pve", firstname="Bob", comment="external, one VM only"),
        User("helpdesk@pve", comment="resets passwords", email="helpdesk@example.com"),
        User("paul@pam", firstname="Paul", lastname="Novak", email="paul@example.com"),
        User("lena@pve", firstname="Lena", lastname="Fuchs", email="lena@example.com"),
        User("yuri@pve", firstname="Yuri", lastname="Orlov", email="yuri@example.com"),
    ]


def _services(today: int) -> list[User]:
    return [
        User(
            "mon@pve",
            comment="monitoring",
            tokens=_tokens(
                Token("grafana", comment="dashboards"),
                Token("zabbix", privsep=False),
            ),
        ),
        User(
            "backup@pve",
            comment="Proxmox Backup Server",
            tokens=_tokens(Token("pbs", expire=today + 9 * DAY, comment="nightly backups")),
        ),
        User("ci@pve", comment="builds", tokens=_tokens(Token("runner"))),
        User(
            "netbox@pve",
            comment="inventory",
            tokens=_tokens(Token("import"), Token("sync", expire=today + 80 * DAY)),
        ),
        User(
            "terraform@pve",
            tokens=_tokens(Token("plan", comment="reads only"), Token("apply", privsep=False)),
        ),
        User("packer@pve", tokens=_tokens(Token("build", expire=today + 300 * DAY))),
    ]


def _traps(today: int) -> list[User]:
    """Names and comments that trip up programs and people."""
    return [
        User(
            "Carl@corp",
            firstname="Carl",
            lastname="Berg",
            comment="typed with a capital letter once",
        ),
        User("admin@x.org@entra", firstname="Xenia", lastname="Org", email="admin@x.org"),
        User(UMLAUT_NAME, firstname="J\xfcrgen", lastname="M\xfcller", email="jm@example.com"),
        User(LONG_NAME, comment="64 characters, PVE's limit"),
        User("mallory@pve", firstname="[b]Mallory", comment=HOSTILE_COMMENT),
        User("hans@old", firstname="Hans", lastname="Alt", comment="realm has no server any more"),
        User("inge@old", enable=False, expire=today - 700 * DAY),
    ]


def _tokens(*tokens: Token) -> dict[str, Token]:
    return {token.id: token for token in tokens}
