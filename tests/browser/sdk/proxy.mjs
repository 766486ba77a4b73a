// Play the proxy for a page of https://shop.example: see what the script sends, say what comes back.

import assert from 'node:assert/strict';
import { open, page } from './window.mjs';

export const ORIGIN = 'https://shop.example';
export const WIX = 'https://www.wixapis.com';
export const MEMBER = 'v1.member.0a1b2c3d';
export const VISITOR = 'v1.visitor.0a1b2c3d';
export const HINT = 'wixproxy-hint';
export const sent = [];

// Answers by the start of the path; the first that fits is given.
export const answers = {};

export const json = (values, status = 200, headers = {}) => (
  () => Response.json(values, { status, headers })
);
export const empty = (status, headers = {}) => () => new Response(null, { status, headers });
export const refused = (code, status = 400) => json(
  { message: 'no', details: { applicationError: { code, description: 'no', data: {} } } }, status,
);
export const lost = () => { throw new TypeError('no network'); };
export const becoming = (hint, values) => () => {
  page.cookies.set(HINT, hint);
  return Response.json(values);
};

export function answer(given) {
  for (const path of Object.keys(answers)) delete answers[path];
  Object.assign(answers, given);
}

export async function proxy(input, init = {}) {
  const address = new URL(input, ORIGIN).href;
  const call = { address, ...init, headers: new Headers(init.headers) };
  if (init.body) call.text = await new Response(init.body).text();
  sent.push(call);
  const path = Object.keys(answers).find((each) => address.startsWith(ORIGIN + each));
  assert.ok(path, `no answer for ${address}`);
  return answers[path](call);
}

// A page of a visitor, unless the check says otherwise.
export function enter(given, { hint = VISITOR, address = `${ORIGIN}/cart?a=b#c`, below = proxy } = {}) {
  answer(given);
  if (hint) page.cookies.set(HINT, hint);
  open(address, below);
}

export const client = () => globalThis.__wix_context__.client;
export const paths = () => sent.map(({ address }) => address.replace(ORIGIN, ''));
export const bodies = () => sent.map(({ text }) => JSON.parse(text));
