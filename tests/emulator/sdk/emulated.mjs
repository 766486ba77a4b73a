// Send what Wix's own client packages say to a running emulator, and log in without a browser.
//
// Some calls of the client go around the `fetch` it is given, so the global one is replaced.
// The project comes as JSON in SCENE: origin, clientId, clientSecret, instanceId, apiKey, redirectUri.

import { AppStrategy, OAuthStrategy, createClient } from '@wix/sdk';

export const project = JSON.parse(process.env.SCENE);

const WIX = /^https:\/\/(www|edge)\.wixapis\.com/;
const direct = globalThis.fetch;

globalThis.fetch = (target, init) => {
  const url = String(target.url ?? target);
  if (!WIX.test(url) && !url.startsWith(project.origin)) {
    throw new Error(`a call left for ${url}`);
  }
  const here = url.replace(WIX, project.origin);
  return target instanceof Request ? direct(new Request(here, target), init) : direct(here, init);
};

export function visitor(modules) {
  return createClient({ auth: OAuthStrategy({ clientId: project.clientId }), modules });
}

export function app(modules) {
  const { clientId: appId, clientSecret: appSecret, instanceId } = project;
  return createClient({ auth: AppStrategy({ appId, appSecret, instanceId }), modules });
}

// What Wix says of a token.
export function about(accessToken) {
  const { clientId: appId, clientSecret: appSecret } = project;
  return AppStrategy({ appId, appSecret, accessToken }).getTokenInfo();
}

// The id of the visitor or member that a living token speaks for.
export async function subjectOf(token, kind) {
  const told = await about(token);
  if (!told.active || told.subjectType !== kind) {
    throw new Error(`the token is of ${told.subjectType ?? 'nobody'}, not of a ${kind}`);
  }
  return told.subjectId;
}

// The emulator's own administration.
export async function administer(method, path, body) {
  const answer = await fetch(`${project.origin}/__emulator/v1${path}`, {
    method, body: body && JSON.stringify(body),
  });
  if (answer.status !== 200) {
    throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  }
  return answer.json();
}

// The session token that Wix gives for a password.
export async function sessionTokenFor(client, email, password) {
  const outcome = await client.auth.login({ email, password });
  if (outcome.loginState !== 'SUCCESS') {
    throw new Error(`login ended in ${outcome.loginState}`);
  }
  return outcome.data.sessionToken;
}

// The authorize step is made as a server would make it: one GET that is not followed.
export async function logIn(client, email, password) {
  const sessionToken = await sessionTokenFor(client, email, password);
  const attempt = client.auth.generateOAuthData(project.redirectUri, project.redirectUri);
  const { authUrl } = await client.auth.getAuthUrl(
    attempt, { prompt: 'none', responseMode: 'query', sessionToken },
  );
  const answer = await fetch(authUrl, { redirect: 'manual' });
  const { code, state } = client.auth.parseFromUrl(answer.headers.get('location'), 'query');
  const tokens = await client.auth.getMemberTokens(code, state, attempt);
  client.auth.setTokens(tokens);
  return tokens;
}
