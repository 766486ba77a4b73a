// Drive Wix's own modules through `/_wix/api`, without a token: `node through_proxy.mjs CHECK`.

import assert from 'node:assert/strict';
import { perform, refusal } from '../../emulator/sdk/checks.mjs';
import * as wix from '../../emulator/sdk/packages.mjs';
import {
  administer, becomeMember, open, page, pageWithStrategy, problemOf, session,
} from './page.mjs';

const { cart, checkout, currentCart, currentCartV2 } = wix.ecom;
const { items } = wix.data;
const { members } = wix.members;
const { products, productsV3 } = wix.stores;
const { redirects } = wix.redirects;
const { authentication } = wix.identity;
const MODULES = {
  authentication, cart, checkout, currentCart, currentCartV2, items, members, products, productsV3,
  redirects,
};
const STORES = '215238eb-22a5-4c36-9e7b-e7c08025e04e';
const UNKNOWN = '11111111-0000-4000-8000-000000000001';

async function fill(client, slug, quantity) {
  const { product } = await client.productsV3.getProductBySlug(slug);
  const catalogReference = { appId: STORES, catalogItemId: product._id };
  return (await client.currentCart.addToCurrentCart({ lineItems: [{ catalogReference, quantity }] })).cart;
}

const checks = {
  async 'products'() {
    for (const client of [page(MODULES), pageWithStrategy(MODULES)]) {
      const first = await client.productsV3.queryProducts().limit(5).find();
      assert.equal(first.items.length, 5);
      assert.equal((await first.next()).items.length, 3);
      const whole = await client.productsV3.getProduct(first.items[0]._id);
      assert.equal(whole.slug, first.items[0].slug);
      const found = await client.productsV3.searchProducts({ search: { expression: 'merino' } });
      assert.deepEqual(found.products.map((each) => each.slug), ['wool-socks']);

      const older = await client.products.queryProducts().ascending('name').limit(3).find();
      assert.equal(older.totalCount, 8);
      const { product } = await client.products.getProduct(older.items[0]._id);
      assert.equal(product.name, older.items[0].name);
    }
  },

  async 'product refusals'() {
    const client = page(MODULES);
    const missing = await refusal(() => client.productsV3.getProduct(UNKNOWN));
    assert.equal(missing.status, 404);
    assert.match(missing.requestId, /^\d+\.\d+$/);
    const older = await refusal(() => client.products.getProduct(UNKNOWN));
    assert.equal(older.status, 404);
    const wrong = await refusal(() => client.productsV3.queryProducts().limit(100_000).find());
    assert.equal(wrong.status, 400);
  },

  async 'cart'() {
    const client = page(MODULES);
    const none = await refusal(() => client.currentCart.getCurrentCart());
    assert.equal(none.status, 404);
    assert.equal(none.details.applicationError.code, 'OWNED_CART_NOT_FOUND');

    const filled = await fill(client, 'dawn-mug', 2);
    const got = await client.currentCart.getCurrentCart();
    assert.equal(got._id, filled._id);
    assert.ok(got._createdDate instanceof Date);
    const [line] = got.lineItems;
    const raised = await client.currentCart.updateCurrentCartLineItemQuantity(
      [{ _id: line._id, quantity: 3 }],
    );
    assert.equal(raised.cart.lineItems[0].quantity, 3);
    const noted = await client.currentCart.updateCurrentCart({ cartInfo: { buyerNote: 'ring' } });
    assert.equal(noted.buyerNote, 'ring');
    const totals = await client.currentCart.estimateCurrentCartTotals({ calculateTax: true });
    assert.equal(totals.priceSummary.total.amount, '72.00');
    assert.equal((await client.cart.getCart(got._id)).lineItems.length, 1);
    assert.equal((await client.currentCartV2.getCurrentCart()).cart._id, got._id);

    const emptied = await client.currentCart.removeLineItemsFromCurrentCart([line._id]);
    assert.deepEqual(emptied.cart.lineItems, []);
    await client.currentCart.deleteCurrentCart();
    assert.equal((await refusal(() => client.currentCart.getCurrentCart())).status, 404);
  },

  async 'cart refusals'() {
    const client = page(MODULES);
    const empty = await refusal(() => client.currentCart.addToCurrentCart({ lineItems: [] }));
    assert.equal(empty.status, 400);
    assert.match(empty.message, /INVALID_ARGUMENT/);
    assert.equal(empty.details.validationError.fieldViolations[0].field, 'options.lineItems');
    const lineItems = [{ catalogReference: { appId: STORES, catalogItemId: 'none' }, quantity: 1 }];
    const unknown = await refusal(() => client.currentCart.addToCurrentCart({ lineItems }));
    assert.equal(unknown.details.applicationError.code, 'ITEM_NOT_FOUND_IN_CATALOG');
  },

  async 'checkout'() {
    const client = page(MODULES);
    const filled = await fill(client, 'field-tote', 1);
    const { checkoutId } = await client.currentCart.createCheckoutFromCurrentCart({ channelType: 'WEB' });
    const got = await client.checkout.getCheckout(checkoutId);
    assert.equal(got.cartId, filled._id);

    const { origin } = JSON.parse(process.env.SCENE);
    const leave = (host) => client.redirects.createRedirectSession({
      ecomCheckout: { checkoutId },
      callbacks: { postFlowUrl: `${host}/cart`, thankYouPageUrl: `${host}/thanks` },
    });
    const { redirectSession } = await leave(origin);
    assert.equal(redirectSession.sessionToken, undefined);
    const shown = await fetch(redirectSession.fullUrl);
    assert.equal(shown.status, 200);
    assert.match(await shown.text(), /Checkout/);

    const elsewhere = await refusal(() => leave('http://localhost:1'));
    assert.equal(elsewhere.status, 400);
    assert.equal(problemOf(elsewhere).code, 'unsafe_return_url');
    await administer('PUT', '/settings', { redirect_domains: [] });
    const unlisted = await refusal(() => leave(origin));
    assert.equal(unlisted.status, 403);
    assert.match(unlisted.message, /isn't listed as an allowed redirect domain/);
    await administer('PUT', '/settings', { redirect_domains: [origin], published: false });
    const unpublished = await refusal(() => leave(origin));
    assert.equal(unpublished.status, 500);
    assert.match(unpublished.message, /No Public URL Found/);
  },

  async 'members'() {
    const client = page(MODULES);
    const visitor = await refusal(() => client.members.getCurrentMember({ fieldsets: ['FULL'] }));
    assert.equal(visitor.status, 403);
    assert.equal(visitor.details.applicationError.code, 'PERMISSION_DENIED');
    assert.equal((await client.members.listMembers({ paging: { limit: 2 } })).members.length, 2);

    await becomeMember('ada@example.test');
    const { member } = await client.members.getCurrentMember({ fieldsets: ['FULL'] });
    assert.equal(member.loginEmail, 'ada@example.test');
    assert.equal(member._id, (await session()).memberId);
    const changed = await client.members.updateMember(member._id, { profile: { nickname: 'A.' } });
    assert.equal(changed.profile.nickname, 'A.');
    const found = await client.members.queryMembers().eq('profile.nickname', 'A.').find();
    assert.deepEqual(found.items.map((each) => each._id), [member._id]);
    assert.equal((await refusal(() => client.members.getMember(UNKNOWN))).status, 404);
  },

  async 'data items'() {
    const client = page(MODULES);
    const read = await client.items.query('Journal').hasSome('tags', ['home'])
      .descending('minutes').limit(1).find({ returnTotalCount: true });
    assert.equal(read.totalCount, 2);
    assert.ok(read.items[0].published instanceof Date);
    assert.equal((await read.next()).items[0].title, 'Repotting a fern');
    // Too long for a query string: the client sends the same by POST.
    const many = Array.from({ length: 600 }, (_, number) => `tag number ${number}`);
    const found = await client.items.query('Journal').hasSome('tags', [...many, 'tea']).find();
    assert.equal(found.length, 1);

    const stranger = await refusal(() => client.items.insert('Journal', { title: 'On hail' }));
    assert.match(stranger.message, /WDE0027/);
    const nowhere = await refusal(() => client.items.query('Nowhere').find());
    assert.match(nowhere.message, /WDE0025/);

    await becomeMember('ada@example.test');
    const made = await client.items.insert('Journal', { title: 'On räin', on: new Date(0) });
    const got = await client.items.get('Journal', made._id);
    assert.equal(got.title, 'On räin');
    assert.equal(got.on.getTime(), 0);
    const changed = await client.items.update('Journal', { ...got, title: 'On snow' });
    assert.equal(changed.title, 'On snow');
    const patched = await client.items.patch('Journal', made._id).setField('minutes', 7).run();
    assert.equal(patched.minutes, 7);
    assert.equal((await client.items.remove('Journal', made._id)).title, 'On snow');
    assert.equal(await client.items.get('Journal', made._id), null);
  },

  async 'modules without a client'() {
    page({}).enableContext('global');
    const { items: found } = await productsV3.queryProducts().limit(1).find();
    assert.equal(found.length, 1);
    assert.equal((await refusal(() => members.getCurrentMember())).status, 403);
    await becomeMember('grace@example.test');
    assert.equal((await members.getCurrentMember()).member.profile.nickname, 'Grace Harbour');
  },

  async 'an empty Authorization'() {
    await page(MODULES, {}).productsV3.queryProducts().find();
    const { requests } = await administer('GET', '/requests?path=/stores/v3/products/query');
    const sent = requests[0].headers.filter(([name]) => name.toLowerCase() === 'authorization');
    assert.equal(sent.length, 1);
    assert.match(sent[0][1], /^OauthNG\.JWS\./);
  },

  async 'six calls of a page'() {
    const client = page(MODULES);
    assert.equal((await session('?start=1')).identity, 'visitor');
    await Promise.all(Array.from({ length: 6 }, () => client.productsV3.queryProducts().find()));
    await fill(client, 'dawn-mug', 1);
    assert.equal((await client.currentCart.getCurrentCart()).lineItems.length, 1);
    assert.deepEqual((await administer('GET', '/counts')).grants, { anonymous: 1 });
  },

  async 'reads after writes'() {
    const client = page(MODULES);
    await fill(client, 'dawn-mug', 1);
    await client.currentCart.getCurrentCart();
    const { requests } = await administer('GET', '/requests?path=/ecom/v1/carts/current');
    const names = requests.at(-1).headers.map(([name]) => name.toLowerCase());
    assert.ok(names.includes('x-wix-consistent'));
    assert.ok(!names.includes('cookie'));
  },

  async 'logins yield handles'() {
    const client = page(MODULES);
    const state = await client.authentication.loginV2(
      { email: 'ada@example.test' }, { password: 'ada-password' },
    );
    assert.equal(state.state, 'SUCCESS');
    assert.match(state.sessionToken, /^wixproxy\./);
    const wrong = await refusal(() => client.authentication.loginV2(
      { email: 'ada@example.test' }, { password: 'wrong' },
    ));
    assert.equal(wrong.status, 401);
    const token = await open('/_wix/api/oauth2/token', {
      method: 'POST', body: JSON.stringify({ grantType: 'anonymous' }),
    });
    assert.equal(token.status, 200);
    assert.equal((await token.json()).access_token, 'wixproxy.session');
  },

  async 'ended session'() {
    const client = page(MODULES);
    await becomeMember('ada@example.test');
    await client.members.getCurrentMember();
    await administer('POST', '/revoke', { member: 'ada@example.test', access_too: true });

    const ended = await refusal(() => client.members.getCurrentMember());
    assert.equal(ended.status, 401);
    const problem = problemOf(ended);
    assert.equal(problem.code, 'session_ended');
    assert.match(problem.loginUrl, /^\/_wix\/login/);

    // Nothing ran as a stranger; the next call runs as a new visitor.
    const told = await session();
    assert.equal(told.identity, 'visitor');
    assert.ok(told.ended.reason);
    assert.equal((await refusal(() => client.members.getCurrentMember())).status, 403);
    assert.equal((await fill(client, 'dawn-mug', 1)).lineItems.length, 1);
  },

  async 'a new visitor for one that ended'() {
    const client = page(MODULES);
    const filled = await fill(client, 'dawn-mug', 1);
    const { visitorId: visitor } = filled.buyerInfo;
    await administer('POST', '/revoke', { visitor, access_too: true });
    const none = await refusal(() => client.currentCart.getCurrentCart());
    assert.equal(none.details.applicationError.code, 'OWNED_CART_NOT_FOUND');
    const again = await fill(client, 'dawn-mug', 1);
    assert.notEqual(again.buyerInfo.visitorId, visitor);
  },

  async 'expired token'() {
    await administer('PUT', '/settings', { access_token_seconds: 2 });
    const client = page(MODULES);
    const filled = await fill(client, 'dawn-mug', 1);
    await administer('POST', '/clock', { advance_seconds: 3 });
    const kept = await client.currentCart.getCurrentCart();
    assert.equal(kept._id, filled._id);
    assert.equal((await administer('GET', '/counts')).grants.anonymous, 1);
  },

  async 'Wix in trouble'() {
    const client = page(MODULES);
    await client.productsV3.queryProducts().find();
    const struck = async (fault) => {
      await administer('PUT', '/faults', { faults: [fault] });
      const error = await refusal(() => client.productsV3.queryProducts().find());
      await administer('DELETE', '/faults');
      return error;
    };
    const reset = await struck({ kind: 'reset' });
    assert.equal(reset.status, 503);
    assert.equal(problemOf(reset).code, 'wix_unavailable');
    assert.equal((await struck({ kind: 'status', status: 500 })).status, 500);
    assert.equal((await struck({ kind: 'html', status: 502 })).status, 502);

    await administer('PUT', '/settings', { rate_limit_per_minute: 0 });
    const limited = await refusal(() => client.productsV3.queryProducts().find());
    assert.equal(limited.status, 429);
    assert.equal(limited.details.applicationError.code, 'RESOURCE_EXHAUSTED');
    await administer('PUT', '/settings', { rate_limit_per_minute: null });
    assert.equal((await client.productsV3.queryProducts().find()).items.length, 8);
    assert.equal((await administer('GET', '/counts')).grants.anonymous, 1);
  },
};

await perform(checks);
