// Send calls from a page that loaded the script: `node routing.mjs CHECK`.

import assert from 'node:assert/strict';
import { perform, refusal } from '../../emulator/sdk/checks.mjs';
import * as wix from '../../emulator/sdk/packages.mjs';
import {
  HINT, ORIGIN, VISITOR, WIX, answer, answers, becoming, client, empty, enter, json, lost, paths,
  proxy, sent,
} from './proxy.mjs';
import { page } from './window.mjs';

const { members } = wix.members;

const checks = {
  async 'every form of input'() {
    enter({ '/_wix/api/': json({}) });
    const target = `${WIX}/a/b%2Fc?.r=eyJ9&x=1&x=2#hash`;
    const headers = { Authorization: 'secret', 'X-Own': '1' };
    const init = { method: 'POST', headers, body: '{"a":1}' };
    await fetch(target, init);
    await fetch(new URL(target), { ...init, headers: new Headers(headers) });
    await fetch(new Request(target, init));
    await fetch(new Request(target, { method: 'PUT' }), { ...init, headers: Object.entries(headers) });
    await fetch(target.replace('www', 'edge'), init);
    await fetch({ toString: () => target }, init);
    assert.deepEqual(new Set(paths()), new Set(['/_wix/api/a/b%2Fc?.r=eyJ9&x=1&x=2']));
    for (const call of sent) {
      assert.deepEqual([call.method, call.text, call.credentials], ['POST', '{"a":1}', 'same-origin']);
      assert.equal(call.headers.get('Authorization'), null);
      assert.equal(call.headers.get('X-Own'), '1');
    }
  },

  async 'other addresses'() {
    enter({});
    for (const address of [
      'https://example.com/', 'https://wixapis.com/', 'https://www.wixapis.com.example/',
      'http://www.wixapis.com/', 'https://www.wixapis.com:8443/', 'https://x@example.com/wixapis.com',
      `${ORIGIN}/page`, `${ORIGIN}/_wix/session`, 'data:,x',
    ]) {
      const init = { headers: { Authorization: 'own' } };
      assert.match((await refusal(() => fetch(address, init))).message, /no answer for/);
      assert.equal(sent.at(-1).address, address);
      assert.equal(sent.at(-1).headers.get('Authorization'), 'own');
    }
  },

  async 'bodies'() {
    enter({ '/_wix/api/': json({}) });
    const bytes = new Uint8Array([0, 255, 10]);
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('in two '));
        controller.enqueue(new TextEncoder().encode('pieces'));
        controller.close();
      },
    });
    await fetch(`${WIX}/x`, { method: 'POST', body: stream, duplex: 'half' });
    await fetch(`${WIX}/x`, { method: 'POST', body: bytes });
    await fetch(`${WIX}/x`, { method: 'PUT', body: new URLSearchParams({ a: 'b c' }) });
    const form = new FormData();
    form.set('file', new Blob(['hello']), 'a.txt');
    await fetch(new Request(`${WIX}/x`, { method: 'POST', body: form }));
    await fetch(`${WIX}/x`, { method: 'DELETE' });
    assert.equal(sent[0].text, 'in two pieces');
    assert.deepEqual(new Uint8Array(sent[1].body), bytes);
    assert.equal(sent[2].text, 'a=b+c');
    assert.match(sent[2].headers.get('Content-Type'), /x-www-form-urlencoded/);
    const boundary = /boundary=(.+)/.exec(sent[3].headers.get('Content-Type'))[1];
    assert.ok(sent[3].text.startsWith(`--${boundary}`) && sent[3].text.includes('hello'));
    assert.equal(sent[4].body, undefined);
  },

  async 'a call that is given up'() {
    let started;
    enter({
      '/_wix/session': () => new Promise((resolve) => { started = resolve; }),
      '/_wix/api/': ({ signal }) => new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      }),
    }, { hint: '' });
    const early = new AbortController();
    const waiting = fetch(`${WIX}/x`, { signal: early.signal });
    const late = new AbortController();
    const running = fetch(new Request(`${WIX}/x`, { signal: late.signal }));
    early.abort(new Error('enough'));
    assert.match((await refusal(() => waiting)).message, /enough/);
    assert.deepEqual(paths(), ['/_wix/session?start=1']);
    started(Response.json({}));
    setImmediate(() => late.abort());
    assert.equal((await refusal(() => running)).name, 'AbortError');
    const never = AbortSignal.abort();
    assert.equal((await refusal(() => fetch(`${WIX}/x`, { signal: never }))).name, 'AbortError');
  },

  async 'a page without a session'() {
    let started;
    enter({
      '/_wix/session': () => new Promise((resolve) => { started = resolve; }), '/_wix/api/': json({}),
    }, { hint: '' });
    const calls = [
      fetch(`${WIX}/a`), fetch('/_wix/api/b'), fetch(new URL('/_wix/api/c', ORIGIN)),
      members.listMembers(),
    ];
    await new Promise(setImmediate);
    assert.deepEqual(paths(), ['/_wix/session?start=1']);
    assert.equal(client().auth.loggedIn(), false);
    page.cookies.set(HINT, VISITOR);
    started(Response.json({}));
    await Promise.all(calls);
    assert.equal(sent.length, 5);
    await fetch(`${WIX}/d`);
    assert.equal(sent.length, 6);
    assert.deepEqual(page.events, ['visitor']);
  },

  async 'a page with a session'() {
    enter({ '/_wix/api/': json({}) });
    await fetch(`${WIX}/a`);
    assert.deepEqual(paths(), ['/_wix/api/a']);
  },

  async 'a browser that keeps no cookies'() {
    enter({ '/_wix/session': json({}), '/_wix/api/': json({}) }, { hint: '' });
    await fetch(`${WIX}/a`);
    await fetch(`${WIX}/b`);
    assert.deepEqual(paths(), ['/_wix/session?start=1', '/_wix/api/a', '/_wix/api/b']);
  },

  async 'a session that cannot be started'() {
    enter({ '/_wix/session': json({}, 503), '/_wix/api/': json({}) }, { hint: '' });
    assert.equal((await fetch(`${WIX}/a`)).status, 200);
    answers['/_wix/session'] = lost;
    assert.equal((await fetch(`${WIX}/b`)).status, 200);
    answers['/_wix/session'] = becoming(VISITOR, {});
    await fetch(`${WIX}/c`);
    await fetch(`${WIX}/d`);
    assert.equal(paths().filter((each) => each.startsWith('/_wix/session')).length, 3);
  },

  async 'a wrapper before and one behind'() {
    const seen = [];
    enter({ '/_wix/api/': json({}) }, {
      below: (input, init) => { seen.push(`below ${input}`); return proxy(input, init); },
    });
    const ours = globalThis.fetch;
    globalThis.fetch = function (...asked) { seen.push('above'); return ours.apply(this, asked); };
    await fetch(`${WIX}/a`);
    assert.deepEqual(seen, ['above', `below ${ORIGIN}/_wix/api/a`]);
  },

  async 'reads after writes'() {
    enter({ '/_wix/api/write': json({}, 200, { 'X-Wix-Consistent': 'after' }), '/_wix/api/': json({}) });
    await fetch(`${WIX}/read`);
    await fetch(`${WIX}/write`, { method: 'POST' });
    await fetch(`${WIX}/read`);
    await fetch(`${WIX}/read`, { headers: { 'X-Wix-Consistent': 'own' } });
    const told = sent.map(({ headers }) => headers.get('X-Wix-Consistent'));
    assert.deepEqual(told, [null, null, 'after', 'own']);
  },
};

await perform(checks);
