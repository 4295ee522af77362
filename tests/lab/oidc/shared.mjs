// Whom the providers of the lab know.
import crypto from 'node:crypto';

export const CLIENT = {
  client_id: 'proxmox',
  client_secret: 'lab-client-secret',
  redirect_uris: ['https://pve1.ad.lab.test:8006'],
  response_types: ['code'],
  grant_types: ['authorization_code', 'refresh_token'],
};

export const people = {
  alice: {
    preferred_username: 'alice', email: 'alice@lab.test', email_verified: true,
    name: 'Alice Anders', given_name: 'Alice', family_name: 'Anders', groups: ['ProxmoxAdmins'],
  },
  bob: {
    preferred_username: 'bob', email: 'bob@lab.test', email_verified: true,
    name: 'Bob Bauer', groups: ['ProxmoxUsers'],
  },
};

const CURVES = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };
const made = {};

// A private key for that algorithm, the same for every provider.
export function key(algorithm) {
  if (!made[algorithm]) {
    const { privateKey } = algorithm in CURVES
      ? crypto.generateKeyPairSync('ec', { namedCurve: CURVES[algorithm] })
      : crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
    made[algorithm] = { ...privateKey.export({ format: 'jwk' }), alg: algorithm, use: 'sig', kid: algorithm };
  }
  return made[algorithm];
}

// A public key as a set of keys shows it.
export function publicKey(algorithm, bits = 2048, more = {}) {
  const { publicKey: half } = algorithm in CURVES
    ? crypto.generateKeyPairSync('ec', { namedCurve: CURVES[algorithm] })
    : crypto.generateKeyPairSync('rsa', { modulusLength: bits });
  return { ...half.export({ format: 'jwk' }), alg: algorithm, use: 'sig', kid: `${algorithm}-${bits}`, ...more };
}
