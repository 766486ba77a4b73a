// Use the client that modules find on the page: `node context.mjs CHECK`.

import assert from 'node:assert/strict';
import { perform, refusal } from '../../emulator/sdk/checks.mjs';
import * as wix from '../../emulator/sdk/packages.mjs';
import {
  ORIGIN, WIX, answer, bodies, client, empty, enter, json, paths, refused, sent,
} from './proxy.mjs';
import { load, page } from './window.mjs';

const { members } = wix.members;
const LANGUAGE = wix.essentials.i18n;

const checks = {
  async 'error bodies'() {
    enter({});
    const struck = async (given) => {
      answer({ '/_wix/api/': given });
      return refusal(() => members.getCurrentMember());
    };
    const id = { 'X-Wix-Request-Id': '1.2' };
    for (const status of [400, 401, 403, 404, 409, 428, 429, 500, 503]) {
      const named = await struck(refused('SOME_CODE', status));
      assert.equal(named.details.applicationError.code, 'SOME_CODE');
      assert.equal(named.status, status);
      const silent = await struck(empty(status, id));
      assert.deepEqual([silent.status, silent.requestId], [status, '1.2']);
      assert.equal(silent.details.applicationError.code, status);
    }
    const html = await struck(() => new Response('<h1>no</h1>', { status: 502, statusText: 'Bad' }));
    assert.equal(html.details.applicationError.description, 'Bad');
    const problem = await struck(json({ message: 'log in', code: 'session_ended' }, 401));
    assert.equal(problem.details.applicationError.data.details.code, 'session_ended');
    assert.match((await struck(empty(200))).message, /System error occurred/);
    assert.equal((await struck(json({}, 201))).status, 201);
  },

  async "errors are those of Wix's own client"() {
    const answersToCompare = [
      refused('SOME_CODE', 403), empty(404, { 'X-Wix-Request-Id': '1.2' }), json({ message: 'm' }, 500),
      json({ message: 'm', details: {} }, 429), () => new Response('<p>', { status: 502 }), empty(200),
      json({ message: 'm', details: { validationError: { fieldViolations: [
        { field: 'fieldsets', description: 'must be short', data: {} },
      ] } } }, 400),
    ];
    const shape = ({ message, status, details, requestId, code }) => (
      { message: message.replace(/: \{.*/s, ''), status, details, requestId, code }
    );
    enter({});
    const own = wix.sdk.createClient({ modules: { members } });
    for (const given of answersToCompare) {
      answer({ '/_wix/api/': given });
      const ours = await refusal(() => members.getCurrentMember());
      const theirs = await refusal(() => own.members.getCurrentMember());
      assert.deepEqual(shape(ours), shape(theirs));
    }
  },

  async 'a client of the page itself'() {
    enter({ '/_wix/api/oauth2/token': json({
      access_token: 'wixproxy.session', token_type: 'Bearer', expires_in: 14400,
      refresh_token: 'wixproxy.session',
    }), '/_wix/api/': json({ member: { id: 'm' } }) });
    const auth = wix.sdk.OAuthStrategy({ clientId: '00000000-0000-4000-8000-000000000000' });
    const own = wix.sdk.createClient({ auth, modules: { members } });
    assert.equal((await own.members.getCurrentMember()).member._id, 'm');
    assert.equal(auth.getTokens().accessToken.value, 'wixproxy.session');
    assert.deepEqual(paths(), ['/_wix/api/oauth2/token', '/_wix/api/members/v1/members/my']);
    assert.ok(sent.every(({ headers }) => !headers.has('Authorization')));
  },

  async 'graphql'() {
    enter({ '/_wix/api/graphql/beta': json({ errors: [1] }), '/_wix/api/': json({ data: { a: 1 } }) });
    assert.deepEqual(await client().graphql('{ a }', { b: 2 }), { data: { a: 1 }, errors: undefined });
    const asked = await client().graphql('{ a }', {}, { apiVersion: 'beta' });
    assert.deepEqual(asked, { data: {}, errors: [1] });
    assert.deepEqual(bodies()[0], { query: '{ a }', variables: { b: 2 } });
    assert.equal(sent[0].headers.get('Content-Type'), 'application/json');
    assert.deepEqual((await wix.essentials.httpClient.graphql('{ a }')).data, { a: 1 });
  },

  async 'a client that is there already'() {
    const own = { use: () => () => 'own' };
    globalThis.__wix_context__ = { client: own, kept: 1 };
    enter({ '/_wix/api/': json({}) });
    assert.deepEqual(globalThis.__wix_context__, { client: own, kept: 1 });
    assert.equal(members.getCurrentMember(), 'own');
    await fetch(`${WIX}/a`);
    assert.deepEqual(paths(), ['/_wix/api/a']);
  },

  async 'a context without a client'() {
    globalThis.__wix_context__ = { kept: 1 };
    enter({ '/_wix/api/': json({ member: { id: 'm' } }) });
    assert.equal((await members.getCurrentMember()).member._id, 'm');
    assert.equal(globalThis.__wix_context__.kept, 1);
  },

  async 'the script twice'() {
    enter({ '/_wix/api/': json({}) });
    const before = [globalThis.fetch, client()];
    load();
    assert.deepEqual([globalThis.fetch, client()], before);
    assert.ok(globalThis.fetch === before[0] && client() === before[1]);
  },

  async 'modules of every kind'() {
    enter({ '/_wix/api/': json({ member: { id: 'm' } }) });
    const { use } = client();
    class Failure { static __type = 'wix_spi_error'; }
    const used = use({
      members, Failure, Event: { __type: 'event-definition' }, text: 'x', list: [1], none: null,
      language: LANGUAGE,
    });
    assert.equal((await used.members.getCurrentMember()).member._id, 'm');
    assert.deepEqual([used.Failure, used.text, used.list, used.none], [Failure, 'x', [1], null]);
    assert.equal(used.language.getLocale(), 'de-CH');
    used.Event(() => assert.fail('events come to servers'));
    assert.match(page.warnings.at(-1), /to a server/);
    assert.ok(client(), 'the context is there again');
    assert.equal(use((http) => http)?.getActiveToken(), 'wixproxy.session');
  },

  async 'what a module may ask of its client'() {
    enter({ '/_wix/api/': json({ a: 1 }) });
    const http = client().use((given) => given);
    assert.deepEqual(await http.getAuthHeaders(), { headers: {} });
    await http.wixAPIFetch('/a/b?c=d', { method: 'POST', body: '{}' });
    await http.fetchWithAuth(`${WIX}/e`);
    const plain = await http.request(() => ({
      method: 'GET', url: '/f', params: new URLSearchParams({ g: 1 }), packageName: 'p', entityFqdn: 'q',
      transformResponse: [() => 'changed'],
    }));
    const changed = await http.request(() => ({
      method: 'PATCH', url: '/h', data: { i: 1 }, methodFqn: 'm',
      transformResponse: ({ a }) => a + 1, migrationOptions: { optInTransformResponse: true },
    }));
    assert.deepEqual(paths(), ['/a/b?c=d', '/e', '/f?g=1', '/h'].map((path) => `/_wix/api${path}`));
    assert.deepEqual([plain.data, changed.data, plain.status], [{ a: 1 }, 2, 200]);
    assert.equal(sent[0].headers.get('Content-Type'), 'application/json');
    assert.equal(sent[2].headers.get('Content-Type'), null);
    assert.equal(sent[3].text, '{"i":1}');
    const about = sent.slice(2).map(({ headers }) => headers.get('x-wix-bi-gateway'));
    assert.deepEqual(about, [
      'environment=js-sdk,package-name=p,entity=q', 'environment=js-sdk,method-fqn=m',
    ]);
  },

  async 'a page that is an address of the proxy'() {
    enter({}, { address: `${ORIGIN}/_wix/login?x` });
    assert.equal(page.warnings.length, 1);
    assert.match(page.warnings[0], /^wixproxy: this page came from \/_wix\/login,/);
  },

  async 'a page of the frontend'() {
    enter({}, { address: `${ORIGIN}/_wixproxy` });
    assert.deepEqual(page.warnings, []);
    assert.equal(globalThis.__wix_context__.elevatedClient, undefined);
  },
};

await perform(checks);
