// Let every @wix/* module work on this page with no client and no token.
//
// 1. What the page sends to Wix's API by `fetch` goes to the proxy on its own origin: the session
//    cookie goes along, and no Authorization does. Wix's client has no other way: XMLHttpRequest
//    and other spellings of the addresses (http:, a dot behind the host) stay as they are.
// 2. Modules find a client without being given one. One that is there already stays.
// 3. No call leaves before the browser has a session, so a page from a cache makes one visitor.
// 4. Nothing here runs as the app: there is no elevated client, and Wix's modules say so.
//
// Source: Wix's own client looks at `globalThis.__wix_context__` on every call.
(() => {
  'use strict';

  // The frontend must not find an element that it has not drawn (React hydrates documents whole).
  const tag = globalThis.document?.currentScript;
  if (tag?.hasAttribute('data-wixproxy-injected')) tag.remove();

  const LOADED = Symbol.for('wixproxy.sdk');
  if (globalThis[LOADED]) return;
  globalThis[LOADED] = true;

  const WIX = 'https://www.wixapis.com';
  const WIX_ORIGINS = [WIX, 'https://edge.wixapis.com'];
  const API = '/_wix/api';
  const OURS = /^\/_wix\/(api|login|register|verify|logout)(\/|$)/; // may change the session
  const CONSISTENT = 'X-Wix-Consistent';
  const LONGEST_QUERY = 4000;
  // What a client expects where tokens are; the real ones never come here.
  const PLACEHOLDER = 'wixproxy.session';
  const PLACEHOLDER_SECONDS = 14400;

  const warn = (sentence) => console.warn(`wixproxy: ${sentence}`);

  if (location.pathname.startsWith('/_wix/')) {
    warn(
      `this page came from ${location.pathname}, an address of the proxy. A service worker or the `
      + 'router of the frontend has answered in its place; let /_wix/ through to the network.',
    );
  }

  // ---- Who we are, as far as a page may know --------------------------------------------------
  const port = location.protocol === 'https:' ? '' : `-${location.port || 80}`;

  function hint() {
    const start = `wixproxy-hint${port}=`;
    const pair = document.cookie.split('; ').find((each) => each.startsWith(start));
    const value = pair?.slice(start.length) ?? '';
    return /^v1\.(visitor|member)\./.test(value) ? value : '';
  }

  const identity = () => hint().split('.')[1] ?? 'none';
  let known = hint();
  let channel;

  // Fire when somebody else is known than before; the other tabs look for themselves.
  function look({ tell = true } = {}) {
    const now = hint();
    if (now === known) return;
    known = now;
    if (tell) channel?.postMessage('look');
    window.dispatchEvent(new CustomEvent('wixproxy:session', { detail: { identity: identity() } }));
  }

  function listen() {
    channel ??= new BroadcastChannel('wixproxy:session');
    channel.onmessage = () => look({ tell: false });
    // A login is a navigation: this may be the first page that knows of it.
    channel.postMessage('look');
    look();
  }

  listen();
  window.addEventListener('focus', () => look());
  window.addEventListener('pageshow', (event) => { if (event.persisted) listen(); });
  // Some browsers keep no page for the back button that has an open channel.
  window.addEventListener('pagehide', () => {
    channel?.close();
    channel = undefined;
  });

  // ---- The way to the proxy -------------------------------------------------------------------
  const plainFetch = globalThis.fetch;
  const send = (...asked) => plainFetch.apply(globalThis, asked);
  let starting, consistent;

  // Wait until the browser has a session. Without cookies there is no use in asking twice.
  function session() {
    if (hint()) return Promise.resolve();
    starting ??= send(`${location.origin}/_wix/session?start=1`, { credentials: 'same-origin' })
      .then((answer) => answer.ok, () => false)
      .then((started) => {
        if (!started || hint()) starting = undefined;
        look();
      });
    return starting;
  }

  // Wait, but not longer than the caller.
  function orAborted(promise, signal) {
    const aborted = new Promise((_, reject) => {
      if (signal?.aborted) reject(signal.reason);
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    return Promise.race([aborted, promise]);
  }

  // Send what was meant for Wix; `address` is the URL it was meant for.
  async function reroute(address, input, init) {
    const request = new Request(input, init);
    const { method, signal, cache, integrity, keepalive, redirect } = request;
    const headers = new Headers(request.headers);
    headers.delete('Authorization');
    if (consistent && !headers.has(CONSISTENT)) headers.set(CONSISTENT, consistent);
    // Read whole, because browsers stream a body over HTTP/2 only.
    const body = /^(GET|HEAD)$/.test(method) ? undefined : await request.arrayBuffer();
    await orAborted(session(), signal);
    const answer = await send(location.origin + API + address.pathname + address.search, {
      method, headers, signal, cache, integrity, keepalive, redirect,
      body: body?.byteLength ? body : undefined,
      credentials: 'same-origin',
    });
    consistent = answer.headers.get(CONSISTENT) ?? consistent;
    const why = answer.headers.get('X-Wixproxy-Explanation'); // in dev alone
    if (why) warn(`${method} ${address.pathname}: ${why}`);
    look();
    return answer;
  }

  async function held(input, init) {
    await orAborted(session(), init?.signal ?? input?.signal);
    const answer = await send(input, init);
    look();
    return answer;
  }

  function addressOf(input) {
    try {
      return new URL(input?.url ?? input, document.baseURI);
    } catch {
      return null; // `fetch` itself says what is wrong with it.
    }
  }

  // Any fetch of the page: calls of Wix go to the proxy, everything else goes as it came.
  const routedFetch = function fetch(input, init) {
    const address = addressOf(input);
    if (WIX_ORIGINS.includes(address?.origin)) return reroute(address, input, init);
    const isOurs = address?.origin === location.origin && OURS.test(address.pathname);
    if (isOurs) return held(input, init);
    return send(input, init);
  };

  globalThis.fetch = routedFetch;

  // ---- What Wix's modules are given -----------------------------------------------------------
  // The error that Wix's own client makes of an answer; the modules translate it further.
  function refusal(answer, told) {
    const { status, statusText } = answer;
    const message = told?.message ?? statusText;
    const requestId = answer.headers.get('X-Wix-Request-Id');
    const unnamed = { description: message, code: status, data: { requestId, details: told } };
    const details = {
      ...(!told?.details?.validationError && { applicationError: unnamed }),
      ...told?.details,
    };
    const response = { data: { details, message }, status, statusText };
    return Object.assign(new Error(message), { response, requestId, details, status });
  }

  async function contents(answer) {
    if (answer.status !== 200) throw refusal(answer, await answer.json().catch(() => null));
    return answer.json();
  }

  // Modules leave it to their client to say that they send JSON.
  function fetchJson(input, init) {
    if (!init?.body || !/^(post|put|patch)$/i.test(init.method)) return routedFetch(input, init);
    const headers = new Headers(init.headers);
    if (!headers.has('Content-Type')) headers.set('Content-Type', 'application/json');
    return routedFetch(input, { ...init, headers });
  }

  async function post(address, values) {
    return contents(await fetchJson(address, { method: 'POST', body: JSON.stringify(values) }));
  }

  function gateway({ packageName, methodFqn, entityFqdn }) {
    const about = { 'package-name': packageName, 'method-fqn': methodFqn, entity: entityFqdn };
    const parts = Object.entries(about).filter(([, value]) => value).map((part) => part.join('='));
    return ['environment=js-sdk', ...parts].join(',');
  }

  async function request(factory) {
    const asked = factory({ host: new URL(WIX).host });
    const isLong = asked.method === 'GET' && `${asked.params ?? ''}`.length > LONGEST_QUERY;
    const sent = (isLong && asked.fallback?.[0]) || asked;
    const query = `${sent.params ?? ''}`;
    const answer = await fetchJson(WIX + sent.url + (query && `?${query}`), {
      method: sent.method,
      headers: { 'x-wix-bi-gateway': gateway(asked) },
      ...(sent.data && { body: JSON.stringify(sent.data) }),
    });
    const raw = await contents(answer);
    const { headers, status, statusText } = answer;
    const [transform] = [sent.transformResponse].flat();
    const isWanted = transform && sent.migrationOptions?.optInTransformResponse;
    return { data: isWanted ? transform(raw) : raw, headers, status, statusText };
  }

  const pathOf = ({ pathname, search, hash }) => pathname + search + hash;

  const http = {
    request,
    fetchWithAuth: fetchJson,
    wixAPIFetch: (path, init) => fetchJson(WIX + pathOf(new URL(path, WIX)), init),
    getActiveToken: () => PLACEHOLDER,
    getAuthHeaders: async () => ({ headers: {} }),
  };

  const essentials = {
    get language() { return this.locale.split('-')[0]; },
    get locale() { return document.documentElement?.lang || navigator.language; },
    get timezone() { return Intl.DateTimeFormat().resolvedOptions().timeZone; },
  };

  // A module that is set up must be the bare one, not the one that looks for a client again.
  function outsideContext(run) {
    const context = globalThis.__wix_context__;
    globalThis.__wix_context__ = undefined;
    try {
      return run();
    } finally {
      globalThis.__wix_context__ = context;
    }
  }

  function use(module) {
    switch (module?.__type) {
      case 'event-definition':
      case 'service-plugin-definition':
        return () => warn('Wix sends events and plugin calls to a server, never to a page.');
      case 'wix_spi_error':
        return module;
      case 'host':
        return module.create({ essentials });
    }
    if (typeof module === 'function') return outsideContext(() => module(http, {}));
    if (module === null || typeof module !== 'object' || Array.isArray(module)) return module;
    return Object.fromEntries(Object.entries(module).map(([name, each]) => [name, use(each)]));
  }

  async function graphql(query, variables, { apiVersion = 'alpha' } = {}) {
    const { data, errors } = await post(`${WIX}/graphql/${apiVersion}`, { query, variables });
    return { data: data ?? {}, errors };
  }

  // ---- Login, as Wix's own client offers it ---------------------------------------------------
  // Session and state tokens are handles here: only the proxy can tell what they stand for.
  const STATES = {
    SUCCESS: ({ sessionToken }) => ({ loginState: 'SUCCESS', data: { sessionToken } }),
    REQUIRE_OWNER_APPROVAL: () => ({ loginState: 'OWNER_APPROVAL_REQUIRED' }),
    REQUIRE_EMAIL_VERIFICATION: ({ stateToken }) => (
      { loginState: 'EMAIL_VERIFICATION_REQUIRED', data: { stateToken } }
    ),
  };
  const ERROR_CODES = {
    '-19976': 'invalidPassword',
    '-19973': 'resetPassword',
    '-19995': 'emailAlreadyExists',
    DUPLICATE_EMAIL: 'emailAlreadyExists',
    '-19971': 'missingCaptchaToken',
    CAPTCHA_TOKEN_REQUIRED: 'missingCaptchaToken',
    MISSING_CAPTCHA_TOKEN: 'missingCaptchaToken',
    '-19970': 'invalidCaptchaToken',
    INVALID_CAPTCHA_TOKEN: 'invalidCaptchaToken',
  };
  let waiting = { loginState: 'INITIAL' };

  const failure = (error) => ({ loginState: 'FAILURE', error });

  function outcome(told) {
    const reached = STATES[told.state]?.(told) ?? failure('Unknown _state');
    if (reached.loginState === 'EMAIL_VERIFICATION_REQUIRED') waiting = reached;
    return reached;
  }

  async function attempt(step, values) {
    try {
      return outcome(await post(`${WIX}/_api/iam/authentication/v2/${step}`, values));
    } catch (error) {
      const { validationError, applicationError } = error.details ?? {};
      const ofEmail = validationError?.fieldViolations?.find(({ data }) => data?.type === 'EMAIL');
      const errorCode = ofEmail ? 'invalidEmail' : ERROR_CODES[applicationError?.code];
      return { ...failure(ofEmail?.description ?? error.message), ...(errorCode && { errorCode }) };
    }
  }

  function credentials({ email, password, profile, captchaTokens: given }) {
    const captchaTokens = given && [
      { Recaptcha: given.recaptchaToken, InvisibleRecaptcha: given.invisibleRecaptchaToken },
    ];
    return { loginId: { email }, password, profile, captchaTokens };
  }

  function tokens(role = identity()) {
    const value = PLACEHOLDER;
    const expiresAt = Math.floor(Date.now() / 1000) + PLACEHOLDER_SECONDS;
    return { accessToken: { value, expiresAt }, refreshToken: { value, role } };
  }

  const auth = {
    loggedIn: () => identity() === 'member',
    getTokens: () => tokens(),
    setTokens() {}, // Whose tokens the session has is the proxy's affair.
    getAuthHeaders: http.getAuthHeaders,
    getActiveToken: http.getActiveToken,
    login: (given) => attempt('login', credentials(given)),
    register: (given) => attempt('register', credentials(given)),
    async processVerification({ verificationCode, code = verificationCode }, state = waiting) {
      const stateToken = state.data?.stateToken;
      if (!stateToken) return failure('Unknown _state');
      const address = `${WIX}/_api/iam/verification/v1/auth/verify`;
      return outcome(await post(address, { code, stateToken }));
    },
    async sendPasswordResetEmail(email, redirectUri) {
      const values = { email, redirect: { url: redirectUri } };
      await post(`${WIX}/_api/iam/recovery/v1/send-email`, values);
    },
    async getMemberTokensForDirectLogin(sessionToken) {
      await post(`${location.origin}/_wix/login`, { sessionToken });
      look();
      return tokens('member');
    },
    async logout(originalUrl = location.href) {
      const target = new URL(originalUrl, document.baseURI);
      const isOurs = target.origin === location.origin;
      const logOut = (returnToUrl) => post(`${location.origin}/_wix/logout`, { returnToUrl });
      const { redirectUrl } = await logOut(isOurs ? pathOf(target) : '/').catch((error) => {
        // An address that one may not return to is no reason to stay logged in.
        if (error.status !== 400) throw error;
        return logOut('/');
      });
      look();
      return { logoutUrl: redirectUrl };
    },
  };

  globalThis.__wix_context__ ??= {};
  globalThis.__wix_context__.client ??= { use, fetchWithAuth: routedFetch, graphql, auth };
})();
