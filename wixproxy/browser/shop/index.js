// The shelves: every product, with its choices and a way into the cart.

import * as basket from "./basket.js";
import { element, picture } from "./elements.js";
import { attempt, run, say } from "./page.js";
import { wix } from "./wix.js";

// Pages of this site that other pages link to; the proxy gives us for any other.
const PRODUCT_PAGE = "/product-page/";

run(async () => {
  const [found] = await Promise.all([products(), basket.load()]);
  document.querySelector("#products").replaceChildren(...found.map(shelf));
  arrive();
});

async function products() {
  const asked = { query: { cursorPaging: { limit: 50 } }, fields: ["PLAIN_DESCRIPTION"] };
  return (await wix("POST", "/stores/v3/products/query", asked)).products;
}

function shelf(product) {
  const soldOut = product.inventory?.availabilityStatus === "OUT_OF_STOCK";
  const image = product.media?.main?.image?.url;
  return element(
    "li",
    { class: "product", id: product.slug },
    element(
      "div",
      { class: "frame" },
      picture(image, product.name, 400),
      product.ribbon ? element("span", { class: "ribbon" }, product.ribbon.name) : null,
    ),
    element(
      "div",
      { class: "about" },
      element("h2", {}, product.name),
      price(product),
      element("p", { class: "description" }, plain(product.plainDescription ?? "")),
      soldOut ? element("p", { class: "sold-out" }, "Sold out for now") : order(product),
    ),
  );
}

function price(product) {
  const now = product.actualPriceRange.minValue.formattedAmount;
  const before = product.compareAtPriceRange?.minValue;
  const reduced = before && Number(before.amount) > Number(product.actualPriceRange.minValue.amount);
  if (!reduced) return element("p", { class: "price" }, now);
  return element(
    "p",
    { class: "price" },
    element("span", { class: "unseen" }, "Now "),
    now,
    " ",
    element("span", { class: "unseen" }, "before "),
    element("del", {}, before.formattedAmount),
  );
}

function order(product) {
  const button = element(
    "button",
    { class: "button", "aria-label": `Add to cart: ${product.name}` },
    "Add",
    element("span", { class: "extra" }, " to cart"),
  );
  const form = element(
    "form",
    { class: "order" },
    ...(product.options ?? []).map(choice),
    button,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const choices = Object.fromEntries(new FormData(form));
    button.disabled = true;
    attempt(async () => {
      await basket.add(product, choices);
      const kind = Object.values(choices).join(", ");
      const name = kind ? `${product.name} (${kind})` : product.name;
      say(`${name} is in your cart. `, element("a", { href: "/cart" }, "See the cart"));
    }).finally(() => {
      button.disabled = false;
    });
  });
  return form;
}

function choice(option) {
  const values = option.choicesSettings?.choices ?? [];
  return element(
    "label",
    {},
    element("span", { class: "unseen" }, option.name),
    element("select", { name: option.name }, ...values.map(({ name }) => element("option", {}, name))),
  );
}

function plain(markup) {
  // A parsed document that is never shown: no script of it runs, nothing loads.
  return new DOMParser().parseFromString(markup, "text/html").body.textContent ?? "";
}

function arrive() {
  const path = location.pathname;
  const wanted = path.startsWith(PRODUCT_PAGE) ? path.slice(PRODUCT_PAGE.length) : null;
  const product = wanted && document.getElementById(wanted);
  if (product) {
    product.classList.add("wanted");
    product.scrollIntoView({ block: "center" });
  } else if (path !== "/" && path !== "/index.html") {
    const lost = document.querySelector("#lost");
    lost.textContent = `There is no page ${path} here. This is the shop.`;
    lost.hidden = false;
  }
}
