// The cart: change quantities, take things out, go to the checkout.
//
// A row keeps its element for as long as its line lives, so that the keyboard
// stays where it was while numbers change around it.

import * as basket from "./basket.js";
import { element, picture } from "./elements.js";
import { attempt, loginLink, murmur, run, say } from "./page.js";
import { wix } from "./wix.js";

const place = document.querySelector("#cart");
const rows = new Map();
const list = element("ul", { class: "lines" });
const sum = element("output", { class: "sum" });
const foot = element("div", { class: "cart-foot" });
let identity = "none";
let orderId = takeOrderId();

run(async (who) => {
  identity = who.identity;
  show(await basket.load());
  await thank();
});

function show(cart) {
  const lines = cart?.lineItems ?? [];
  for (const [id, row] of rows) {
    if (lines.some((line) => line.id === id)) continue;
    row.item.remove();
    rows.delete(id);
  }
  if (!lines.length) {
    place.replaceChildren(
      element("p", { class: "quiet-words" }, "Nothing in it yet."),
      element("a", { class: "button", href: "/" }, "Look around"),
    );
    return;
  }
  for (const line of lines) {
    if (!rows.has(line.id)) rows.set(line.id, newRow(line));
    const row = rows.get(line.id);
    row.update(line);
    if (!row.item.isConnected) list.append(row.item);
  }
  sum.textContent = cart.subtotal.formattedAmount;
  foot.replaceChildren(...footer());
  if (!list.isConnected) place.replaceChildren(list, foot);
}

function newRow(first) {
  const name = first.productName.translated ?? first.productName.original;
  const pieces = element("input", {
    type: "number",
    min: "1",
    max: "999",
    inputmode: "numeric",
    "aria-label": `Quantity of ${name}`,
  });
  const total = element("span", { class: "line-total" });
  const short = element("p", { class: "short" });
  const row = { item: null, line: first };
  const want = (quantity) => {
    pieces.value = quantity;
    attempt(async () => {
      try {
        show(await basket.setQuantity(row.line, quantity));
      } catch (problem) {
        pieces.value = row.line.quantity;
        throw problem;
      }
      murmur(`${name}: ${quantity}. The cart is now ${sum.textContent}.`);
    });
  };
  const step = (by) => want(Math.max(1, Number(pieces.value) + by));
  pieces.addEventListener("change", () => {
    const asked = Math.round(Number(pieces.value));
    if (asked >= 1 && asked <= 999) want(asked);
    else pieces.value = row.line.quantity;
  });
  const takeOut = () =>
    attempt(async () => {
      const next = row.item.nextElementSibling ?? row.item.previousElementSibling;
      show(await basket.remove(row.line));
      say(`${name} is out of your cart.`);
      (next?.querySelector(".remove") ?? place.querySelector("a, button"))?.focus();
    });
  row.item = element(
    "li",
    { class: "line" },
    element("div", { class: "frame" }, picture(first.image?.url ?? first.image, name, 96)),
    element(
      "div",
      { class: "line-about" },
      element("h2", {}, productLink(first, name)),
      element("p", { class: "soft" }, details(first)),
      short,
    ),
    element(
      "div",
      { class: "stepper" },
      stepButton("−", `One ${name} less`, () => step(-1)),
      pieces,
      stepButton("+", `One ${name} more`, () => step(1)),
    ),
    total,
    element(
      "button",
      { class: "remove", "aria-label": `Remove ${name}`, onclick: takeOut },
      "Remove",
    ),
  );
  row.update = (line) => {
    row.line = line;
    pieces.value = line.quantity;
    total.textContent = line.lineItemPrice.formattedAmount;
    const enough = line.availability?.status === "AVAILABLE";
    short.textContent = enough ? "" : `Only ${line.availability?.quantityAvailable ?? 0} left.`;
  };
  return row;
}

function footer() {
  const checkout = element("button", { class: "button" }, "Check out");
  checkout.addEventListener("click", () => {
    checkout.disabled = true;
    attempt(async () => location.assign(await basket.checkoutAddress())).finally(() => {
      checkout.disabled = false;
    });
  });
  const login = element("p", { class: "soft" }, loginLink("Log in", ""), " and this cart comes along.");
  return [
    element("p", { class: "subtotal" }, "Subtotal ", sum),
    checkout,
    identity === "member" ? null : login,
  ].filter(Boolean);
}

function stepButton(sign, label, onclick) {
  return element("button", { type: "button", class: "step", "aria-label": label, onclick }, sign);
}

function productLink(line, name) {
  const path = line.url?.relativePath;
  return path?.startsWith("/") ? element("a", { href: path }, name) : name;
}

function details(line) {
  const choices = (line.descriptionLines ?? []).map(
    ({ name, plainText }) => `${name.original}: ${plainText?.original ?? ""}`,
  );
  return [line.price.formattedAmount, ...choices].join(" · ");
}

function takeOrderId() {
  const id = new URLSearchParams(location.search).get("orderId");
  // Once is enough: a reload or a login should not thank again.
  history.replaceState(null, "", "/cart");
  return id;
}

async function thank() {
  if (!orderId) return;
  // An address can say anything, so Wix is asked what became of the order.
  const note = element("p", { class: "notice" }, ...(await wordsFor(orderId)));
  orderId = null;
  place.before(note);
}

async function wordsFor(id) {
  try {
    const { order } = await wix("GET", `/ecom/v1/orders/${encodeURIComponent(id)}`);
    const total = order.priceSummary.total.formattedAmount;
    return [`Thank you. Order ${order.number} is placed, ${total} in all.`];
  } catch (problem) {
    if (problem.status !== 404) throw problem;
    return ["Wix knows no such order of yours."];
  }
}
