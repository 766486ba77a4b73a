// Drive what goes by mail with Wix's OAuthStrategy and identity modules: `node accounts.mjs CHECK`.

import assert from 'node:assert/strict';
import { authentication, recovery, verification } from '@wix/identity';
import { perform, refusal } from './checks.mjs';
import { administer, app, logIn, project, subjectOf, visitor } from './emulated.mjs';

const NEW = { email: 'new@example.test', password: 'secret' };
const RETURN = 'http://localhost:4321/reset-done';

async function lastMail() {
  return (await administer('GET', '/mailbox')).mails.at(-1);
}

// Finish a login by its session token as a server would.
async function tokensFor(client, sessionToken) {
  const attempt = client.auth.generateOAuthData(project.redirectUri, project.redirectUri);
  const options = { prompt: 'none', responseMode: 'query', sessionToken };
  const { authUrl } = await client.auth.getAuthUrl(attempt, options);
  const answer = await fetch(authUrl, { redirect: 'manual' });
  const { code, state } = client.auth.parseFromUrl(answer.headers.get('location'), 'query');
  return client.auth.getMemberTokens(code, state, attempt);
}

const checks = {
  async 'verification'() {
    await administer('PUT', '/settings', { email_verification: true });
    const client = visitor({});
    const registered = await client.auth.register(NEW);
    assert.equal(registered.loginState, 'EMAIL_VERIFICATION_REQUIRED');
    assert.ok(registered.data.stateToken);
    const wrong = await refusal(() => client.auth.processVerification({ verificationCode: 'x' }));
    assert.equal(wrong.status, 400);
    assert.equal(wrong.details.applicationError.code, 'VERIFICATION_FAILED');

    const { code } = await lastMail();
    const verified = await client.auth.processVerification({ verificationCode: code }, registered);
    assert.equal(verified.loginState, 'SUCCESS');
    const tokens = await tokensFor(client, verified.data.sessionToken);
    await subjectOf(tokens.accessToken.value, 'MEMBER');
    assert.equal((await client.auth.login(NEW)).loginState, 'SUCCESS');
  },

  async 'verification by its module'() {
    const client = visitor({ verification });
    await client.auth.register(NEW);
    const tokens = await logIn(client, NEW.email, NEW.password);
    const identityId = await subjectOf(tokens.accessToken.value, 'MEMBER');
    // A member's own identity need not be named.
    for (const options of [{ target: 'EMAIL', identityId }, { target: 'EMAIL' }]) {
      const started = await client.verification.start(options);
      assert.ok(started.verificationId);
      assert.equal((await lastMail()).to, NEW.email);
    }
  },

  async 'recovery'() {
    const client = visitor({ recovery });
    await client.auth.sendPasswordResetEmail('ada@example.test', RETURN);
    const { link } = await lastMail();
    const shown = await fetch(link);
    assert.equal(shown.status, 200);
    const recoveryToken = new URL(link).searchParams.get('recoveryToken');
    const done = await client.recovery.recover(recoveryToken, { password: 'new-password' });
    assert.equal(done.state, 'SUCCESS');
    assert.ok(done.identity._createdDate instanceof Date);
    const again = await refusal(() => client.recovery.recover(recoveryToken, { password: 'newer' }));
    assert.equal(again.status, 400);
    await logIn(client, 'ada@example.test', 'new-password');
    const strange = await refusal(
      () => client.auth.sendPasswordResetEmail('ada@example.test', 'https://evil.example/'),
    );
    assert.equal(strange.status, 403);
  },

  async 'activation'() {
    await administer('PUT', '/settings', { owner_approval: true });
    const client = visitor({ recovery });
    const registered = await client.auth.register(NEW);
    assert.equal(registered.loginState, 'OWNER_APPROVAL_REQUIRED');
    const { identity } = await app({ authentication }).authentication.signOn({ email: 'x@y.test' });
    assert.equal(identity.email.address, 'x@y.test');
    const refused = await refusal(() => client.recovery.sendActivationEmail(identity._id));
    assert.equal(refused.status, 403);
    await app({ recovery }).recovery.sendActivationEmail(identity._id);
    assert.equal((await lastMail()).subject, 'Activate your account');
  },

  async 'password of a member'() {
    const client = visitor({ authentication });
    await logIn(client, 'ada@example.test', 'ada-password');
    await client.authentication.changePassword('changed');
    const login = (password) => visitor({}).auth.login({ email: 'ada@example.test', password });
    assert.equal((await login('changed')).loginState, 'SUCCESS');
    assert.equal((await login('ada-password')).errorCode, 'invalidPassword');
  },

  async 'addresses'() {
    const { authentication: calls } = visitor({ authentication });
    assert.equal((await calls.validateEmail('a@b.test')).valid, true);
    assert.equal((await calls.validateEmail('a@b.invalid')).failure.reason, 'EMAIL_DOMAIN_MISSING_DNS_RECORDS');
  },

  async 'external login with a session'() {
    const client = visitor({});
    client.auth.setTokens(await client.auth.generateVisitorTokens());
    const tokens = await client.auth.getMemberTokensForExternalLoginWithSession(
      'fresh@example.test', project.apiKey, { verifyEmail: true },
    );
    await subjectOf(tokens.accessToken.value, 'MEMBER');
  },
};

await perform(checks);
