// Log in and out as Wix's own client lets a page do: `node logins.mjs CHECK`.

import assert from 'node:assert/strict';
import { perform, refusal } from '../../emulator/sdk/checks.mjs';
import * as wix from '../../emulator/sdk/packages.mjs';
import {
  MEMBER, ORIGIN, VISITOR, answer, becoming, bodies, client, empty, enter, json, lost, paths, refused,
} from './proxy.mjs';
import { page } from './window.mjs';

const { authentication } = wix.site;
const LOGIN = '/_wix/api/_api/iam/authentication/v2/login';
const REGISTER = '/_wix/api/_api/iam/authentication/v2/register';
const VERIFY = '/_wix/api/_api/iam/verification/v1/auth/verify';
const RECOVER = '/_wix/api/_api/iam/recovery/v1/send-email';
const ADA = { email: 'ada@example.test', password: 'ada-password' };
const SUCCESS = { state: 'SUCCESS', sessionToken: 'wixproxy.handle' };
const auth = () => client().auth;

const checks = {
  async 'login'() {
    enter({
      [LOGIN]: json(SUCCESS),
      '/_wix/login': becoming(MEMBER, {}),
    });
    await authentication.login(ADA.email, ADA.password);
    assert.ok(authentication.loggedIn());
    assert.deepEqual(paths(), [LOGIN, '/_wix/login']);
    assert.deepEqual(bodies(), [
      { loginId: { email: ADA.email }, password: ADA.password }, { sessionToken: 'wixproxy.handle' },
    ]);
    assert.deepEqual(page.events, ['member']);
    const { accessToken, refreshToken } = auth().getTokens();
    assert.deepEqual(refreshToken, { value: 'wixproxy.session', role: 'member' });
    assert.ok(accessToken.expiresAt > Date.now() / 1000 + 3600);
    assert.deepEqual(await auth().getAuthHeaders(), { headers: {} });
  },

  async 'a login that fails'() {
    enter({});
    const attempt = async (given, step = 'login') => {
      answer({ '/_wix/api/': given });
      return auth()[step](ADA);
    };
    for (const [code, errorCode] of [
      ['-19976', 'invalidPassword'], ['-19973', 'resetPassword'],
      ['-19971', 'missingCaptchaToken'], ['CAPTCHA_TOKEN_REQUIRED', 'missingCaptchaToken'],
      ['-19970', 'invalidCaptchaToken'], ['INVALID_CAPTCHA_TOKEN', 'invalidCaptchaToken'],
    ]) {
      const told = await attempt(refused(code));
      assert.deepEqual(told, { loginState: 'FAILURE', error: 'no', errorCode });
    }
    for (const code of ['-19995', 'DUPLICATE_EMAIL']) {
      assert.equal((await attempt(refused(code, 409), 'register')).errorCode, 'emailAlreadyExists');
    }
    // What is nobody's wrong e-mail is not called so.
    for (const given of [refused('OTHER', 500), empty(503), json({ message: 'no' }, 429)]) {
      const told = await attempt(given);
      assert.deepEqual([told.loginState, told.errorCode], ['FAILURE', undefined]);
    }
    assert.deepEqual(await attempt(lost), { loginState: 'FAILURE', error: 'no network' });
  },

  async 'a handle that is refused'() {
    enter({ '/_wix/login': json({ message: 'too old', code: 'login_rejected' }, 400) });
    const error = await refusal(() => authentication.applySessionToken('wixproxy.old'));
    assert.deepEqual([error.status, error.message], [400, 'too old']);
    assert.equal(authentication.loggedIn(), false);
  },

  async 'an e-mail address that is no address'() {
    const violations = [
      { field: 'password' }, { field: 'x', data: { type: 'EMAIL' }, description: 'bad' },
    ];
    const details = { validationError: { fieldViolations: violations } };
    enter({ [REGISTER]: json({ message: 'no', details }, 400) });
    const told = await auth().register(ADA);
    assert.deepEqual(told, { loginState: 'FAILURE', error: 'bad', errorCode: 'invalidEmail' });
  },

  async 'a sign-up'() {
    enter({ [REGISTER]: json(SUCCESS), '/_wix/login': becoming(MEMBER, {}) });
    const told = await authentication.register(ADA.email, ADA.password, {
      contactInfo: { firstName: 'Ada' },
    });
    assert.deepEqual(told, { status: 'ACTIVE' });
    assert.equal(bodies()[0].profile.firstName, 'Ada');
    assert.ok(authentication.loggedIn());
  },

  async 'a sign-up with a captcha'() {
    enter({ [REGISTER]: json({ state: 'REQUIRE_OWNER_APPROVAL' }) });
    const captchaTokens = { recaptchaToken: 'seen', invisibleRecaptchaToken: 'unseen' };
    const told = await auth().register({ ...ADA, captchaTokens });
    assert.deepEqual(told, { loginState: 'OWNER_APPROVAL_REQUIRED' });
    assert.deepEqual(bodies()[0].captchaTokens, [{ Recaptcha: 'seen', InvisibleRecaptcha: 'unseen' }]);
  },

  async 'a verification'() {
    enter({
      [REGISTER]: json({ state: 'REQUIRE_EMAIL_VERIFICATION', stateToken: 'wixproxy.state' }),
      [VERIFY]: json(SUCCESS),
    });
    assert.equal((await auth().processVerification({ code: '1' })).loginState, 'FAILURE');
    const told = await auth().register(ADA);
    const data = { stateToken: 'wixproxy.state' };
    assert.deepEqual(told, { loginState: 'EMAIL_VERIFICATION_REQUIRED', data });
    const verified = await auth().processVerification({ verificationCode: '123456' });
    assert.deepEqual(verified, { loginState: 'SUCCESS', data: { sessionToken: 'wixproxy.handle' } });
    await auth().processVerification({ code: '654321' }, { ...told, data: { stateToken: 'other' } });
    assert.deepEqual(bodies().slice(1), [
      { code: '123456', stateToken: 'wixproxy.state' }, { code: '654321', stateToken: 'other' },
    ]);
    answer({ [VERIFY]: refused('VERIFICATION_FAILED') });
    const wrong = await refusal(() => auth().processVerification({ code: '0' }));
    assert.equal(wrong.details.applicationError.code, 'VERIFICATION_FAILED');
  },

  async 'a state that nobody knows'() {
    enter({ [LOGIN]: json({ state: 'STATUS_CHECK' }) });
    assert.deepEqual(await auth().login(ADA), { loginState: 'FAILURE', error: 'Unknown _state' });
  },

  async 'a forgotten password'() {
    enter({ [RECOVER]: json({}) });
    await authentication.sendPasswordResetEmail(ADA.email, `${ORIGIN}/back`);
    assert.deepEqual(bodies(), [{ email: ADA.email, redirect: { url: `${ORIGIN}/back` } }]);
    answer({ [RECOVER]: empty(500) });
    assert.equal((await refusal(() => auth().sendPasswordResetEmail(ADA.email, '/'))).status, 500);
  },

  async 'a logout'() {
    const redirectUrl = 'https://wix.example/out';
    enter({ '/_wix/logout': becoming(VISITOR, { redirectUrl }) }, { hint: MEMBER });
    assert.ok(authentication.loggedIn());
    await authentication.logout();
    assert.equal(authentication.loggedIn(), false);
    assert.deepEqual(bodies(), [{ returnToUrl: '/cart?a=b#c' }]);
    assert.deepEqual(page.events, ['visitor']);
    const told = await auth().logout(`${ORIGIN}/bye`);
    assert.deepEqual(told, { logoutUrl: redirectUrl });
    await auth().logout('https://other.example/bye');
    assert.deepEqual(bodies().slice(1), [{ returnToUrl: '/bye' }, { returnToUrl: '/' }]);
  },

  async 'a logout with nowhere to return to'() {
    const goneTo = becoming(VISITOR, { redirectUrl: '/' });
    enter({
      '/_wix/logout': ({ text }) => (text.includes('//') ? json({ message: 'no' }, 400)() : goneTo()),
    }, { hint: MEMBER, address: `${ORIGIN}//a//b` });
    await authentication.logout();
    assert.equal(authentication.loggedIn(), false);
    answer({ '/_wix/logout': json({ message: 'no' }, 403) });
    assert.equal((await refusal(() => auth().logout())).status, 403);
  },
};

await perform(checks);
