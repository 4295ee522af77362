"""What is known of each provider: what is asked, how its issuer looks, what its claims are.

From the providers' documents and the how-tos, corrected where PVE does otherwise (reference 13).
None of the products was asked itself, but for the shapes that the lab's provider imitates: `tried`
says so, and every list of steps ends with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

ID: Final = "client-id"


class Question(NamedTuple):
    """Something that only the admin knows. `name` stands in `issuer` and in steps, in braces.

    `find`: what it may be, as an expression; `usual`: taken where nothing is typed.
    """

    name: str
    label: str
    example: str
    find: str
    usual: str = ""
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Preset:
    """`issuer`: its form; `slash`: the rule about its end, in a sentence. `options`: PVE's names.

    `group_names`: what comes as groups; `about`: sentences to know before; `steps`: to do at the
    provider, where `{uris}` is a line for each redirect URI.
    """

    name: str
    title: str
    questions: tuple[Question, ...]
    issuer: str
    slash: str
    options: Mapping[str, str]
    group_names: str
    steps: tuple[str, ...]
    about: tuple[str, ...] = ()
    tried: str = ""
    opaque: bool = field(default=True)


_HOST: Final = r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?(?::[0-9]{1,5})?"
_WORD: Final = r"[A-Za-z0-9._~-]{1,128}"
_HOST_OF: Final = Question("host", "Host of the provider", "idm.example.com", _HOST)
_NO_SLASH: Final = "No slash at its end."
_NO_PATH: Final = "The bare address: no path, no slash at its end."
_EXACT: Final = "Redirect URIs, exactly so, one for each address that people open:"
_PREFERRED: Final = {"scopes": "email profile", "username-claim": "preferred_username"}
_GROUPS: Final = {"groups-claim": "groups", "groups-autocreate": "1", "groups-overwrite": "1"}
_WANTED_GROUPS: Final = {**_GROUPS, "groups-autocreate": "0"}
_USERS: Final = {"autocreate": "1"}
_LAB: Final = (
    "not tried with a real {title}: the shape of its issuer and claims was, with a provider of"
    " our own that imitates it"
)
_UNTRIED: Final = "not tried with a real {title}: from its documents"

PRESETS: Final[tuple[Preset, ...]] = (
    Preset(
        name="entra",
        title="Microsoft Entra ID",
        questions=(
            Question(
                "tenant",
                "Directory (tenant) ID",
                "6f0c2a51-1b2c-4d3e-8f90-0123456789ab",
                r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
            ),
        ),
        issuer="https://login.microsoftonline.com/{tenant}/v2.0",
        slash=_NO_SLASH,
        options={**_PREFERRED, **_USERS, **_WANTED_GROUPS},
        group_names="Object IDs: a PVE group is called GUID-{realm}, such as"
        " 0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0-{realm}. Make the few that you need by hand.",
        steps=(
            "App registrations, New registration: this organizational directory only.",
            "Authentication, Add a platform, Web (not Single-page application).",
            _EXACT,
            "{uris}",
            "Certificates & secrets, New client secret: copy its Value, not its Secret ID. It ends"
            " after 6 to 24 months: note the day.",
            "API permissions: openid, email and profile of Microsoft Graph, delegated; then grant"
            " admin consent. offline_access is not needed.",
            "Token configuration, Add groups claim: Security groups, Group ID, in the ID token."
            " Rather choose Groups assigned to the application: with more than 200 groups Entra"
            " sends none at all.",
            "Enterprise applications, Properties: Assignment required, Yes; then assign who may"
            " log in. Otherwise everybody of the tenant gets a user in PVE.",
            "Enforce MFA there: PVE asks users of OpenID realms for no second factor.",
        ),
        about=(
            "Users are called like ann@contoso.com@{realm}: preferred_username is the UPN, and an"
            " admin of the tenant can change it.",
            "sub, the default of PVE, is a string without meaning that differs from application to"
            " application. The Username Claim cannot be changed later.",
            "common, organizations and consumers are no issuers for PVE: it needs one tenant's.",
        ),
        tried=_LAB,
    ),
    Preset(
        name="authentik",
        title="authentik",
        questions=(
            _HOST_OF._replace(example="authentik.example.com"),
            Question("slug", "Slug of the application", "proxmox", _WORD, "proxmox"),
        ),
        issuer="https://{host}/application/o/{slug}/",
        slash="With the slash at its end: it is a part of the issuer.",
        options={**_PREFERRED, **_USERS, **_GROUPS},
        group_names="Names, such as ops: a PVE group is called ops-{realm}. Names with blanks"
        " (authentik Admins) are skipped by PVE.",
        steps=(
            "Applications, Create with Provider: OAuth2/OpenID Provider. Slug: {slug}.",
            "Client type: Confidential. Copy Client ID and Client Secret.",
            f"{_EXACT[:-1]} (Strict):",
            "{uris}",
            "Signing Key: choose one. Without it nobody can log in (Failed to parse server"
            " response). Encryption Key: leave it empty.",
            "Scopes: openid, email and profile; profile brings groups as a list.",
            "Bindings of the application: who may log in.",
        ),
        about=(
            "Username Claim `username` of authentik's own guide is no claim: PVE takes"
            " preferred_username then. It stands here by its name.",
            "Roles for groups are better than for each user: groups come since PVE 8.4.",
        ),
        tried=_LAB,
    ),
    Preset(
        name="kanidm",
        title="Kanidm",
        questions=(
            _HOST_OF,
            Question("client", "Name of the OAuth2 client", "proxmox", _WORD, "proxmox"),
            Question("group", "Group that may log in", "proxmox_users", _WORD, "proxmox_users"),
        ),
        issuer="https://{host}/oauth2/openid/{client}",
        slash=_NO_SLASH,
        options={**_PREFERRED, **_USERS, **_GROUPS, "groups-claim": "proxmox_role"},
        group_names="What the claim map sends: with `admin` and `user` the PVE groups are"
        " admin-{realm} and user-{realm}. Kanidm's own claim groups has names with @, which PVE"
        " skips.",
        steps=(
            "kanidm system oauth2 create {client} Proxmox {first}",
            "{uri_commands}",
            "kanidm group create {group}",
            "kanidm group add-members {group} PERSON",
            "kanidm system oauth2 update-scope-map {client} {group} openid email profile",
            "kanidm system oauth2 update-claim-map-join {client} proxmox_role array",
            "kanidm system oauth2 update-claim-map {client} proxmox_role {group} user",
            "kanidm system oauth2 prefer-short-username {client}",
            "kanidm system oauth2 show-basic-secret {client}",
        ),
        about=(
            "The Client ID is the client's name: {client}.",
            "Without prefer-short-username users are called like ann@idm.example.com@{realm}.",
            "Groups by a claim work since PVE 8.4: older guides say that they do not.",
            "`openid` among the scopes of the realm changes nothing: PVE always asks for it.",
        ),
        tried=_LAB,
    ),
    Preset(
        name="keycloak",
        title="Keycloak",
        questions=(
            _HOST_OF._replace(example="sso.example.com"),
            Question("name", "Keycloak's realm", "lab", _WORD),
        ),
        issuer="https://{host}/realms/{name}",
        slash=f"{_NO_SLASH} Before Keycloak 17 it is /auth/realms/{{name}}.",
        options={**_PREFERRED, **_USERS, **_GROUPS},
        group_names="Names, such as ops: a PVE group is called ops-{realm}. With Full group path"
        " they begin with a slash, and PVE skips them all.",
        steps=(
            "Realm {name}, Clients, Create client: OpenID Connect. Client authentication: On."
            " Standard flow only.",
            "Valid redirect URIs, exactly so, without a star, one for each address that people"
            " open:",
            "{uris}",
            "Credentials: copy the Client Secret.",
            "Client scopes, CLIENT-dedicated, Add mapper, Group Membership: Token Claim Name"
            " groups, Full group path Off, Add to ID token On.",
        ),
        tried=_LAB,
    ),
    Preset(
        name="authelia",
        title="Authelia",
        questions=(_HOST_OF._replace(example="auth.example.com"),),
        issuer="https://{host}",
        slash=_NO_PATH,
        options={**_PREFERRED, **_USERS, **_GROUPS, "scopes": "email profile groups"},
        group_names="Names, such as ops: a PVE group is called ops-{realm}.",
        steps=(
            "authelia crypto hash generate pbkdf2 --variant sha512 --random",
            "In configuration.yml, identity_providers, oidc, clients, a client with:",
            "client_id: what you type as Client ID; client_secret: the digest of that command;"
            " PVE gets the random password itself",
            "authorization_policy: two_factor; consent_mode: implicit",
            "scopes: openid, profile, email, groups; response_types: code; grant_types:"
            " authorization_code",
            "token_endpoint_auth_method: client_secret_basic (PVE sends no other)",
            "redirect_uris, exactly so, one for each address that people open:",
            "{uris}",
        ),
        about=(
            "Since Authelia 4.39 names and groups come by userinfo only: leave query-userinfo on.",
        ),
        tried=_UNTRIED,
    ),
    Preset(
        name="zitadel",
        title="Zitadel",
        questions=(
            _HOST_OF._replace(example="example.zitadel.cloud"),
            Question("project", "Project ID", "254321098765432109", r"[0-9]{6,24}"),
        ),
        issuer="https://{host}",
        slash=_NO_PATH,
        options={**_PREFERRED, **_USERS, "audiences": "{project}"},
        group_names="None by itself: its roles come as an object, and PVE wants a list. An Action"
        " can add a list; then set groups-claim to its name.",
        steps=(
            "A project for PVE alone; in it New application: Web, then Code (client secret,"
            " Basic).",
            _EXACT,
            "{uris}",
            "Copy Client ID and Client Secret.",
            "Token Settings: User Info inside ID Token, on.",
        ),
        about=(
            "Its tokens are for all applications of the project and for the project itself. PVE"
            " refuses that unless the realm's Audiences name each of them (since"
            " libpve-access-control 9.1.1): with another application in the project, its Client ID,"
            " too.",
        ),
        tried=_UNTRIED,
    ),
    Preset(
        name="pocket-id",
        title="Pocket ID",
        questions=(_HOST_OF._replace(example="id.example.com"),),
        issuer="https://{host}",
        slash=_NO_PATH,
        options={**_PREFERRED, **_USERS, **_GROUPS, "scopes": "email profile groups"},
        group_names="Names of groups, such as ops: a PVE group is called ops-{realm}.",
        steps=(
            "OIDC Clients, Add OIDC Client.",
            "Callback URLs, exactly so, one for each address that people open:",
            "{uris}",
            "Copy Client ID and Client Secret.",
            "Allowed User Groups: who may log in.",
            "The node itself has to reach {host}, not only the browser (Failed to contact token"
            " endpoint).",
        ),
        tried=_UNTRIED,
    ),
    Preset(
        name="google",
        title="Google",
        questions=(),
        issuer="https://accounts.google.com",
        slash=_NO_PATH,
        options={"scopes": "email profile", "username-claim": "email", **_USERS},
        group_names="None: Google sends no groups. Give roles to users.",
        steps=(
            "Google Cloud console, OAuth consent screen: Internal. With External anybody who has a"
            " Google account gets a user in PVE.",
            "Credentials, Create credentials, OAuth client ID: Web application.",
            "Authorized redirect URIs, exactly so, one for each address that people open:",
            "{public_uris}",
            "Copy Client ID and Client secret.",
        ),
        about=(
            "Users are called like ann@example.com@{realm}.",
            "Google takes names of public domains only: no addresses, no names like pve1.lan.",
        ),
        tried=_UNTRIED,
    ),
    Preset(
        name="okta",
        title="Okta",
        questions=(
            _HOST_OF._replace(example="example.okta.com"),
            Question(
                "server", "Authorization server", "default", _WORD, needed=False
            ),
        ),
        issuer="https://{host}",
        slash=f"{_NO_SLASH} With a custom authorization server it is https://{{host}}/oauth2/NAME.",
        options={**_PREFERRED, **_USERS, **_WANTED_GROUPS, "scopes": "email profile groups"},
        group_names="Names that its filter lets through: a PVE group is called NAME-{realm}. Names"
        " with blanks are skipped by PVE.",
        steps=(
            "Applications, Create App Integration: OIDC, Web Application. Authorization Code only.",
            "Sign-in redirect URIs, exactly so, one for each address that people open:",
            "{uris}",
            "Client authentication: Client secret. Copy both.",
            "Assignments: who may log in.",
            "Sign On, OpenID Connect ID Token: Groups claim type Filter, name groups, with a filter"
            " that fits few groups.",
            "With a custom authorization server instead: Security, API, that server: a scope groups"
            " (Scopes), and a claim groups (Claims: ID Token, Always, Groups, such a filter).",
        ),
        about=(
            "Groups come only where the scope groups is asked for. A custom authorization server"
            " that has no such scope refuses the login (invalid_scope).",
        ),
        tried=_UNTRIED,
    ),
    Preset(
        name="adfs",
        title="AD FS",
        questions=(_HOST_OF._replace(example="adfs.example.com"),),
        issuer="https://{host}/adfs",
        slash=_NO_SLASH,
        options={
            "scopes": "email profile allatclaims",
            "username-claim": "upn",
            "query-userinfo": "0",
            **_USERS,
            **_WANTED_GROUPS,
        },
        group_names="What the claim rule sends: Token-Groups, Unqualified Names gives ops, and"
        " ops-{realm} in PVE. Names with a domain in front have a backslash and are skipped."
        " Somebody in one group only gets a text instead of a list, which PVE does not take.",
        steps=(
            "AD FS Management, Application Groups, Add: Server application accessing a web API.",
            _EXACT,
            "{uris}",
            "Generate a shared secret, and copy it with the Client Identifier.",
            "Web API, Identifier: the Client Identifier itself. Otherwise its claims are not in the"
            " ID token.",
            "Client Permissions: openid, email, profile, allatclaims.",
            "Issuance Transform Rules: UPN to upn, and Token-Groups (Unqualified Names) to groups.",
        ),
        about=(
            "Its userinfo holds sub alone, or refuses: PVE does not ask it (query-userinfo 0, since"
            " PVE 8.4). Before that PVE always asks, and cannot be told not to.",
        ),
        tried=_UNTRIED,
    ),
    Preset(
        name="generic",
        title="OpenID Connect",
        questions=(
            Question(
                "issuer", "Issuer URL", "https://idp.example.com/realm", r"https?://[\x21-\x7e]+"
            ),
        ),
        issuer="{issuer}",
        slash="As the discovery document says it, with or without a slash at its end.",
        options={**_PREFERRED, **_USERS},
        group_names="None yet: set groups-claim to the name of a claim that is a list of names.",
        steps=(
            "A confidential client for the authorization code flow; PKCE with S256 is allowed.",
            _EXACT,
            "{uris}",
            "The client's secret is sent by client_secret_basic.",
            "ID tokens signed with RS256 or ES256, not encrypted, their audience the client ID"
            " alone.",
            "Copy Client ID and Client Secret.",
        ),
        about=(
            "Paste a token or the userinfo of somebody to see what users and groups would be"
            " called.",
        ),
        tried="nothing is known of it beforehand: probe it",
        opaque=False,
    ),
)  # fmt: skip
