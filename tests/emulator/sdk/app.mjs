// Drive Wix's AppStrategy against the emulator: `node app.mjs CHECK`.

import assert from 'node:assert/strict';
import { AppStrategy } from '@wix/sdk';
import { perform, refusal } from './checks.mjs';
import { about, administer, logIn, project, visitor } from './emulated.mjs';

const { clientId: appId, clientSecret: appSecret, instanceId } = project;

async function tokenOf(strategy) {
  return (await strategy.getAuthHeaders()).headers.Authorization;
}

async function visitorToken() {
  return (await visitor({}).auth.generateVisitorTokens()).accessToken.value;
}

const checks = {
  async 'client credentials'() {
    // Without an instance the app's only installation is meant.
    for (const instance of [instanceId, undefined]) {
      const strategy = AppStrategy({ appId, appSecret, instanceId: instance });
      const token = await tokenOf(strategy);
      assert.match(token, /^OauthNG\.JWS\./);
      assert.equal(await tokenOf(strategy), token);
      const told = await about(token);
      assert.equal(told.subjectType, 'APP');
      assert.equal(told.subjectId, appId);
      assert.equal(told.instanceId, instanceId);
    }
    // The client keeps a token for as long as it lives.
    assert.equal((await administer('GET', '/counts')).grants.client_credentials, 2);
  },

  async 'refused credentials'() {
    const wrong = await refusal(() => tokenOf(AppStrategy({ appId, appSecret: 'guessed', instanceId })));
    assert.match(wrong.message, /status code from Wix OAuth API: 401, request id: \d+\.\d+/);
    const strange = { appId, appSecret, instanceId: '11111111-0000-4000-8000-000000000001' };
    const elsewhere = await refusal(() => tokenOf(AppStrategy(strange)));
    assert.match(elsewhere.message, /status code from Wix OAuth API: 400/);
  },

  async 'token info'() {
    const token = await visitorToken();
    const told = await about(token);
    assert.equal(told.active, true);
    assert.equal(told.subjectType, 'VISITOR');
    assert.equal(told.clientId, appId);
    assert.equal(told.instanceId, instanceId);
    assert.equal(told.exp - told.iat, 14_400);

    const client = visitor({});
    const member = await logIn(client, 'ada@example.test', 'ada-password');
    assert.equal((await about(member.accessToken.value)).subjectType, 'MEMBER');
    assert.deepEqual(await about('OauthNG.JWS.made.up.token'), { active: false });
  },

  async 'stripped tokens'() {
    const token = await visitorToken();
    const stripped = await tokenOf(AppStrategy({ appId, appSecret, accessToken: token }));
    assert.notEqual(stripped, token);
    const [before, after] = await Promise.all([about(token), about(stripped)]);
    assert.equal(after.subjectType, 'VISITOR');
    assert.equal(after.subjectId, before.subjectId);

    const wrong = AppStrategy({ appId, appSecret: 'guessed', accessToken: token });
    assert.match((await refusal(() => tokenOf(wrong))).message, /unbound token.*: 401/);
    const dead = AppStrategy({ appId, appSecret, accessToken: 'OauthNG.JWS.made.up.token' });
    assert.match((await refusal(() => tokenOf(dead))).message, /unbound token.*: 400/);
  },

  async 'dashboard users'() {
    const { access_token: token } = await administer('POST', '/user-tokens', { userId: 'u-1' });
    const strategy = AppStrategy({ appId, appSecret, accessToken: token });
    const told = await strategy.getTokenInfo();
    assert.equal(told.active, true);
    assert.equal(told.subjectType, 'USER');
    assert.equal(told.subjectId, 'u-1');
    assert.equal(told.clientId, appId);
    assert.equal(told.instanceId, instanceId);
    const stripped = await tokenOf(strategy);
    assert.notEqual(stripped, token);
    assert.equal((await about(stripped)).subjectType, 'USER');
    assert.equal((await about(await tokenOf(await strategy.elevated()))).subjectType, 'APP');
  },

  async 'elevation'() {
    const token = await visitorToken();
    const elevated = await AppStrategy({ appId, appSecret, accessToken: token }).elevated();
    assert.equal((await about(await tokenOf(elevated))).subjectType, 'APP');

    const other = { appId: '11111111-0000-4000-8000-000000000001', appSecret, accessToken: token };
    const foreign = await refusal(() => AppStrategy(other).elevated());
    assert.match(foreign.message, /not issued for the app/);
  },
};

await perform(checks);
