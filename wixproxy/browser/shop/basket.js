// The current cart: Wix knows whose it is from the session alone.
//
// Changes wait for each other, so that two quick clicks cannot overtake one
// another; after each the document hears of the cart as it stands.

import { Problem, wix } from "./wix.js";

const CURRENT = "/ecom/v1/carts/current";
// Wix: the catalog that Wix Stores' products are in.
const STORES = "215238eb-22a5-4c36-9e7b-e7c08025e04e";

let latestChange = Promise.resolve();

/** Return the cart, or null before anything was put into it. */
export function load() {
  return inTurn(async () => {
    try {
      return (await wix("GET", CURRENT)).cart;
    } catch (problem) {
      if (problem instanceof Problem && problem.code === "OWNED_CART_NOT_FOUND") return null;
      throw problem;
    }
  });
}

/** Put one piece of a product into the cart. */
export function add(product, choices) {
  const options = Object.keys(choices).length ? { options: { options: choices } } : {};
  const catalogReference = { appId: STORES, catalogItemId: product.id, ...options };
  return changed("add-to-cart", { lineItems: [{ catalogReference, quantity: 1 }] });
}

/** Set how many pieces of a line are wanted. */
export function setQuantity(line, quantity) {
  return changed("update-line-items-quantity", { lineItems: [{ id: line.id, quantity }] });
}

/** Take a line out. */
export function remove(line) {
  return changed("remove-line-items", { lineItemIds: [line.id] });
}

/** Return the address of the checkout page on Wix, which leads back here. */
export function checkoutAddress() {
  return inTurn(async () => {
    const { checkoutId } = await wix("POST", `${CURRENT}/create-checkout`, { channelType: "WEB" });
    const cart = new URL("/cart", location.origin).href;
    const { redirectSession } = await wix("POST", "/headless/v1/redirect-session", {
      ecomCheckout: { checkoutId },
      callbacks: { postFlowUrl: cart, thankYouPageUrl: cart },
    });
    return redirectSession.fullUrl;
  }, false);
}

/** Return how many pieces a cart holds. */
export function pieces(cart) {
  return (cart?.lineItems ?? []).reduce((sum, line) => sum + line.quantity, 0);
}

function changed(action, asked) {
  return inTurn(async () => (await wix("POST", `${CURRENT}/${action}`, asked)).cart);
}

function inTurn(work, tells = true) {
  const result = latestChange.then(work);
  latestChange = result.catch(() => {});
  if (!tells) return result;
  return result.then((cart) => {
    document.dispatchEvent(new CustomEvent("cart", { detail: cart }));
    return cart;
  });
}
