// Build elements from data. Text goes in as text, never as markup, so nothing
// that a catalog or a member typed can become part of the page's own code.

/** Return a new element; names that begin with "on" are listeners, null is left out. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Return a product's picture, or a tile with its first letter where there is none. */
export function picture(address, name, size) {
  const letter = element("span", { class: "tile", "aria-hidden": "true" }, name.slice(0, 1));
  // The style policy forbids style attributes; a property set by script is no attribute.
  letter.style.setProperty("--hue", hue(name));
  if (!address) return letter;
  return element("img", {
    src: address,
    alt: "",
    width: size,
    height: size,
    decoding: "async",
    onerror: (event) => event.currentTarget.replaceWith(letter),
  });
}

/** Return text as a time in the reader's own language. */
export function moment(text, options = { dateStyle: "long" }) {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) return text;
  return element(
    "time",
    { datetime: time.toISOString() },
    new Intl.DateTimeFormat(undefined, options).format(time),
  );
}

function hue(name) {
  let sum = 7;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) % 360;
  return String(sum);
}
