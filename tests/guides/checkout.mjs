// Run the guide's module on a page behind the proxy: `node checkout.mjs MODULE`; print where it goes.

import assert from 'node:assert/strict';
import * as wix from '../emulator/sdk/packages.mjs';
import { open } from '../browser/sdk/window.mjs';
import { jar, open as ask } from '../journeys/sdk/page.mjs';

const { origin } = JSON.parse(process.env.SCENE);
const STORES = '215238eb-22a5-4c36-9e7b-e7c08025e04e';

// A browser's fetch, which stays on the origin.
async function browserFetch(input, init = {}) {
  const url = new URL(input, origin);
  assert.equal(url.origin, origin, 'a call left the origin');
  return ask(url.pathname + url.search, { ...init, headers: Object.fromEntries(init.headers ?? []) });
}

open(`${origin}/cart`, browserFetch, jar);
const gone = [];
globalThis.location.assign = (address) => gone.push(address);

const { product } = await wix.stores.productsV3.getProductBySlug('dawn-mug');
const catalogReference = { appId: STORES, catalogItemId: product._id };
await wix.ecom.currentCart.addToCurrentCart({ lineItems: [{ catalogReference, quantity: 1 }] });

const { checkOut } = await import(process.argv[2]);
await checkOut();
assert.equal(gone.length, 1);
console.log(gone[0]);
