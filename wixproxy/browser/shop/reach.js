// Show who the proxy says we are, and look for a token where scripts of pages
// commonly keep them. The search is real: it reads what it shows.

import { element, moment } from "./elements.js";

// Wix: how tokens of a visitor, a member, a login and an app begin; any JWT.
const TOKEN = /OauthNG\.|IST\.|JWS\.|eyJ[\w-]{8,}\./;

/** Fill the panel; `who` is null when the proxy could not be asked. */
export function showReach(who, latest) {
  const panel = document.querySelector("#reach");
  if (!panel) return;
  const found = places(latest).map(([name, text, note]) => ({
    name,
    text,
    note,
    leaks: TOKEN.test(text),
  }));
  const leaks = found.some(({ leaks }) => leaks);
  panel.replaceChildren(
    element(
      "div",
      { class: "reach-who" },
      element("h2", { id: "reach-title" }, "Who you are"),
      element("p", {}, "What the proxy tells this page, from ", code("GET /_wix/session"), "."),
      who ? facts(who) : element("p", {}, "The proxy cannot be asked just now."),
    ),
    element(
      "div",
      { class: "reach-search" },
      element("h2", {}, leaks ? "A token is in reach!" : "No token in reach"),
      element("p", {}, "The places where pages keep such things, searched just now."),
      element("ul", {}, ...found.map(row)),
    ),
  );
  panel.dataset.leaks = String(leaks);
}

function facts(who) {
  const rows = [["Identity", who.identity]];
  if (who.memberId) rows.push(["Member id", code(who.memberId)]);
  if (who.sessionExpiresAt) {
    const end = moment(who.sessionExpiresAt, { dateStyle: "medium", timeStyle: "short" });
    rows.push(["Session until", end]);
  }
  const pairs = rows.flatMap(([name, value]) => [
    element("dt", {}, name),
    element("dd", { "data-fact": name.toLowerCase().replaceAll(" ", "-") }, value),
  ]);
  return element("dl", {}, ...pairs);
}

function places(latest) {
  const fields = latest.fields.map(([name, value]) => `${name}: ${value}`).join("\n");
  return [
    ["document.cookie", document.cookie, "a hint of who you are, no secret"],
    ["localStorage", stored(localStorage), "empty"],
    ["sessionStorage", stored(sessionStorage), "empty"],
    ["Headers of the latest answer", fields, answerNote(latest)],
  ];
}

function row({ name, text, note, leaks }) {
  const remark = leaks ? "holds something like a token" : note;
  const summary = element(
    "summary",
    {},
    element("span", { class: "mark", "aria-hidden": "true" }, leaks ? "✕" : "✓"),
    element("strong", {}, name),
    element("span", { class: "note" }, text || leaks ? remark : "empty"),
  );
  const shown = element("pre", { tabindex: "0" }, text || "(nothing)");
  return element("li", { class: leaks ? "leak" : "" }, element("details", {}, summary, shown));
}

function answerNote({ path, fields }) {
  if (!path) return "no call yet";
  const named = fields.some(([name]) => name === "authorization");
  return named ? "Authorization is there" : `${fields.length} fields, no Authorization`;
}

function stored(storage) {
  return Object.entries(storage).map(([name, value]) => `${name}: ${value}`).join("\n");
}

function code(text) {
  return element("code", {}, text);
}
