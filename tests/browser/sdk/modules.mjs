// Call Wix's modules with no client, on a page behind the proxy: `node modules.mjs CHECK`.

import assert from 'node:assert/strict';
import { perform, refusal } from '../../emulator/sdk/checks.mjs';
import * as wix from '../../emulator/sdk/packages.mjs';
import { administer, becomeMember, jar, open as ask, session } from '../../journeys/sdk/page.mjs';
import { open, page } from './window.mjs';

const scene = JSON.parse(process.env.SCENE);
const { currentCart } = wix.ecom;
const { items } = wix.data;
const { members } = wix.members;
const { products, productsV3 } = wix.stores;
const { redirects } = wix.redirects;
const { auth, httpClient, i18n, settings } = wix.essentials;
const { authentication } = wix.site;
const STORES = '215238eb-22a5-4c36-9e7b-e7c08025e04e';
const UNKNOWN = '11111111-0000-4000-8000-000000000001';
const sent = [];

// What the script itself calls: a browser's fetch, which refuses another origin and credentials.
async function browserFetch(input, init = {}) {
  const url = new URL(input, scene.origin);
  assert.equal(url.origin, scene.origin, 'a call left the origin');
  sent.push(`${init.method ?? 'GET'} ${url.pathname}`);
  return ask(url.pathname + url.search, { ...init, headers: Object.fromEntries(init.headers ?? []) });
}

open(`${scene.origin}/cart?a=b`, browserFetch, jar);

async function fill(slug) {
  const { product } = await productsV3.getProductBySlug(slug);
  const catalogReference = { appId: STORES, catalogItemId: product._id };
  return (await currentCart.addToCurrentCart({ lineItems: [{ catalogReference, quantity: 2 }] })).cart;
}

const checks = {
  async 'members'() {
    const refused = await refusal(() => members.getCurrentMember({ fieldsets: ['FULL'] }));
    assert.equal(refused.status, 403);
    assert.equal(refused.details.applicationError.code, 'PERMISSION_DENIED');
    assert.match(refused.requestId, /^\d+\.\d+$/);
    await becomeMember('ada@example.test');
    const { member } = await members.getCurrentMember({ fieldsets: ['FULL'] });
    assert.equal(member.loginEmail, 'ada@example.test');
    assert.ok(member._createdDate instanceof Date);
    const found = await members.queryMembers().limit(2).find();
    assert.equal(found.items.length, 2);
  },

  async 'cart'() {
    const none = await refusal(() => currentCart.getCurrentCart());
    assert.equal(none.status, 404);
    assert.equal(none.details.applicationError.code, 'OWNED_CART_NOT_FOUND');
    const filled = await fill('dawn-mug');
    assert.equal((await currentCart.getCurrentCart())._id, filled._id);
    const { checkoutId } = await currentCart.createCheckoutFromCurrentCart({ channelType: 'WEB' });
    const { redirectSession } = await redirects.createRedirectSession({
      ecomCheckout: { checkoutId }, callbacks: { postFlowUrl: `${scene.origin}/cart` },
    });
    assert.match(redirectSession.fullUrl, /^http/);
  },

  async 'products'() {
    const first = await productsV3.queryProducts().limit(5).find();
    assert.equal(first.items.length, 5);
    assert.equal((await first.next()).items.length, 3);
    const older = await products.queryProducts().ascending('name').limit(3).find();
    assert.equal(older.totalCount, 8);
  },

  async 'data items'() {
    const open = await items.query('Journal').hasSome('tags', ['home']).limit(1).find();
    assert.ok(open.items[0].published instanceof Date);
    // Too long for the address: the same query goes by POST.
    const many = Array.from({ length: 600 }, (_, number) => `tag number ${number}`);
    const found = await items.query('Journal').hasSome('tags', [...many, 'tea']).find();
    assert.equal(found.items.length, 1);
    assert.equal(sent.at(-1), 'POST /_wix/api/wix-data/v2/items/query');
    assert.match((await refusal(() => items.query('Ledger').find())).message, /WDE0027/);
  },

  async 'refusals'() {
    const empty = await refusal(() => currentCart.addToCurrentCart({ lineItems: [] }));
    assert.equal(empty.status, 400);
    assert.match(empty.message, /INVALID_ARGUMENT/);
    assert.equal(empty.details.validationError.fieldViolations[0].field, 'options.lineItems');
    const missing = await refusal(() => productsV3.getProduct(UNKNOWN));
    assert.equal(missing.status, 404);
    await administer('PUT', '/settings', { rate_limit_per_minute: 0 });
    const limited = await refusal(() => productsV3.queryProducts().find());
    assert.equal(limited.status, 429);
    assert.equal(limited.details.applicationError.code, 'RESOURCE_EXHAUSTED');
  },

  async 'an ended session'() {
    await becomeMember('ada@example.test');
    await members.getCurrentMember();
    await administer('POST', '/revoke', { member: 'ada@example.test', access_too: true });
    const ended = await refusal(() => members.getCurrentMember());
    assert.equal(ended.status, 401);
    assert.equal(ended.details.applicationError.data.details.code, 'session_ended');
    assert.equal(authentication.loggedIn(), false);
  },

  async 'six calls of a page'() {
    await Promise.all(Array.from({ length: 6 }, () => productsV3.queryProducts().limit(1).find()));
    assert.deepEqual(sent.slice(0, 1), ['GET /_wix/session']);
    assert.equal(sent.filter((each) => each === 'GET /_wix/session').length, 1);
    const { grants } = await administer('GET', '/counts');
    assert.deepEqual(grants, { anonymous: 1 });
  },

  async 'the HTTP client'() {
    const address = 'https://www.wixapis.com/members/v1/members';
    const answer = await httpClient.fetchWithAuth(address, { headers: { Authorization: 'x' } });
    assert.equal((await answer.json()).members.length, 3);
    await httpClient.fetchWithAuth('/page-of-the-frontend');
    assert.equal(sent.at(-1), 'GET /page-of-the-frontend');
  },

  async 'elevation'() {
    const elevated = auth.elevate(members.getCurrentMember);
    const refused = await refusal(async () => elevated());
    assert.match(refused.message, /elevated client is required/);
    assert.equal(globalThis.__wix_context__.elevatedClient, undefined);
    assert.deepEqual(sent, []);
  },

  async 'who is logged in'() {
    assert.equal(authentication.loggedIn(), false);
    await productsV3.queryProducts().limit(1).find();
    assert.equal(authentication.loggedIn(), false);
    await becomeMember('ada@example.test');
    assert.equal(authentication.loggedIn(), true);
    await members.getCurrentMember();
    assert.deepEqual(page.events, ['visitor', 'member']);
  },

  async 'language and time zone'() {
    assert.equal(i18n.getLanguage(), 'de');
    assert.equal(i18n.getLocale(), 'de-CH');
    assert.ok(settings.getTimezone());
  },

  async 'logout'() {
    await becomeMember('ada@example.test');
    await members.getCurrentMember();
    await authentication.logout();
    assert.equal(sent.at(-1), 'POST /_wix/logout');
    assert.equal(authentication.loggedIn(), false);
    assert.equal((await session()).identity, 'visitor');
  },
};

await perform(checks);
