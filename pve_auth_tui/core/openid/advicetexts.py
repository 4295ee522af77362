"""Every cause in words: what it is, what it means now, and what to do, best first.

Names in braces are filled in by `core.openid.advice`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pve_auth_tui.core.openid.causes import Cause

_NOBODY: Final = "Nobody of this realm can log in."
_CA: Final = "PVE trusts the node's system store alone: this realm has no option for a CA."
_TO_STORE: Final = (
    "put its CA as one PEM file NAME.crt into /usr/local/share/ca-certificates of every node,"
    " and run update-ca-certificates"
)
_NO_STORE: Final = "it is no realm option; TLS is never left unchecked"
_TRY_FROM_NODE: Final = "on the node: curl -v {issuer}"
_FIREWALL: Final = "let the node itself reach {host}: the browser's way is not enough"
_AT_PROVIDER: Final = "look at the client {client} at the provider"
_REGISTER: Final = "at the provider, register exactly {redirect}: no slash, no path"
_OTHERS: Final = "every node name, VIP and port that people use needs its own URI there"
_LOG: Final = "read the provider's log of that minute: it tells more than it answers"

TEXTS: Final[Mapping[Cause, tuple[str, ...]]] = {
    Cause.NO_ISSUER: ("There is no Issuer URL.", _NOBODY, "copy it from the provider"),
    Cause.ISSUER_MALFORMED: (
        "That is no issuer: it is https://, a name, and perhaps a path.",
        "PVE cannot ask it.",
        'copy the value of "issuer" from the provider\'s discovery document',
    ),
    Cause.ISSUER_TOO_LONG: ("PVE takes at most 256 characters.", "PVE would refuse the realm."),
    Cause.ISSUER_IS_DOCUMENT: (
        "That is the address of the discovery document, not the issuer.",
        "PVE would look for the document below it, and find nothing.",
    ),
    Cause.NOT_HTTPS: (
        "The issuer is asked without TLS.",
        "Whoever is on the way can answer in its place, and become anybody of this realm.",
        "agree to ask it so for this run; nothing is sent before",
    ),
    Cause.NAME_UNKNOWN: (
        "This node does not find the name {host}.",
        _NOBODY,
        "on the node: getent hosts {host}",
        "a provider that is known inside only needs a name in the node's DNS or /etc/hosts",
    ),
    Cause.DNS_SILENT: (
        "The node's DNS servers do not answer.",
        _NOBODY,
        "on the node: cat /etc/resolv.conf, and ask each of them",
    ),
    Cause.LOCAL_ADDRESS: (
        "An address of the provider leads to this machine itself, or to a link-local one.",
        "It was not asked: only an issuer that is itself there may send us there.",
        "correct the provider's own address, or its name in DNS",
    ),
    Cause.REFUSED: ("{host} refuses the connection.", _NOBODY, "is the provider up?", _FIREWALL),
    Cause.SILENT: ("{host} does not answer in time.", _NOBODY, _FIREWALL, _TRY_FROM_NODE),
    Cause.NO_ROUTE: ("There is no way to {host} from this node.", _NOBODY, _FIREWALL),
    Cause.BROKEN_OFF: (
        "{host} broke the connection off before its answer was whole.",
        _NOBODY,
        _TRY_FROM_NODE,
    ),
    Cause.PROXY_MALFORMED: (
        "http_proxy of the datacenter is no address of a proxy.",
        "PVE asks providers through it.",
        "correct it: Datacenter, Options, HTTP proxy: http://NAME:PORT",
    ),
    Cause.PROXY_UNREACHABLE: (
        "The datacenter's HTTP proxy does not answer.",
        "PVE asks providers through it: nobody of this realm can log in.",
        "correct or remove it: Datacenter, Options, HTTP proxy",
    ),
    Cause.PROXY_REFUSED: (
        "The datacenter's HTTP proxy does not let us through to {host}: {status}.",
        "PVE asks providers through it, and gets the same answer.",
        "let the proxy pass CONNECT to {host}",
        "407 means that it wants a login: http://USER:PASSWORD@NAME:PORT",
    ),
    Cause.PROXY_LOGIN_HIDDEN: (
        "The datacenter's HTTP proxy has a login, which PVE's API does not show.",
        "The provider was not asked from here; PVE itself has the login.",
        "as root on the node: pve-auth-tui oidc-probe REALM reads it from PVE's files",
    ),
    Cause.NO_TLS: (
        "What answers there speaks no TLS.",
        _NOBODY,
        "is the port right? {issuer}",
    ),
    Cause.NO_COMMON_TLS: (
        "The provider offers no version of TLS from 1.2 on that this node knows.",
        _NOBODY,
        "let the provider, or the proxy in front of it, offer TLS 1.2 or 1.3",
    ),
    Cause.CLIENT_CERT_WANTED: (
        "The provider wants a client certificate.",
        "PVE has none for OpenID.",
        "let it ask for none on this address",
    ),
    Cause.CA_UNREADABLE: (
        "The node's own store of CAs cannot be read.",
        "Nothing can be verified.",
        "on the node: update-ca-certificates --fresh",
    ),
    Cause.CERT_UNTRUSTED: (
        "This node does not trust who signed the certificate of {host}.",
        f"{_NOBODY} {_CA}",
        _TO_STORE,
        "if it is a public CA: the provider does not send its intermediate certificate",
    ),
    Cause.CERT_SELF_SIGNED: (
        "The certificate of {host} is signed by itself.",
        f"{_NOBODY} {_CA}",
        "give the provider one of a CA that the node trusts",
        _TO_STORE,
    ),
    Cause.CERT_INCOMPLETE: (
        "{host} does not send its intermediate certificate.",
        "Browsers find it by themselves; PVE does not.",
        "let the provider send its whole chain (fullchain.pem)",
    ),
    Cause.CERT_EXPIRED: (
        "The certificate of {host} has expired.",
        _NOBODY,
        "renew it",
        "if it is new: the clock of this node is wrong (timedatectl)",
    ),
    Cause.CERT_NOT_YET: (
        "The certificate of {host} is not valid yet.",
        _NOBODY,
        "the clock of this node or of the CA is wrong (timedatectl)",
    ),
    Cause.CERT_OTHER_NAME: (
        "The certificate is not for {host}.",
        _NOBODY,
        "use a name that is in it as issuer, if the provider calls itself so",
        "a certificate with {host} among its names",
    ),
    Cause.CERT_WEAK: (
        "The certificate of {host}, or one above it, is too weak for this node.",
        _NOBODY,
        "keys of 2048 bits and SHA-256 are the least that is taken",
    ),
    Cause.CERT_REFUSED: (
        "The certificate of {host} is not in order.",
        _NOBODY,
        "on the node: openssl s_client -connect {host}:443 -verify_hostname {host}",
        _NO_STORE,
    ),
    Cause.CERT_ENDS_SOON: (
        "The certificate of {host} ends in {ends}.",
        "From then on nobody of this realm can log in.",
        "renew it at the provider",
    ),
    Cause.NOT_HTTP: (
        "What answers there does not speak as a web server does.",
        _NOBODY,
        "is the port right? {issuer}",
    ),
    Cause.REDIRECTED: (
        "The document lies elsewhere: {location}.",
        "PVE follows no redirect here.",
        "take the issuer of the place where it lies",
    ),
    Cause.REDIRECTED_AWAY: (
        "The provider sends us to another host: {location}.",
        "We do not follow there, and neither does PVE.",
        "take the issuer of the place where it lies",
    ),
    Cause.REDIRECTED_TOO_OFTEN: (
        "The provider sends us round in circles.",
        _NOBODY,
        "look at the proxy in front of it",
    ),
    Cause.COMPRESSED: (
        "The answer is compressed, though that was not asked for.",
        "It is not unpacked here: nobody knows how large it gets.",
        "let the proxy in front of the provider compress only what a client asks for",
    ),
    Cause.TOO_LARGE: ("The answer is larger than 1 MiB.", "That is no document of a provider."),
    Cause.NOT_FOUND: (
        "There is no discovery document below this issuer.",
        f"{_NOBODY} PVE says: Server returned invalid response.",
        "compare the path with the provider's own: realm, slug, tenant and client name stand in it",
        "Keycloak before 17 has /auth in front of /realms",
    ),
    Cause.STATUS: (
        "The provider answers {status}.",
        _NOBODY,
        _LOG,
        "503 is often a proxy whose provider does not run",
    ),
    Cause.NOT_JSON: (
        "What came is no discovery document.",
        _NOBODY,
        "a page of a proxy or of a login portal is in between: let this path through",
    ),
    Cause.CONTENT_TYPE: (
        "The document is not sent as application/json.",
        "PVE refuses it for that.",
        "correct the proxy in front of the provider",
    ),
    Cause.FIELD_MISSING: (
        "The document lacks {missing}.",
        "PVE says: Failed to parse server response.",
        "this is no complete OpenID provider: OAuth alone is not enough",
    ),
    Cause.SLASH_MISSING: (
        "The issuer ends with a slash, and the realm's Issuer URL does not.",
        "PVE compares character by character: nobody can log in.",
    ),
    Cause.SLASH_TOO_MUCH: (
        "The realm's Issuer URL ends with a slash, and the issuer does not.",
        "PVE compares character by character: nobody can log in.",
    ),
    Cause.ISSUER_TENANT: (
        "That issuer is for the users of any tenant: {told}.",
        "PVE needs the issuer of one tenant; with common or organizations nobody can log in.",
        "at Entra: https://login.microsoftonline.com/TENANT-ID/v2.0, with the tenant's own ID",
    ),
    Cause.ISSUER_INTERNAL: (
        "The provider calls itself {told}, a name of its own network.",
        "A proxy in front of it does not tell it the address that it is asked by.",
        "let the proxy send X-Forwarded-Host, X-Forwarded-Proto and Host, and the provider use it",
        "or set the provider's own public address (Keycloak: hostname, Authelia: session domain)",
    ),
    Cause.ISSUER_HTTP: (
        "The provider calls itself {told}: it does not know that it is asked over https.",
        "A proxy in front of it ends TLS and does not say so.",
        "let the proxy send X-Forwarded-Proto: https, and the provider use it",
    ),
    Cause.ISSUER_OTHER: (
        "The provider calls itself {told}, not {issuer}.",
        "PVE compares character by character: nobody can log in.",
        "if that is another provider or tenant than you meant: correct the address",
    ),
    Cause.CLOCK: (
        "The provider's clock is {clock} of this node's.",
        "Tokens live for minutes: logins fail when one of the clocks is further off.",
        "on the node: chronyc tracking, timedatectl",
        "set the clock of whichever is wrong",
    ),
    Cause.ENDPOINT_MISSING: (
        "The document names no address for a part of the login.",
        _NOBODY,
        "this is no complete OpenID provider",
    ),
    Cause.ENDPOINT_NOT_HTTPS: (
        "An address of the login is not https.",
        "Codes and the client secret would cross the network in clear.",
        "let the proxy send X-Forwarded-Proto: https, and the provider use it",
    ),
    Cause.ENDPOINT_ELSEWHERE: (
        "Some addresses are at another host than the issuer.",
        "Entra, Google and others do that. The node has to reach those hosts, too.",
    ),
    Cause.NO_USERINFO: (
        "The provider has no userinfo, and PVE would ask for it.",
        "The login fails after the person has logged in at the provider.",
    ),
    Cause.NO_CODE_FLOW: (
        "The provider does not announce the authorization code flow.",
        "PVE knows no other.",
        "allow response type code and grant authorization_code for the client",
    ),
    Cause.NO_ALGORITHM: (
        "The provider signs with {algorithms}, which PVE does not know.",
        "Every login fails at the end.",
        "let it sign with RS256 or ES256",
    ),
    Cause.SHARED_SECRET_ONLY: (
        "The provider has no signing key: it would sign with the client secret.",
        "PVE then says: Failed to parse server response, or that no key fits.",
        "in authentik: the provider's Signing Key, choose one; Encryption Key stays empty",
        "elsewhere: choose RS256 or ES256 for ID tokens",
    ),
    Cause.KEYS_UNREACHABLE: (
        "The provider's keys cannot be fetched.",
        "PVE fetches them for each login: nobody can log in.",
        "let the node reach the address of jwks_uri",
    ),
    Cause.NO_KEYS: (
        "The provider shows no keys.",
        "PVE says: Failed to parse server response. Nobody can log in.",
        "in authentik: the provider's Signing Key, choose one; Encryption Key stays empty",
        "elsewhere: give the client a key to sign ID tokens with",
    ),
    Cause.ENCRYPTION_KEYS_ONLY: (
        "The provider's keys are for encryption, none is for signatures.",
        "PVE cannot read encrypted tokens, and cannot check unsigned ones.",
        "in authentik: choose a Signing Key, and no Encryption Key",
    ),
    Cause.KEYS_DO_NOT_FIT: (
        "The provider announces {algorithms}, and has no key for any that PVE knows.",
        "Every login fails at the end.",
        "choose RS256 with an RSA key, or ES256 with a P-256 key",
    ),
    Cause.KEYS_AMBIGUOUS: (
        "Several keys of one kind, and not all have a name (kid).",
        "PVE refuses a token when more than one key could have signed it.",
        "remove old keys, or let the provider name them",
    ),
    Cause.KEY_SHORT: (
        "An RSA key has fewer than 2048 bits.",
        "Some versions of PVE refuse signatures of it.",
        "give the provider a key of 2048 bits or more",
    ),
    Cause.SCOPES_NOT_ANNOUNCED: (
        "The provider does not announce: {scopes}.",
        "Some give it all the same; others refuse the login (invalid_scope).",
    ),
    Cause.CLAIM_NOT_ANNOUNCED: (
        "The provider does not announce the claim {claim}, of which the user's name is made.",
        "Providers leave some out. If it is not sent: missing configured claim, and no login.",
        "paste a token or the userinfo of somebody: that shows what is really sent",
        "username-claim cannot be changed later: the realm is made anew for it",
    ),
    Cause.CLAIM_OPAQUE: (
        "Names of users are made of sub, which at most providers is a string without meaning.",
        "username-claim cannot be changed later: users would get new IDs.",
        "choose preferred_username or email when the realm is made",
    ),
    Cause.GROUPS_NOT_ANNOUNCED: (
        "The provider does not announce the claim {groups}.",
        "Providers leave some out. If it is not sent, nobody joins a group; logins work.",
        "paste a token or the userinfo of somebody: that shows what is really sent",
    ),
    Cause.CLIENT_UNKNOWN: (
        "The provider does not know the client ID {client}.",
        _NOBODY,
        "compare it with the provider's, character by character; it is not its title",
        "is it the right realm, tenant or application of the provider?",
    ),
    Cause.REDIRECT_REFUSED: (
        "The provider does not take the redirect URI {redirect}.",
        "Whoever opens the web interface by that name cannot log in.",
        _REGISTER,
        _OTHERS,
    ),
    Cause.SCOPE_REFUSED: (
        "The provider refuses a scope for this client.",
        _NOBODY,
        _AT_PROVIDER,
    ),
    Cause.CLIENT_NOT_ALLOWED: (
        "The provider does not allow this client the code flow.",
        _NOBODY,
        _AT_PROVIDER,
    ),
    Cause.AUTHORIZE_REFUSED: (
        "The provider refuses to begin a login: {status}.",
        _NOBODY,
        _AT_PROVIDER,
        _LOG,
    ),
    Cause.NOT_DECIDED: (
        "The provider answers with a page. It is not a refusal that we know.",
        "That can be its login page, or a page with an error: Entra answers like that.",
        "try a whole login: it decides it",
        "open the address in a browser and look",
    ),
    Cause.PKCE_NOT_S256: (
        "The provider takes no PKCE with S256.",
        "PVE always sends it: every login fails.",
        "allow S256 for this client",
    ),
    Cause.PKCE_REFUSED: (
        "The provider refuses the PKCE challenge.",
        "PVE always sends one, S256: every login fails.",
        "allow S256 for this client",
    ),
    Cause.SECRET_METHOD: (
        "The provider refuses the client, and does not announce client_secret_basic.",
        "PVE sends the secret that way (HTTP Basic) and no other.",
        "allow client_secret_basic for this client",
        "if it is allowed: the secret is wrong",
    ),
    Cause.SECRET_WRONG: (
        "The provider refuses the client ID or its secret.",
        "People log in at the provider, and then PVE says: authentication failure.",
        "copy the secret again: its value, not its ID, without blanks",
        "secrets end: at Entra after 6 to 24 months",
        "a client that is public at the provider has no secret: remove Client Key",
    ),
    Cause.SECRET_MISSING: (
        "The provider wants a secret of this client, and the realm has none.",
        "People log in at the provider, and then PVE says: authentication failure.",
        "set Client Key",
        "or make the client a public one, with PKCE",
    ),
    Cause.SECRET_NOT_DECIDED: (
        "The provider's answer does not tell whether the secret is right.",
        "It refused the made-up code before it looked at the secret, or for something else.",
        "try a whole login: it decides it",
        _LOG,
    ),
    Cause.TOKEN_ELSEWHERE: (
        "The token endpoint is at another host than the issuer: {token}.",
        "The secret was not sent: the document alone is no reason to trust that host.",
        "confirm that host by its name, if it belongs to the provider",
    ),
    Cause.PVE_NO_REALM: (
        "PVE has no such OpenID realm.",
        "It can be asked only when the realm is saved.",
    ),
    Cause.PVE_ISSUER: (
        "PVE refuses the provider: {pve}",
        "The Issuer URL differs from what the provider calls itself.",
    ),
    Cause.PVE_CERTIFICATE: (
        "PVE does not trust the provider's certificate: {pve}",
        _CA,
        _TO_STORE,
        "PVE 9.0 first had proxmox-openid 1.0.0 and 1.0.1, with another store: update",
    ),
    Cause.PVE_UNREACHABLE: (
        "PVE does not reach the provider: {pve}",
        _NOBODY,
        "if we reach it and PVE does not: look at http_proxy of the datacenter, and at IPv6",
        "PVE 9.0 first had proxmox-openid 1.0.0 and 1.0.1, with errors in that: update",
    ),
    Cause.PVE_STATUS: (
        "The provider answers PVE with an error: {pve}",
        _NOBODY,
        "compare the path of the issuer",
    ),
    Cause.PVE_PARSE: (
        "PVE cannot read what the provider sends: {pve}",
        "Mostly the set of keys is empty, or a field is missing.",
        "in authentik: the provider's Signing Key, choose one",
    ),
    Cause.PVE_REFUSED: ("PVE makes no URL for a login: {pve}", _NOBODY),
    Cause.PVE_OTHER_URL: (
        "The URL that PVE makes differs from what was asked here: {differs}.",
        "What was tested is not what people get.",
        "save the realm first, or test it as PVE has it",
    ),
    Cause.NO_ADDRESS: (
        "That is no address of a way back.",
        "It has code= and state= in it.",
        "copy the whole address from the browser after the login",
    ),
    Cause.OTHER_ADDRESS: (
        "That address does not begin with {redirect}.",
        "The login was begun for another one.",
        "begin again, and open the new address",
    ),
    Cause.STATE_OTHER: (
        "That way back belongs to another login.",
        "Its state is not the one that PVE gave out just now. Nothing was sent.",
        "begin again, and paste what comes of it",
    ),
    Cause.NO_CODE: ("There is no code in it.", "The provider sent nobody back with one."),
    Cause.CODE_TOO_LONG: (
        "The code or the state is longer than PVE takes (4096 and 1024 characters).",
        "No login with this provider can work.",
        "let the provider use shorter codes",
    ),
    Cause.LOGIN_CANCELLED: (
        "The provider says that the login was not allowed (access_denied).",
        "Somebody cancelled it, or the account is not assigned to this application.",
        "assign the person or their group to the application at the provider",
    ),
    Cause.LOGIN_NOT_GRANTED: (
        "The provider wants a consent that nobody gave.",
        _NOBODY,
        "let an administrator of the provider consent for everybody",
    ),
    Cause.LOGIN_ANSWERED_ERROR: (
        "The provider sent back an error instead of a code.",
        "PVE was not asked.",
        _LOG,
    ),
    Cause.LOGIN_REFUSED: (
        "PVE refuses the login, and does not say why.",
        "The node's journal does: journalctl -u pvedaemon -g 'openid authentication failure'",
    ),
    Cause.NOT_A_TOKEN: (
        "That is no ID token and no userinfo.",
        "A token has three parts with dots between them; userinfo is a JSON object.",
    ),
    Cause.TOKEN_ENCRYPTED: (
        "That token is encrypted.",
        "PVE cannot read it: every login fails.",
        "in authentik: no Encryption Key; elsewhere: no encryption of ID tokens",
    ),
}
