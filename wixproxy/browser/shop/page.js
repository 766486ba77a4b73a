// What every page of the shop has: who is here, how much is in the cart, and a
// kind word when something cannot be had.

import * as basket from "./basket.js";
import { element } from "./elements.js";
import { showReach } from "./reach.js";
import { here, hint, latest, loginAddress, Problem, session, wix } from "./wix.js";

const ENDED =
  "Your session has ended, so you are here as a new visitor. Log in, and your own cart is back.";

const UNREACHABLE = "Wix cannot be reached just now. Nothing of yours is lost.";
const SPOKEN_FOR_MS = 6000;

let refresh = async () => {};
let silence = 0;

/** Run a page: `show(who)` fills it, and runs again whenever the identity changes. */
export function run(show) {
  let seen = "";
  let busy = false;
  document.addEventListener("cart", ({ detail }) => showCount(detail));
  refresh = async (mayRepeat = true) => {
    busy = true;
    document.documentElement.setAttribute("aria-busy", "true");
    let who = null;
    let ended = false;
    try {
      who = await session();
      seen = hint();
      const known = await member(who);
      clearBanner();
      if (who.ended) showBanner(ENDED, loginLink("Log in again"));
      showIdentity(who, known);
      await show(who, known);
    } catch (problem) {
      ended = problem.isSessionEnd && mayRepeat;
      if (!ended) report(problem, () => refresh());
    } finally {
      showReach(who, latest);
      busy = false;
      document.documentElement.removeAttribute("aria-busy");
    }
    // Whoever we were, we are a visitor now: show the page as that.
    if (ended) await refresh(false);
  };
  const look = () => {
    if (!busy && document.visibilityState === "visible" && hint() !== seen) refresh();
  };
  // Someone logged in or out in another tab, or came back with the back button.
  document.addEventListener("visibilitychange", look);
  addEventListener("focus", look);
  globalThis.cookieStore?.addEventListener("change", look);
  addEventListener("pageshow", (event) => event.persisted && refresh());
  return refresh();
}

/** Do what a click asks for; tell what went wrong, with a way to try again. */
export async function attempt(work) {
  try {
    await work();
  } catch (problem) {
    if (problem.isSessionEnd) await refresh();
    else report(problem, () => attempt(work));
  }
}

function report(problem, again) {
  if (!(problem instanceof Problem)) throw problem;
  const unreachable = problem.code === "wix_unavailable";
  const request = problem.requestId ? `Request ${problem.requestId}` : "";
  const details = unreachable ? `${problem.message} ${request}` : request;
  showBanner(
    [unreachable ? UNREACHABLE : problem.message, details ? element("small", {}, details) : ""],
    problem.isPassing ? retryButton(again) : null,
  );
}

/** Say something in passing, for eyes and ears. */
export function say(...words) {
  speak(words, "status fresh");
}

/** Tell those who listen to the page what the others see by themselves. */
export function murmur(text) {
  speak([text], "status");
}

function speak(words, look) {
  const line = document.querySelector("#status");
  line.replaceChildren(...words);
  line.className = look;
  clearTimeout(silence);
  silence = setTimeout(() => {
    line.className = "status";
    line.replaceChildren();
  }, SPOKEN_FOR_MS);
}

/** Return a link that logs in and comes back. */
export function loginLink(text, kind = "button") {
  return element("a", { class: kind, href: loginAddress() }, text);
}

async function member(who) {
  if (who.identity !== "member") return null;
  return (await wix("GET", "/members/v1/members/my?fieldsets=FULL")).member;
}

function showIdentity(who, known) {
  const place = document.querySelector("#identity");
  if (who.identity !== "member") {
    place.replaceChildren(
      element("span", { class: "who" }, "Visitor"),
      loginLink("Log in", "button small"),
    );
    return;
  }
  const name = known?.profile?.nickname || "Member";
  place.replaceChildren(
    element("a", { class: "who", href: "/profile" }, name),
    element(
      "form",
      { method: "post", action: who.logoutUrl },
      element("input", { type: "hidden", name: "returnToUrl", value: here() }),
      element("button", { class: "button small quiet" }, "Log out"),
    ),
  );
}

function showCount(cart) {
  const count = basket.pieces(cart);
  const badge = document.querySelector("#count");
  badge.textContent = count ? String(count) : "";
  badge.parentElement.setAttribute("aria-label", count ? `Cart, ${count} in it` : "Cart, empty");
}

function showBanner(words, action) {
  const text = element("p", {}, ...[words].flat());
  const banner = document.querySelector("#banner");
  banner.replaceChildren(text, ...(action ? [action] : []));
  banner.hidden = false;
}

function clearBanner() {
  const banner = document.querySelector("#banner");
  banner.replaceChildren();
  banner.hidden = true;
}

function retryButton(again) {
  const retry = () => {
    clearBanner();
    again();
  };
  return element("button", { class: "button", onclick: retry }, "Try again");
}
