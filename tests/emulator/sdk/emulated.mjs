// Send what Wix's own client packages say to a running emulator, and log in without a browser.
//
// Some calls of the client go around the `fetch` it is given, so the global one is replaced.
// The project comes as JSON in EMULATOR: origin, clientId, clientSecret, instanceId, redirectUri.

import { AppStrategy, OAuthStrategy, createClient } from '@wix/sdk';

export const project = JSON.parse(process.env.EMULATOR);

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

// The authorize step is made as a server would make it: one GET that is not followed.
export async function logIn(client, email, password) {
  const outcome = await client.auth.login({ email, password });
  if (outcome.loginState !== 'SUCCESS') {
    throw new Error(`login ended in ${outcome.loginState}`);
  }
  const attempt = client.auth.generateOAuthData(project.redirectUri, project.redirectUri);
  const { authUrl } = await client.auth.getAuthUrl(attempt, { prompt: 'none', responseMode: 'query' });
  const asked = new URL(authUrl);
  asked.searchParams.set('sessionToken', outcome.data.sessionToken);
  const answer = await fetch(asked, { redirect: 'manual' });
  const returned = new URL(answer.headers.get('location')).searchParams;
  const tokens = await client.auth.getMemberTokens(
    returned.get('code'), returned.get('state'), attempt,
  );
  client.auth.setTokens(tokens);
  return tokens;
}

// What a rejected call was rejected with.
export async function refusal(call) {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error('the call was not refused');
}
