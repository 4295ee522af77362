// What can be wrong with a provider. `config` and `client` are the provider's own settings; the rest
// is what something in front of it makes of its answers:
//   document(found, origin)  another discovery document     keys           another set of keys
//   instead                  another answer than it         insteadOfKeys  another answer than them
//   type                     another Content-Type
//   offset                   seconds that its clock is off
import { publicKey } from './shared.mjs';

const HOUR = 3600_000; // ms

const says = (status, body, headers = {}) => (request, response) => {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(body);
};
const changed = (changes) => (found, origin) => ({
  ...found,
  ...Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, value.replace('ORIGIN', origin)])),
});
const without = (...names) => (found) =>
  Object.fromEntries(Object.entries(found).filter(([name]) => !names.includes(name)));

const kinds = {
  // the answer
  redirect: { instead: says(301, '', { Location: '/realms/lab/.well-known/openid-configuration' }) },
  missing: { instead: says(404, '{"error":"not found"}') },
  down: { instead: says(503, 'upstream', { 'Content-Type': 'text/plain' }) },
  page: { instead: says(200, '<!doctype html><title>Welcome</title>', { 'Content-Type': 'text/html' }) },
  huge: { instead: says(200, `{"issuer":"${'x'.repeat(2 << 20)}"}`) },
  compressed: { instead: says(200, Buffer.from([0x1f, 0x8b, 8, 0]), { 'Content-Encoding': 'gzip' }) },
  slow: { instead: (request, response) => { setTimeout(() => response.end('{}'), HOUR).unref(); } },
  hangup: { instead: (request) => request.socket.destroy() },
  // the document
  typed: { type: 'text/plain' },
  fieldless: { document: without('jwks_uri') },
  http: { document: changed({ issuer: 'http://idp.lab.test:8443/faults/http' }) },
  internal: { document: changed({ issuer: 'http://keycloak:8080/realms/lab' }) },
  other: { document: changed({ issuer: 'ORIGIN/realms/other' }) },
  tenant: { document: changed({ issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0' }) },
  ahead: { offset: 600 },
  behind: { offset: -60 },
  clear: { document: changed({ token_endpoint: 'http://idp.lab.test:8444/faults/clear/token' }) },
  tokenless: { document: without('token_endpoint') },
  elsewhere: { document: changed({ token_endpoint: 'https://tokens.lab.test:8443/token' }) },
  infoless: { config: { features: { userinfo: { enabled: false } } } },
  codeless: {
    config: { responseTypes: ['id_token'] },
    client: { response_types: ['id_token'], grant_types: ['implicit'] },
  },
  // keys and algorithms
  shared: { algorithm: 'HS256' },
  unknown: { algorithm: 'ES512' },
  keyless: { keys: [] },
  sealed: { keys: [publicKey('RSA-OAEP', 2048, { use: 'enc' })] },
  mismatch: { keys: [publicKey('ES256')] },
  short: { keys: [publicKey('RS256', 1024)] },
  locked: { insteadOfKeys: says(403, '{}') },
  // the client
  plainpkce: { config: { pkce: { methods: ['plain'], required: () => true } } },
  signedonly: {
    config: { clientAuthMethods: ['client_secret_jwt'] },
    client: { token_endpoint_auth_method: 'client_secret_jwt' },
  },
};

export const faults = Object.fromEntries(
  Object.entries(kinds).map(([name, kind]) => [name, { path: `/faults/${name}`, ...kind }]),
);
