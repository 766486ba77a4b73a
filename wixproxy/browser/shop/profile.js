// The profile: for members alone. Who is a member is Wix's word, not the page's:
// a page that only hides things would protect nothing.

import * as basket from "./basket.js";
import { element, moment } from "./elements.js";
import { attempt, loginLink, run, say } from "./page.js";
import { wix } from "./wix.js";

const place = document.querySelector("#profile");

run(async (who, member) => {
  place.replaceChildren(...(member ? profile(member) : closed()));
  await basket.load();
});

function closed() {
  return [
    element("h1", {}, "Members only"),
    element("p", { class: "quiet-words" }, "Log in to see your profile, and to find your cart on any device."),
    element("p", {}, loginLink("Log in")),
    element("p", { class: "soft" }, "New here? The login page has a way to sign up."),
  ];
}

function profile(member) {
  const name = member.profile?.nickname || member.loginEmail;
  return [
    element(
      "div",
      { class: "person" },
      element("span", { class: "initial", "aria-hidden": "true" }, name.slice(0, 1)),
      element(
        "div",
        {},
        element("h1", {}, name),
        element("p", { class: "soft" }, member.loginEmail ?? ""),
      ),
    ),
    element(
      "dl",
      { class: "facts" },
      ...fact("Member since", moment(member.createdDate)),
      ...fact("Status", (member.status ?? "").toLowerCase()),
      ...fact("Member id", element("code", {}, member.id)),
    ),
    rename(member),
  ];
}

function fact(name, value) {
  return value ? [element("dt", {}, name), element("dd", {}, value)] : [];
}

function rename(member) {
  const field = element("input", {
    name: "nickname",
    value: member.profile?.nickname ?? "",
    maxlength: "60",
    autocomplete: "nickname",
    required: true,
  });
  const form = element(
    "form",
    { class: "rename" },
    element("label", {}, element("span", {}, "What we call you"), field),
    element("button", { class: "button quiet" }, "Save"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(async () => {
      const change = { member: { id: member.id, profile: { nickname: field.value.trim() } } };
      const path = `/members/v1/members/${encodeURIComponent(member.id)}`;
      const { member: changed } = await wix("PATCH", path, change);
      place.replaceChildren(...profile(changed));
      document.querySelector("#identity .who").textContent = changed.profile.nickname;
      say("Saved.");
      place.querySelector("input").focus();
    });
  });
  return form;
}
