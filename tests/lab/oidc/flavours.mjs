// Issuers, algorithms and claims as known products have them; it is none of those products.
import crypto from 'node:crypto';

export const flavours = {
  plain: { path: '' },
  keycloak: { path: '/realms/lab' },
  authentik: { path: '/application/o/proxmox/' }, // the slash belongs to its issuer
  kanidm: {
    path: '/oauth2/openid/proxmox',
    algorithm: 'ES256',
    config: { pkce: { methods: ['S256'], required: () => true } },
    shape: (sub, claims) => ({ ...claims, preferred_username: `${sub}@idm.lab.test` }),
  },
  entra: {
    path: '/6f0c2a51-0000-4000-8000-00000000aaaa/v2.0',
    shape: (sub, { name, email }) => ({
      name,
      email,
      preferred_username: `${sub}@contoso.test`,
      oid: crypto.createHash('sha1').update(sub).digest('hex'),
    }),
  },
};
