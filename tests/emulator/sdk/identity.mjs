// Drive Wix's OAuthStrategy against the emulator: `node identity.mjs CHECK`.
//
// Grace is blocked and Linus has to choose a new password; Ada may come in.

import assert from 'node:assert/strict';
import { redirects } from '@wix/redirects';
import { OAuthStrategy } from '@wix/sdk';
import { perform, refusal } from './checks.mjs';
import { administer, app, logIn, project, subjectOf, visitor } from './emulated.mjs';

const ADA = { email: 'ada@example.test', password: 'ada-password' };
const FOUR_HOURS = 14_400;
const RETURN = 'http://localhost:4321';

async function grants() {
  return (await administer('GET', '/counts')).grants;
}

// Fill in the login page behind a link; the cookies are those of the browser.
async function fillIn(authUrl, { email, password }) {
  const shown = await fetch(authUrl, { redirect: 'manual' });
  assert.equal(shown.status, 200);
  const [, continued] = (await shown.text()).match(/name="continue" value="([^"]+)"/);
  const answer = await fetch(`${project.origin}/login`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ continue: continued, email, password }),
  });
  const cookie = answer.headers.getSetCookie().map((line) => line.split(';')[0]).join('; ');
  return { location: answer.headers.get('location'), cookie };
}

async function silently(client, cookie = '') {
  const attempt = client.auth.generateOAuthData(project.redirectUri);
  const options = { prompt: 'none', responseMode: 'query' };
  const { authUrl } = await client.auth.getAuthUrl(attempt, options);
  const answer = await fetch(authUrl, { redirect: 'manual', headers: { cookie } });
  return { attempt, outcome: client.auth.parseFromUrl(answer.headers.get('location'), 'query') };
}

