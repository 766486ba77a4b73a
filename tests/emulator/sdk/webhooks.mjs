// Let Wix's AppStrategy judge what the emulator signs: `node webhooks.mjs CHECK`.
//
// A server of this script stands for the app; the emulator posts to it.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { items } from '@wix/data';
import { currentCart, orders } from '@wix/ecom';
import { additionalFees, shippingRates } from '@wix/ecom/service-plugins';
import { members } from '@wix/members';
import { AppStrategy, createClient } from '@wix/sdk';
import { products } from '@wix/stores';
import { perform } from './checks.mjs';
import { administer, logIn, project, visitor } from './emulated.mjs';

const { clientId: appId, clientSecret: appSecret, instanceId, publicKey, publicKeyBase64 } = project;
const STORES = '215238eb-22a5-4c36-9e7b-e7c08025e04e';
const MODULES = { additionalFees, items, members, orders, shippingRates };

function appClient(key = publicKey) {
  return createClient({
    auth: AppStrategy({ appId, appSecret, instanceId, publicKey: key }), modules: MODULES,
  });
}

// Run `work` beside a server that hands each post to `answer`, which returns a Response.
async function serving(answer, work) {
  const server = createServer(async (incoming, outgoing) => {
    const chunks = await incoming.toArray();
    const request = new Request(`http://app.test${incoming.url}`, {
      method: 'POST', body: Buffer.concat(chunks), headers: incoming.headers,
    });
    let response;
    try {
      response = await answer(request);
    } catch (error) {
      response = new Response(String(error), { status: 500 });
    }
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    outgoing.end(await response.text());
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  try {
    return await work(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.close();
  }
}

// Send one event and return how the app's client took it.
async function received(client, asked) {
  const outcomes = [];
  const take = async (request) => {
    try {
      outcomes.push(await client.webhooks.processRequest(request));
      return new Response();
    } catch (error) {
      outcomes.push(error);
      return new Response('', { status: 401 });
    }
  };
  await serving(take, async (url) => {
    // Wix waits for an answer for 1.25 s, and a busy machine may take longer; no check is about that.
    await administer('PUT', '/settings', { webhook_retry_seconds: [], webhook_answer_ms: 30_000 });
    const { events } = await administer('POST', '/events', { url, wait: true, ...asked });
    assert.deepEqual(events[0].attempts.map((each) => each.status), [outcomes[0] instanceof Error ? 401 : 200]);
  });
  return outcomes[0];
}

const checks = {
  async 'events'() {
    for (const key of [publicKey, publicKeyBase64]) {
      const client = appClient(key);
      const seen = [];
      client.members.onMemberCreated((event) => seen.push(event));
      client.members.onMemberUpdated((event) => seen.push(event));
      client.members.onMemberDeleted((event) => seen.push(event));
      client.orders.onOrderApproved((event) => seen.push(event));
      const about = { entityId: 'm-1', entity: { id: 'm-1', loginEmail: 'ada@example.test' } };
      await received(client, { type: 'wix.members.v1.member_created', ...about });
      await received(client, { type: 'wix.members.v1.member_updated', ...about });
      await received(client, { type: 'wix.members.v1.member_deleted', entityId: 'm-1', entity: {} });
      const order = { order: { id: 'o-1' } };
      const who = { identityType: 'MEMBER', memberId: 'm-1' };
      await received(client, { type: 'wix.ecom.v1.order_approved', entity: order, identity: who });

      assert.deepEqual(seen.map((event) => event.entity?._id), ['m-1', 'm-1', undefined, undefined]);
      assert.equal(seen[3].data.order._id, 'o-1');
      const { metadata } = seen[0];
      assert.equal(metadata.instanceId, instanceId);
      assert.equal(metadata.entityFqdn, 'wix.members.v1.member');
      assert.equal(metadata.slug, 'created');
      assert.equal(metadata.entityId, 'm-1');
      assert.equal(metadata.identity.identityType, 'WIX_USER');
      assert.ok(metadata.accountInfo.siteId);
      assert.ok(metadata._id);
      assert.ok(metadata.eventTime instanceof Date);
      const numbers = seen.slice(0, 3).map((event) => Number(event.metadata.entityEventSequence));
      assert.deepEqual(numbers, [numbers[0], numbers[0] + 1, numbers[0] + 2]);
      assert.deepEqual(seen[3].metadata.identity, who);
    }
  },

  async 'flawed events'() {
    const flaws = [
      { wrong_key: true }, { alg: 'HS256' }, { alg: 'none' }, { expired: true }, { truncated: true },
    ];
    for (const flaw of flaws) {
      const outcome = await received(appClient(), { type: 'wix.members.v1.member_created', ...flaw });
      assert.ok(outcome instanceof Error, JSON.stringify(flaw));
    }
    // Wix's client looks at neither issuer nor audience of an event.
    const odd = { type: 'wix.members.v1.member_created', audience: 'other', issuer: 'other' };
    assert.equal((await received(appClient(), odd)).instanceId, instanceId);
  },

  async 'an installed app'() {
    const client = appClient();
    const seen = [];
    client.use(client.webhooks.apps.AppInstalled)((event) => seen.push(event));
    await received(client, { type: 'AppInstalled', entity: { appId, originInstanceId: 'o' } });
    assert.deepEqual(seen[0].data, { appId, originInstanceId: 'o' });
    assert.equal(seen[0].metadata.instanceId, instanceId);
  },

  async 'real changes'() {
    const told = [];
    const take = async (request) => {
      const event = await appClient().webhooks.parseRequest(request);
      told.push(event);
      return new Response();
    };
    await serving(take, async (url) => {
      await administer('PUT', '/settings', { webhooks: true, webhook_url: url });
      const buyer = visitor({ currentCart, items, products });
      await buyer.auth.register({ email: 'new@example.test', password: 'secret' });
      const [product] = (await buyer.products.queryProducts().limit(1).find()).items;
      const catalogReference = { appId: STORES, catalogItemId: product._id };
      await buyer.currentCart.addToCurrentCart({ lineItems: [{ catalogReference, quantity: 1 }] });
      await logIn(buyer, 'ada@example.test', 'ada-password');
      const made = await buyer.items.insert('Journal', { title: 'On rain' });
      await buyer.items.update('Journal', { ...made, title: 'On snow' });
      await buyer.items.remove('Journal', made._id);
      for (;;) {
        const { events } = await administer('GET', '/events');
        if (events.every((each) => each.standing === 'delivered')) break;
      }
    });
    told.sort((one, other) => one.payload.eventTime.localeCompare(other.payload.eventTime));
    assert.deepEqual(told.map((event) => event.eventType), [
      'wix.members.v1.member_created',
      'wix.ecom.v1.cart_updated',
      'wix.data.v2.data_item_created',
      'wix.data.v2.data_item_updated',
      'wix.data.v2.data_item_deleted',
    ]);
    assert.equal(told[0].payload.createdEvent.entity.loginEmail, 'new@example.test');
    assert.equal(told[1].identity.identityType, 'ANONYMOUS_VISITOR');
    assert.equal(told[3].payload.updatedEvent.currentEntity.data.title, 'On snow');
    assert.equal(told[3].identity.identityType, 'MEMBER');
  },

  async 'service plugins'() {
    const client = appClient();
    const seen = [];
    client.shippingRates.provideHandlers({
      getShippingRates: async (payload) => {
        seen.push(payload);
        if (payload.request.lineItems.length === 0) {
          throw new shippingRates.MissingPostalCodeWixError({ code: 'MISSING_POSTAL_CODE' });
        }
        const cost = { price: '4.50', currency: payload.metadata.currency };
        return { shippingRates: [{ code: 'bike', title: 'By bike', logistics: {}, cost }] };
      },
    });
    const take = (request) => client.servicePlugins.processRequest(request);
    await serving(take, async (url) => {
      const call = { url, componentType: 'ECOM_SHIPPING_RATES', path: '/v1/getRates' };
      const request = { lineItems: [{ quantity: 1 }], shippingDestination: { country: 'US' } };
      const rated = await administer('POST', '/plugin-calls', { ...call, request });
      assert.equal(rated.status, 200, JSON.stringify(rated));
      assert.equal(rated.body.shippingRates[0].cost.currency, 'USD');
      assert.equal(seen[0].metadata.instanceId, instanceId);
      assert.equal(seen[0].metadata.identity.identityType, 'ANONYMOUS_VISITOR');

      const empty = await administer('POST', '/plugin-calls', { ...call, request: { lineItems: [] } });
      assert.equal(empty.status, 400);
      assert.equal(empty.body.applicationError.code, 'MISSING_POSTAL_CODE');

      const flaws = [{ wrong_key: true }, { audience: 'other' }, { issuer: 'evil' }, { expired: true }];
      for (const flaw of flaws) {
        const refused = await administer('POST', '/plugin-calls', { ...call, request, ...flaw });
        assert.equal(refused.status, 500, JSON.stringify(flaw));
      }
    });
  },
};

await perform(checks);
