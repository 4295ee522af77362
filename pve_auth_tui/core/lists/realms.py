"""Datacenter, Permissions, Realms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.listing import Column, Line, Listing, Row, View
from pve_auth_tui.core.lists.parts import GONE, argument, last_run, look, sync_jobs
from pve_auth_tui.core.logins import DEMANDS, demanded, kept_out_by
from pve_auth_tui.core.memo import remembered
from pve_auth_tui.core.realmrisks import DIRECTORIES, TYPES, is_on, mode_name, risks, servers
from pve_auth_tui.core.snapshot import Snapshot, SyncJob
from pve_auth_tui.core.userconfig import UserConfig
from pve_auth_tui.core.words import ago, count_words, listed, thousands, yes_no

_COLUMNS = (
    Column("Realm", 9, grow=True),
    Column("Type", 6),
    Column("TFA", 6),
    Column("Comment", 20, grow=True),
    Column("Default", 7),
    Column("Users", 6),
    Column("Synced", 9),
)
_VIEWS = (
    View("to look at", "look:yes"),
    View("directories", "sync:yes"),
    View("OpenID", "type:openid"),
    View("requiring a second factor", "-tfa:none"),
)
_FIELDS = ("realm", "type", "tfa", "comment", "default", "sync", "look")


def _rows(snapshot: Snapshot, now: float) -> Sequence[Row]:
    domains = snapshot.realms.value
    if domains is None:
        return ()
    users = _users_by_realm(snapshot.access.value)
    rows = []
    for realm in domains.realms.values():
        number = users.get(realm.name, 0)
        last = last_run(snapshot, realm.name)
        directory = realm.type in DIRECTORIES
        tfa = demanded(realm)
        cells = (
            realm.name,
            realm.type or "?",
            tfa or "-",
            realm.comment or "",
            "yes" if realm.default else "-",
            thousands(number),
            ago(last, now) if last else "never" if directory else "-",
        )
        failed = any(job.last_result for job in sync_jobs(snapshot, realm.name))
        fields = {
            "realm": realm.name.casefold(),
            "type": cells[1],
            "tfa": tfa or "none",
            "comment": cells[3].casefold(),
            "default": yes_no(realm.default),
            "sync": yes_no(directory),
            "look": look(failed or risks(realm)),
        }
        rows.append(Row(realm.name, cells, fields, (*cells[:5], number, float(last or 0))))
    return rows


def _users_by_realm(config: UserConfig | None) -> Counter[str]:
    return _counted(config) if config else Counter()


@remembered
def _counted(config: UserConfig) -> Counter[str]:
    return Counter(user.realm for user in config.users.values())


def _details(snapshot: Snapshot, key: str, now: float) -> Sequence[Line]:
    domains = snapshot.realms.value
    realm = domains.realms.get(key) if domains else None
    if realm is None:
        return GONE
    lines = [Line(f"{text}.", "Risk", "LOOK") for text in risks(realm)]
    if realm.type in DIRECTORIES:
        lines += _directory_lines(snapshot, realm, now)
    elif realm.type == "openid":
        lines += _openid_lines(realm)
    elif realm.type == "pam":
        lines.append(Line("users of this node's Linux; passwords are each node's own", "Login"))
    elif realm.type == "pve":
        lines.append(Line("passwords in the cluster's own priv/shadow.cfg", "Login"))
    lines += _tfa_lines(snapshot, realm, now)
    number = _users_by_realm(snapshot.access.value).get(key, 0)
    lines.append(Line(count_words(number, "user", "users"), "Users"))
    if realm.default:
        lines.append(Line("chosen when the login page opens", "Default"))
    if realm.comment:
        lines.append(Line(realm.comment, "Comment"))
    return lines


def _directory_lines(snapshot: Snapshot, realm: Realm, now: float) -> list[Line]:
    options = realm.options
    verified = "certificate verified" if is_on(realm, "verify") else "certificate not verified"
    base = options.get("base_dn", "as the server says")
    bind = options.get("bind_dn", "anonymous")
    return [
        Line(servers(realm), "Servers"),
        Line(f"{mode_name(realm)}, {verified}", "Mode"),
        Line(f"{base}, as {bind}", "Base"),
        *_job_lines(snapshot, realm, now),
    ]


def _job_lines(snapshot: Snapshot, realm: Realm, now: float) -> list[Line]:
    jobs = sync_jobs(snapshot, realm.name)
    if snapshot.jobs.value is None:
        return [Line(snapshot.jobs.problem or "not known", "Sync", "-")]
    if not jobs:
        return [Line("no sync job", "Sync")]
    return [_job_line(job, now) for job in jobs]


def _job_line(job: SyncJob, now: float) -> Line:
    schedule = job.options.get("schedule", "no schedule")
    off = ", switched off" if job.options.get("enabled") == "0" else ""
    ran = f"ran {ago(job.last_run, now)}" if job.last_run else "has not run yet"
    text = f"job {job.id} ({schedule}{off}) {ran}"
    if job.last_result:
        return Line(f"{text}: {job.last_result}", "Sync", "LOOK")
    return Line(text, "Sync")


def _openid_lines(realm: Realm) -> list[Line]:
    options = realm.options
    key = "with a client key (hidden)" if options.get("client-key") else "without client key"
    claim = options.get("username-claim", "subject")
    created = "created at first login" if is_on(realm, "autocreate") else "must exist already"
    lines = [
        Line(options.get("issuer-url", "none"), "Issuer"),
        Line(f"{options.get('client-id', 'none')}, {key}", "Client"),
        Line(f"from claim {claim}, {created}", "Names"),
    ]
    if groups := options.get("groups-claim"):
        extra = [
            words
            for option, words in (
                ("groups-autocreate", "missing ones are created"),
                ("groups-overwrite", "others are taken away at login"),
            )
            if is_on(realm, option)
        ]
        lines.append(Line(", ".join([f"from claim {groups}", *extra]), "Groups"))
    return lines


def _tfa_lines(snapshot: Snapshot, realm: Realm, now: float) -> list[Line]:
    if realm.type == "openid":
        return [Line("asked by the provider; PVE's own are never asked for here", "TFA")]
    demand = demanded(realm)
    if not demand:
        return []
    takes = DEMANDS[demand]
    lines = [Line(f"everybody needs {takes} or a recovery key; WebAuthn is refused", "TFA")]
    out = kept_out_by(snapshot, realm, now)
    if out:
        lines.append(Line(f"{listed(out)} cannot log in without it", "TFA", "BAD"))
    return lines


def _heading(snapshot: Snapshot, key: str) -> str:
    domains = snapshot.realms.value
    realm = domains.realms.get(key) if domains else None
    kind = TYPES.get(realm.type or "", realm.type) if realm else None
    return f"{key} ({kind})" if kind else key


def _commands(key: str) -> Sequence[str]:
    return ("pveum realm list", f"pvesh get /access/domains/{argument(key)}")


REALMS = Listing(
    name="realms",
    title="Realms",
    noun=("realm", "realms"),
    part="realms",
    columns=_COLUMNS,
    views=_VIEWS,
    rows=_rows,
    details=_details,
    heading=_heading,
    fields=_FIELDS,
    commands=_commands,
)
