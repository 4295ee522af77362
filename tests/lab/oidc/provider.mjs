// An OpenID provider (npm oidc-provider, which is certified) several times: the way known products
// lay out their issuers (flavours.mjs), and with something wrong with it (faults.mjs).
//
//   node provider.mjs PORT ORIGIN ADDRESS=CERT,KEY...    prints a line of JSON when it is ready
//
// PORT is https; the next one is http. For the lab only: it lets anybody in as anybody.
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';

import Provider from 'oidc-provider';

import { faults } from './faults.mjs';
import { flavours } from './flavours.mjs';
import { CLIENT, key, people } from './shared.mjs';

const DOCUMENT = '/.well-known/openid-configuration';
const [port, origin, ...listeners] = process.argv.slice(2);

function mounted([name, { path, algorithm = 'RS256', shape = (sub, claims) => claims, config = {}, client = {}, ...rest }]) {
  const provider = new Provider(origin + path, {
    clients: [{ ...CLIENT, id_token_signed_response_alg: algorithm, ...client }],
    jwks: { keys: algorithm.startsWith('HS') ? [] : [key(algorithm)] },
    enabledJWA: { idTokenSigningAlgValues: [algorithm] },
    pkce: { required: () => false },
    claims: {
      openid: ['sub'],
      profile: ['name', 'preferred_username', 'given_name', 'family_name'],
      email: ['email', 'email_verified'],
      groups: ['groups'],
    },
    cookies: { keys: ['lab'] },
    findAccount: (context, id) => ({
      accountId: id,
      claims: () => ({ sub: id, ...shape(id, people[id] ?? {}) }),
    }),
    ...config,
  });
  // Products compare redirect URIs as text; this one would forgive a slash.
  provider.Client.prototype.redirectUriAllowed = function allowed(uri) {
    return this.redirectUris.includes(uri);
  };
  provider.on('server_error', (context, error) => console.error(name, error));
  return { path: path.replace(/\/$/, ''), answer: provider.callback(), ...rest };
}

// The longest path first: `plain` has none.
const mounts = [...Object.entries(flavours), ...Object.entries(faults)]
  .map(mounted)
  .sort((one, other) => other.path.length - one.path.length);

// Keeps what is answered, and hands on what `change` makes of it.
function rewritten(response, change) {
  const end = response.end.bind(response);
  const pieces = [];
  response.write = (piece) => pieces.push(Buffer.from(piece)) > 0;
  response.end = (piece) => {
    if (piece) pieces.push(Buffer.from(piece));
    const body = JSON.stringify(change(JSON.parse(Buffer.concat(pieces).toString())));
    response.setHeader('Content-Length', Buffer.byteLength(body));
    return end(body);
  };
}

function serve(request, response) {
  const mount = mounts.find(({ path }) => [path, ...['/', '?'].map((sign) => path + sign)]
    .some((start, at) => (at ? request.url.startsWith(start) : request.url === start)));
  request.originalUrl = request.url;
  request.url = request.url.slice(mount.path.length) || '/';
  if (mount.offset) { // seconds
    response.sendDate = false;
    response.setHeader('Date', new Date(Date.now() + 1000 * mount.offset).toUTCString());
  }
  const wellKnown = request.url === DOCUMENT;
  if (mount.instead && wellKnown) return mount.instead(request, response);
  if (mount.insteadOfKeys && request.url === '/jwks') return mount.insteadOfKeys(request, response);
  if (mount.document && wellKnown) rewritten(response, (found) => mount.document(found, origin));
  if (mount.type) {
    const set = response.setHeader.bind(response);
    response.setHeader = (name, value) => set(name, /^content-type$/i.test(name) ? mount.type : value);
  }
  if (mount.keys && request.url === '/jwks') rewritten(response, () => ({ keys: mount.keys }));
  return mount.answer(request, response);
}

let waiting = listeners.length + 1;
function ready() {
  waiting -= 1;
  if (!waiting) console.log(JSON.stringify({ ready: origin }));
}

for (const listener of listeners) {
  const [address, files] = listener.split('=');
  const [cert, privateKey] = files.split(',').map((file) => fs.readFileSync(file));
  https.createServer({ cert, key: privateKey }, serve).listen(Number(port), address, ready);
}
http.createServer(serve).listen(Number(port) + 1, listeners[0].split('=')[0], ready);
