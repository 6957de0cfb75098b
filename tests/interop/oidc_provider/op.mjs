// A company's OpenID Provider. It takes one JSON document on its standard input:
// {"folder": where oidc-provider is installed, "port", "client", "keys": JWKs to sign with, "people": {login: claims}}.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { text } from 'node:stream/consumers';

const given = JSON.parse(await text(process.stdin));
const installed = createRequire(`${given.folder}/`).resolve('oidc-provider');
const { Provider } = await import(pathToFileURL(installed));

const provider = new Provider(`http://127.0.0.1:${given.port}`, {
  clients: [given.client],
  jwks: { keys: given.keys },
  cookies: { keys: ['of-these-tests'] },
  claims: {
    openid: ['sub'],
    profile: ['preferred_username', 'name', 'given_name', 'family_name', 'groups'],
    email: ['email', 'email_verified'],
  },
  findAccount: (_, id) => given.people[id] && { accountId: id, claims: () => ({ sub: id, ...given.people[id] }) },
});
// An answer of ours tells whether somebody listens; the rest are the package's own pages.
provider.listen(given.port, '127.0.0.1', () => console.log('listening'));
