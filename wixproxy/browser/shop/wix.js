// Call Wix through the proxy, with plain fetch on our own origin.
//
// There is no client to set up and no token to attach: the browser's session
// cookie goes along, and the proxy puts the right token in its place.

/** What went wrong, in words for the person in front of the page. */
export class Problem extends Error {
  constructor(message, { status = 0, code = "", requestId = "", loginUrl = "" } = {}) {
    super(message);
    Object.assign(this, { status, code, requestId, loginUrl });
  }

  /** We are no longer who we were; asking again tells who we are now. */
  get isSessionEnd() {
    return this.status === 401;
  }

  /** Nobody did anything wrong; the same call may work in a moment. */
  get isPassing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** The latest answer from Wix, as far as a script of this page can see it. */
export const latest = { path: "", status: 0, fields: [] };

/** Call a method of Wix's REST API; throw a Problem unless it succeeds. */
export async function wix(method, path, body) {
  const asked = { method, headers: { Accept: "application/json" } };
  if (body !== undefined) {
    asked.headers["Content-Type"] = "application/json";
    asked.body = JSON.stringify(body);
  }
  const answer = await reached(`/_wix/api${path}`, asked);
  Object.assign(latest, { path, status: answer.status, fields: [...answer.headers] });
  return contents(answer);
}

/** Return who the proxy says we are. */
export async function session() {
  return contents(await reached("/_wix/session", { headers: { Accept: "application/json" } }));
}

/** Return the address that logs in and comes back to this page. */
export function loginAddress() {
  return `/_wix/login?returnToUrl=${encodeURIComponent(here())}`;
}

/** Return this page's address on our origin. */
export function here() {
  return location.pathname + location.search;
}

/** Return the cookie that a page may read: it changes whenever the identity does. */
export function hint() {
  const secure = location.protocol === "https:";
  const name = secure ? "wixproxy-hint" : `wixproxy-hint-${location.port || "80"}`;
  const cookies = document.cookie.split("; ");
  return cookies.find((cookie) => cookie.startsWith(`${name}=`)) ?? "";
}

async function reached(address, asked) {
  try {
    return await fetch(address, asked);
  } catch (cause) {
    throw new Problem("The proxy does not answer. Is it still running?", { code: "no_answer" });
  }
}

async function contents(answer) {
  let told = null;
  try {
    told = await answer.json();
  } catch {
    // An answer that is no JSON says nothing we could use; its status still does.
  }
  if (answer.ok && told !== null && typeof told === "object") return told;
  throw problem(answer, told ?? {});
}

function problem(answer, told) {
  const type = answer.headers.get("Content-Type") ?? "";
  if (type.startsWith("application/problem+json")) {
    // The proxy itself speaks (RFC 9457).
    return new Problem(told.message, {
      status: answer.status,
      code: told.code,
      requestId: told.request_id,
      loginUrl: told.loginUrl,
    });
  }
  const silent =
    answer.status === 429
      ? "Wix has too much to do just now. Please wait a moment."
      : `Wix answered ${answer.status} without saying why.`;
  return new Problem(told.message || silent, {
    status: answer.ok ? 502 : answer.status,
    code: told.details?.applicationError?.code ?? "",
    requestId: answer.headers.get("X-Wix-Request-Id") ?? "",
  });
}