const checks = {
  async 'visitor tokens'() {
    const { auth } = visitor({});
    const before = Date.now() / 1000;
    const minted = await auth.generateVisitorTokens();
    assert.equal(minted.refreshToken.role, 'visitor');
    assert.match(minted.accessToken.value, /^OauthNG\.JWS\./);
    assert.match(minted.refreshToken.value, /^JWS\./);
    const life = minted.accessToken.expiresAt - before;
    assert.ok(Math.abs(life - FOUR_HOURS) < 60, `lives ${life} seconds`);
    assert.deepEqual(await auth.generateVisitorTokens(minted), minted);
    assert.equal((await grants()).anonymous, 1);

    const other = await visitor({}).auth.generateVisitorTokens();
    const [one, two] = [minted, other].map((each) => subjectOf(each.accessToken.value, 'VISITOR'));
    assert.notEqual(await one, await two);
  },

  async 'renewal'() {
    const { auth } = visitor({});
    const minted = await auth.generateVisitorTokens();
    const renewed = await auth.renewToken(minted.refreshToken);
    assert.notEqual(renewed.accessToken.value, minted.accessToken.value);
    const id = await subjectOf(minted.accessToken.value, 'VISITOR');
    assert.equal(await subjectOf(renewed.accessToken.value, 'VISITOR'), id);

    // An expired token is renewed on the way to the next call.
    auth.setTokens({ ...minted, accessToken: { value: minted.accessToken.value, expiresAt: 1 } });
    const { headers } = await auth.getAuthHeaders();
    assert.equal(await subjectOf(headers.Authorization, 'VISITOR'), id);
    assert.deepEqual(await grants(), { anonymous: 1, refresh_token: 2 });
  },

  async 'refused renewal'() {
    const { auth } = visitor({});
    const stale = { value: 'JWS.nobody.knows.this', role: 'visitor' };
    const refused = await refusal(() => auth.renewToken(stale));
    assert.match(refused.message, /Bad Request\. request id: \d+\.\d+\./);
    assert.match(refused.message, /"error":"invalid_grant"/);
    // The client then starts over as somebody else.
    const tokens = await auth.generateVisitorTokens({ refreshToken: stale });
    await subjectOf(tokens.accessToken.value, 'VISITOR');
  },

  async 'rotated renewal'() {
    await administer('PUT', '/settings', { rotate_refresh_tokens: true, detect_reuse: true });
    const { auth } = visitor({});
    const minted = await auth.generateVisitorTokens();
    const renewed = await auth.renewToken(minted.refreshToken);
    // This client keeps the refresh token it had, so its second renewal is a reuse.
    assert.equal(renewed.refreshToken.value, minted.refreshToken.value);
    const refused = await refusal(() => auth.renewToken(renewed.refreshToken));
    assert.match(refused.message, /invalid_grant/);
  },

  async 'unknown client'() {
    const mint = (clientId) => refusal(() => OAuthStrategy({ clientId }).generateVisitorTokens());
    assert.match((await mint('11111111-0000-4000-8000-000000000001')).message, /invalid_client/);
    assert.match((await mint('my-client')).message, /appRuntimeKeys \[at index 0\].*valid GUID/);
  },

  async 'login by redirect'() {
    const { auth } = visitor({});
    for (const responseMode of ['fragment', 'query']) {
      const attempt = auth.generateOAuthData(project.redirectUri, '/where-i-was');
      const { authUrl } = await auth.getAuthUrl(attempt, { prompt: 'login', responseMode });
      const { location } = await fillIn(authUrl, ADA);
      assert.ok(location.startsWith(`${project.redirectUri}${responseMode === 'query' ? '?' : '#'}`));
      const { code, state } = auth.parseFromUrl(location, responseMode);
      const tokens = await auth.getMemberTokens(code, state, attempt);
      assert.equal(tokens.refreshToken.role, 'member');
      auth.setTokens(tokens);
      assert.ok(auth.loggedIn());
      await subjectOf(tokens.accessToken.value, 'MEMBER');
      const renewed = await auth.renewToken(tokens.refreshToken);
      await subjectOf(renewed.accessToken.value, 'MEMBER');
    }
  },

  async 'codes that are refused'() {
    const { auth } = visitor({});
    const attempt = auth.generateOAuthData(project.redirectUri);
    const { authUrl } = await auth.getAuthUrl(attempt, { responseMode: 'query' });
    const { code, state } = auth.parseFromUrl((await fillIn(authUrl, ADA)).location, 'query');
    const exchange = (changes, given = state) => refusal(
      () => auth.getMemberTokens(code, given, { ...attempt, ...changes }),
    );
    assert.equal((await exchange({}, 'another state')).message, 'Invalid _state');
    assert.match((await exchange({ codeVerifier: 'v'.repeat(43) })).message, /invalid_grant.*codeVerifier/);
    assert.match((await exchange({ redirectUri: `${RETURN}/other` })).message, /invalid_grant.*redirectUri/);
    await auth.getMemberTokens(code, state, attempt);
    assert.match((await exchange({})).message, /invalid_grant.*used before/);
  },

  async 'login without a page'() {
    const { auth } = visitor({});
    const nobody = await silently({ auth });
    assert.equal(nobody.outcome.error, 'login_required');
    assert.equal(nobody.outcome.state, nobody.attempt.state);
    assert.equal(nobody.outcome.code, null);

    const { authUrl } = await auth.getAuthUrl(auth.generateOAuthData(project.redirectUri));
    const { cookie } = await fillIn(authUrl, ADA);
    const { attempt, outcome } = await silently({ auth }, cookie);
    const tokens = await auth.getMemberTokens(outcome.code, outcome.state, attempt);
    await subjectOf(tokens.accessToken.value, 'MEMBER');
  },

  async 'login by session token'() {
    const client = visitor({});
    const tokens = await logIn(client, ADA.email, ADA.password);
    assert.equal(tokens.refreshToken.role, 'member');
    const attempt = client.auth.generateOAuthData(project.redirectUri);
    const options = { prompt: 'none', responseMode: 'query', sessionToken: 'JWS.made-up' };
    const { authUrl } = await client.auth.getAuthUrl(attempt, options);
    const answer = await fetch(authUrl, { redirect: 'manual' });
    const outcome = client.auth.parseFromUrl(answer.headers.get('location'), 'query');
    assert.equal(outcome.error, 'access_denied');
  },

  async 'social login'() {
    const { auth } = visitor({});
    const attempt = auth.generateOAuthData(project.redirectUri);
    const { authUrl } = await auth.getAuthUrl(attempt, { idp: 'google' });
    assert.match(await (await fetch(authUrl)).text(), /Google/);
  },

  async 'login states'() {
    const { auth } = visitor({});
    const allowed = await auth.login(ADA);
    assert.equal(allowed.loginState, 'SUCCESS');
    assert.match(allowed.data.sessionToken, /^JWS\./);
    const blocked = await auth.login({ email: 'grace@example.test', password: 'grace-password' });
    assert.deepEqual(blocked, { loginState: 'FAILURE', error: 'Unknown _state' });
  },

  async 'login errors'() {
    const { auth } = visitor({});
    const code = async (params) => {
      const outcome = await auth.login(params);
      assert.equal(outcome.loginState, 'FAILURE');
      return outcome.errorCode;
    };
    assert.equal(await code({ ...ADA, email: 'nobody@example.test' }), 'invalidEmail');
    assert.equal(await code({ ...ADA, password: 'guessed' }), 'invalidPassword');
    assert.equal(
      await code({ email: 'linus@example.test', password: 'linus-password' }), 'resetPassword',
    );
    await administer('PUT', '/settings', { captcha: true });
    assert.equal(await code(ADA), 'missingCaptchaToken');
    const wrong = { recaptchaToken: 'invalid' };
    assert.equal(await code({ ...ADA, captchaTokens: wrong }), 'invalidCaptchaToken');
    const right = { invisibleRecaptchaToken: 'solved' };
    assert.equal((await auth.login({ ...ADA, captchaTokens: right })).loginState, 'SUCCESS');
  },

  async 'registration states'() {
    const client = visitor({});
    const register = (email, more) => client.auth.register({ email, password: 'seven-seas', ...more });
    const profile = { firstName: 'Mary', nickname: 'may' };
    const come = await register('mary@example.test', { profile });
    assert.equal(come.loginState, 'SUCCESS');
    assert.match(come.data.sessionToken, /^JWS\./);
    await logIn(client, 'mary@example.test', 'seven-seas');

    await administer('PUT', '/settings', { owner_approval: true });
    const waiting = { loginState: 'OWNER_APPROVAL_REQUIRED' };
    assert.deepEqual(await register('wait@example.test'), waiting);
    const again = { email: 'wait@example.test', password: 'seven-seas' };
    assert.deepEqual(await client.auth.login(again), waiting);

    await administer('PUT', '/settings', { owner_approval: false, email_verification: true });
    const unverified = await register('prove@example.test');
    assert.equal(unverified.loginState, 'EMAIL_VERIFICATION_REQUIRED');
    assert.ok(unverified.data.stateToken);
    const { mails } = await administer('GET', '/mailbox');
    assert.equal(mails[0].to, 'prove@example.test');
    assert.match(mails[0].code, /^\d{6}$/);
  },

  async 'registration errors'() {
    const { auth } = visitor({});
    const code = async (params) => {
      const outcome = await auth.register({ email: 'new@example.test', password: 'seven-seas', ...params });
      assert.equal(outcome.loginState, 'FAILURE');
      return outcome.errorCode;
    };
    assert.equal(await code({ email: ADA.email }), 'emailAlreadyExists');
    assert.equal(await code({ email: 'not-an-address' }), 'invalidEmail');
    assert.equal(await code({ password: 'abc' }), undefined);
    await administer('PUT', '/settings', { captcha: true });
    assert.equal(await code({}), 'missingCaptchaToken');
    const captchaTokens = { invisibleRecaptchaToken: 'invalid' };
    assert.equal(await code({ captchaTokens }), 'invalidCaptchaToken');
  },

  async 'external login'() {
    const client = visitor({});
    client.auth.setTokens(await client.auth.generateVisitorTokens());
    const member = await logIn(visitor({}), ADA.email, ADA.password);
    const id = await subjectOf(member.accessToken.value, 'MEMBER');
    const tokens = await client.auth.getMemberTokensForExternalLogin(id, project.apiKey);
    assert.equal(await subjectOf(tokens.accessToken.value, 'MEMBER'), id);
    const refused = await refusal(() => client.auth.getMemberTokensForExternalLogin(id, 'no-key'));
    assert.match(refused.message, /Unauthorized.*invalid_client/);
  },

  async 'logout'() {
    const client = visitor({});
    const tokens = await logIn(client, ADA.email, ADA.password);
    const { logoutUrl } = await client.auth.logout(`${RETURN}/goodbye`);
    assert.equal(client.auth.getTokens().refreshToken.role, 'none');
    const left = await fetch(logoutUrl, { redirect: 'manual' });
    assert.equal(left.status, 302);
    assert.equal(left.headers.get('location'), `${RETURN}/goodbye`);
    assert.match(left.headers.getSetCookie()[0], /Max-Age=0/i);
    assert.match((await refusal(() => client.auth.renewToken(tokens.refreshToken))).message, /invalid_grant/);
  },

  async 'redirect sessions'() {
    const client = visitor({ redirects });
    const checkout = (host, by = client) => by.redirects.createRedirectSession({
      ecomCheckout: { checkoutId: 'c1' },
      callbacks: { postFlowUrl: `${host}/cart`, thankYouPageUrl: `${host}/thanks` },
    });
    const { redirectSession } = await checkout(RETURN);
    assert.ok(redirectSession._id);
    const page = new URL(redirectSession.fullUrl);
    assert.equal(page.origin + page.pathname, redirectSession.urlDetails.endpoint);
    assert.equal((await fetch(redirectSession.fullUrl)).status, 200);
    const short = await fetch(redirectSession.shortUrl, { redirect: 'manual' });
    assert.equal(short.headers.get('location'), redirectSession.fullUrl);

    const unlisted = await refusal(() => checkout('http://localhost:4322'));
    assert.equal(unlisted.status, 403);
    assert.match(unlisted.message, /isn't listed as an allowed redirect domain/);

    const elevated = await refusal(() => checkout(RETURN, app({ redirects })));
    assert.equal(elevated.status, 403);
    assert.match(elevated.message, /does not correspond to a headless OAuth app/);

    const two = await refusal(() => client.redirects.createRedirectSession({ login: {}, auth: {} }));
    assert.match(two.message, /INVALID_ARGUMENT/);

    await administer('PUT', '/settings', { published: false });
    const unpublished = await refusal(() => checkout(RETURN));
    assert.equal(unpublished.status, 500);
    assert.match(unpublished.message, /No Public URL Found/);
  },

  async 'unlisted redirect URI'() {
    const { auth } = visitor({});
    const { authUrl } = await auth.getAuthUrl(auth.generateOAuthData(`${RETURN}/elsewhere`));
    const answer = await fetch(authUrl, { redirect: 'manual' });
    assert.equal(answer.headers.get('location'), null);
    assert.match(await answer.text(), /Invalid redirect URI/);
  },
};

await perform(checks);
