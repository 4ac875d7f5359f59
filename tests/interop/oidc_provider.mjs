// oidc_provider.mjs PORT REDIRECT_URI POST_LOGOUT_URI: the npm package oidc-provider on loopback, with one client and two
// accounts; rotates refresh tokens and ends the grant when one is used twice.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [port, redirectUri, postLogoutUri] = process.argv.slice(2);
const require = createRequire(`${process.env.TEST_NODE_MODULES}/`);
const { Provider } = await import(pathToFileURL(require.resolve('oidc-provider')).href);

const issuer = `http://127.0.0.1:${port}`;
const provider = new Provider(issuer, {
  clients: [{
    client_id: 'gatelet-demo',
    client_secret: 'gatelet-demo-secret',
    redirect_uris: [redirectUri],
    post_logout_redirect_uris: [postLogoutUri],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'preferred_username'] },
  conformIdTokenClaims: process.env.LEAN_ID_TOKEN === '1',
  findAccount: (_, id) => ({
    accountId: id,
    claims: async () => ({ sub: id, email: `${id}@example.org`, email_verified: true, name: id, preferred_username: id }),
  }),
  features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  pkce: { required: () => true },
  issueRefreshToken: async () => true,
  rotateRefreshToken: true,
  ttl: { AccessToken: 2, IdToken: 2, RefreshToken: 600, AuthorizationCode: 60, Interaction: 600, Session: 600, Grant: 600 },
  cookies: { keys: ['a key for signing the cookies of a test'] },
});
let refused = 0;
provider.on('grant.error', () => { refused += 1; });
provider.listen(Number(port), '127.0.0.1', () => console.log(`issuer ${issuer}`));
process.on('SIGUSR1', () => console.log(`refused ${refused}`));
