// Drive Wix's own modules against the emulator: `node modules.mjs CHECK`.

import assert from 'node:assert/strict';
import { items } from '@wix/data';
import { cart, checkout, currentCart, currentCartV2 } from '@wix/ecom';
import { members } from '@wix/members';
import { products, productsV3 } from '@wix/stores';
import { perform, refusal } from './checks.mjs';
import { app, logIn, visitor } from './emulated.mjs';

const STORES = '215238eb-22a5-4c36-9e7b-e7c08025e04e';
const MODULES = { cart, checkout, currentCart, currentCartV2, items, members, products, productsV3 };

const reference = (product, options = {}) => ({
  appId: STORES, catalogItemId: product._id, options,
});

async function productWith(client, slug) {
  const { product } = await client.productsV3.getProductBySlug(slug);
  return product;
}

async function fill(client, slug, quantity) {
  const product = await productWith(client, slug);
  const lineItems = [{ catalogReference: reference(product), quantity }];
  return (await client.currentCart.addToCurrentCart({ lineItems })).cart;
}

const checks = {
  async 'members'() {
    const client = visitor(MODULES);
    const refused = await refusal(() => client.members.getCurrentMember({ fieldsets: ['FULL'] }));
    assert.equal(refused.status, 403);
    assert.equal(refused.details.applicationError.code, 'PERMISSION_DENIED');

    const listed = await client.members.listMembers({ paging: { limit: 2 } });
    assert.equal(listed.members.length, 2);
    assert.equal(listed.metadata.total, 3);

    await logIn(client, 'ada@example.test', 'ada-password');
    assert.ok(client.auth.loggedIn());
    const { member } = await client.members.getCurrentMember({ fieldsets: ['FULL'] });
    assert.equal(member.loginEmail, 'ada@example.test');
    assert.ok(member._createdDate instanceof Date);

    const changed = await client.members.updateMember(member._id, {
      contact: { firstName: 'Adele' }, profile: { nickname: 'A.' },
    });
    assert.equal(changed.contact.firstName, 'Adele');

    const found = await client.members.queryMembers().eq('profile.nickname', 'A.').find();
    assert.deepEqual(found.items.map((each) => each._id), [member._id]);
    assert.equal((await client.members.getMember(member._id)).profile.nickname, 'A.');
  },

  async 'app members'() {
    const client = app(MODULES);
    const listed = await client.members.listMembers({ fieldsets: ['FULL'] });
    assert.equal(listed.members[0].loginEmail, 'ada@example.test');
    const joined = await client.members.queryMembers({ fieldsets: ['FULL'] })
      .eq('status', 'APPROVED').descending('loginEmail').limit(2).find();
    assert.deepEqual(joined.items.map((each) => each.contact.firstName), ['Linus', 'Grace']);
    assert.ok(joined.hasNext());
    assert.equal((await joined.next()).items.length, 1);
  },

  async 'cart'() {
    const client = visitor(MODULES);
    const none = await refusal(() => client.currentCart.getCurrentCart());
    assert.equal(none.details.applicationError.code, 'OWNED_CART_NOT_FOUND');

    const filled = await fill(client, 'dawn-mug', 2);
    assert.equal(filled.lineItems[0].price.formattedAmount, '$24.00');
    assert.match(filled.lineItems[0].image, /^http.*\.svg$/);
    assert.match(filled.lineItems[0].url, /\/product-page\/dawn-mug$/);

    const got = await client.currentCart.getCurrentCart();
    assert.equal(got._id, filled._id);
    assert.ok(got._createdDate instanceof Date);
    const lineId = got.lineItems[0]._id;

    const raised = await client.currentCart.updateCurrentCartLineItemQuantity(
      [{ _id: lineId, quantity: 3 }],
    );
    assert.equal(raised.cart.lineItems[0].quantity, 3);

    const noted = await client.currentCart.updateCurrentCart({ cartInfo: { buyerNote: 'ring' } });
    assert.equal(noted.buyerNote, 'ring');

    const totals = await client.currentCart.estimateCurrentCartTotals({ calculateTax: true });
    assert.equal(totals.priceSummary.total.amount, '72.00');

    assert.equal((await client.cart.getCart(got._id)).lineItems.length, 1);

    const emptied = await client.currentCart.removeLineItemsFromCurrentCart([lineId]);
    assert.deepEqual(emptied.cart.lineItems, []);
    await client.currentCart.deleteCurrentCart();
    assert.equal((await refusal(() => client.currentCart.getCurrentCart())).status, 404);
  },

  async 'cart refusals'() {
    const client = visitor(MODULES);
    const empty = await refusal(() => client.currentCart.addToCurrentCart({ lineItems: [] }));
    assert.match(empty.message, /INVALID_ARGUMENT/);
    assert.equal(empty.details.validationError.fieldViolations[0].field, 'options.lineItems');
    const lineItems = [{ catalogReference: { appId: STORES, catalogItemId: 'none' }, quantity: 1 }];
    const unknown = await refusal(() => client.currentCart.addToCurrentCart({ lineItems }));
    assert.equal(unknown.details.applicationError.code, 'ITEM_NOT_FOUND_IN_CATALOG');
  },

  async 'cart v2'() {
    const client = visitor(MODULES);
    const socks = await productWith(client, 'wool-socks');
    const choice = { options: { Size: 'M' } };
    const added = await client.currentCartV2.addLineItemsToCurrentCart({
      catalogItems: [{ catalogReference: reference(socks, choice), quantity: 1 }],
    });
    const [line] = added.cart.lineItems;
    assert.equal(line.name.original, 'Wool Socks');
    assert.equal(line.attributes.descriptionLines[0].plainText.original, 'M');
    assert.match(line.attributes.image, /\.svg$/);

    const raised = await client.currentCartV2.updateLineItemsInCurrentCart({
      lineItems: [{ lineItemId: line._id, quantity: { newQuantity: 2 } }],
    });
    assert.equal(raised.cart.subtotal.amount, '32.00');

    const estimated = await client.currentCartV2.estimateCurrentCart();
    assert.equal(estimated.summary.priceSummary.total.amount, '32.00');
    const calculated = await client.currentCartV2.calculateCurrentCart();
    assert.equal(calculated.summary.cartId, added.cart._id);

    const older = await client.currentCart.getCurrentCart();
    assert.equal(older._id, added.cart._id);

    const emptied = await client.currentCartV2.removeLineItemsFromCurrentCart([line._id]);
    assert.deepEqual(emptied.cart.lineItems, []);
  },

  async 'checkout'() {
    const client = visitor(MODULES);
    const filled = await fill(client, 'field-tote', 1);
    const made = await client.currentCart.createCheckoutFromCurrentCart({ channelType: 'WEB' });
    const got = await client.checkout.getCheckout(made.checkoutId);
    assert.equal(got.cartId, filled._id);
    assert.equal(got.lineItems[0].fullPrice.amount, '39.00');
    assert.match(got.lineItems[0].media, /\.svg$/);
    assert.ok(got._createdDate instanceof Date);
    const address = await client.checkout.getCheckoutUrl(made.checkoutId);
    assert.match(address.checkoutUrl, new RegExp(made.checkoutId));
  },

  async 'login keeps the cart'() {
    const client = visitor(MODULES);
    const filled = await fill(client, 'window-fern', 2);
    await logIn(client, 'grace@example.test', 'grace-password');
    const kept = await client.currentCart.getCurrentCart();
    assert.equal(kept._id, filled._id);
    assert.equal(kept.lineItems[0].quantity, 2);
    assert.ok(kept.buyerInfo.memberId);
  },

  async 'products'() {
    const client = visitor(MODULES);
    const first = await client.productsV3.queryProducts().limit(5).find();
    assert.equal(first.items.length, 5);
    assert.ok(first.hasNext());
    assert.equal((await first.next()).items.length, 3);
    const one = await client.productsV3.queryProducts({ fields: ['CURRENCY', 'URL'] })
      .eq('slug', 'dawn-mug').find();
    assert.equal(one.items[0].currency, 'USD');
    assert.match(one.items[0].url, /\/product-page\/dawn-mug$/);
    assert.match(one.items[0].media.main.image, /\.svg$/);
    const whole = await client.productsV3.getProduct(one.items[0]._id);
    assert.equal(whole.variantsInfo.variants[0].price.actualPrice.formattedAmount, '$24.00');
    const missing = await refusal(() => client.productsV3.getProduct(STORES));
    assert.equal(missing.status, 404);
    const searched = await client.productsV3.searchProducts({ search: { expression: 'merino' } });
    assert.deepEqual(searched.products.map((each) => each.slug), ['wool-socks']);
  },

  async 'products v1'() {
    const client = visitor(MODULES);
    const found = await client.products.queryProducts().ascending('name').limit(3).find();
    assert.equal(found.totalCount, 8);
    assert.deepEqual(found.items.map((each) => each.name), ['Dawn Mug', 'Field Tote', 'Heather Honey']);
    assert.equal(found.items[2].stock.inStock, false);
    assert.match(found.items[0].media.mainMedia.image.url, /\.svg$/);
    const { product } = await client.products.getProduct(found.items[0]._id);
    assert.equal(product.priceData.formatted.price, '$24.00');
  },

  async 'data items'() {
    const client = visitor(MODULES);
    const open = await client.items.query('Journal').hasSome('tags', ['home'])
      .descending('minutes').limit(1).find({ returnTotalCount: true });
    assert.equal(open.totalCount, 2);
    assert.equal(open.items[0].title, 'A lamp for reading');
    assert.ok(open.items[0].published instanceof Date);
    assert.equal((await open.next()).items[0].title, 'Repotting a fern');
    assert.equal(await client.items.query('Journal').gt('published', new Date('2026-04-01')).count(), 2);

    // Too long for `.r`: the client sends the same query by POST.
    const many = Array.from({ length: 600 }, (_, number) => `tag number ${number}`);
    assert.equal((await client.items.query('Journal').hasSome('tags', [...many, 'tea']).find()).length, 1);

    const closed = await refusal(() => client.items.query('Ledger').find());
    assert.match(closed.message, /WDE0027/);

    await logIn(client, 'ada@example.test', 'ada-password');
    const made = await client.items.insert('Journal', { title: 'On rain', on: new Date(0) });
    assert.ok(made._id && made._createdDate instanceof Date && made._owner);
    const got = await client.items.get('Journal', made._id);
    assert.equal(got.on.getTime(), 0);
    const changed = await client.items.update('Journal', { ...got, title: 'On snow' });
    assert.equal(changed.title, 'On snow');
    const saved = await client.items.save('Journal', { _id: made._id, title: 'On fog' });
    assert.equal(saved.title, 'On fog');
    const patched = await client.items.patch('Journal', made._id).setField('minutes', 7).run();
    assert.equal(patched.minutes, 7);
    assert.equal((await client.items.remove('Journal', made._id)).title, 'On fog');
    assert.equal(await client.items.get('Journal', made._id), null);
    const several = await client.items.bulkInsert('Journal', [{ n: 1 }, { n: 2 }]);
    assert.equal(several.inserted, 2);
    const gone = await client.items.bulkRemove('Journal', several.insertedItemIds);
    assert.equal(gone.removed, 2);
    assert.deepEqual((await client.items.query('Journal').distinct('author')).items, ['Ada', 'Grace', 'Linus']);
  },
};

await perform(checks);
