// Be a page behind the proxy: Wix's client with a `fetch` that only changes the host.
//
// Cookies are kept as a browser keeps them. The page holds no token: a call that carries
// Authorization fails here. SCENE names the site's origin and the emulator's.

import assert from 'node:assert/strict';
import { sdk } from '../../emulator/sdk/packages.mjs';

const scene = JSON.parse(process.env.SCENE);
const WIX = /^https:\/\/(www|edge)\.wixapis\.com/;
const SAME_ORIGIN = {
  'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Dest': 'empty',
};
// The check may replace the global one.
const direct = globalThis.fetch;
export const jar = new Map();

function keep(lines) {
  for (const line of lines) {
    const [pair, ...attributes] = line.split('; ');
    const [name, ...value] = pair.split('=');
    assert.match(name, /^wixproxy-/, 'a cookie that is not of the proxy');
    if (attributes.includes('Max-Age=0')) {
      jar.delete(name);
    } else {
      jar.set(name, value.join('='));
    }
  }
}

export async function open(path, init = {}) {
  const headers = new Headers({ ...SAME_ORIGIN, ...init.headers });
  assert.ok(!headers.get('Authorization'), 'the page sent a credential');
  if (jar.size > 0) {
    headers.set('Cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '));
  }
  const answer = await direct(scene.origin + path, { ...init, headers, redirect: 'manual' });
  keep(answer.headers.getSetCookie());
  return answer;
}

function throughProxy(url, init) {
  assert.match(String(url), WIX);
  return open(String(url).replace(WIX, '/_wix/api'), init);
}

// No strategy, no token. Left to itself, the client sends an empty Authorization.
export function page(modules, options = { headers: {} }) {
  return sdk.createClient({ modules, fetch: throughProxy, ...options });
}

// The same for a client that was set up with a strategy, and so prefers the other host.
export function pageWithStrategy(modules) {
  const auth = { getAuthHeaders: async () => ({ headers: {} }), shouldUseCDN: true };
  return sdk.createClient({ auth, modules, fetch: throughProxy, headers: {} });
}

export async function session(asked = '') {
  return (await open(`/_wix/session${asked}`)).json();
}

export async function becomeMember(email) {
  const answer = await open('/_wix/testing/session', {
    method: 'POST', body: JSON.stringify({ member: email }),
  });
  assert.equal(answer.status, 200, await answer.text());
}

// What the proxy itself said, where Wix's client shows it.
export function problemOf(error) {
  return error.details.applicationError.data.details;
}

// The emulator's own administration.
export async function administer(method, path, body) {
  const answer = await direct(`${scene.emulator}/__emulator/v1${path}`, {
    method, body: body && JSON.stringify(body),
  });
  assert.equal(answer.status, 200);
  return answer.json();
}
