// A client is asleep, and its network with it, for longer than anybody waits for a sign of life (ASLEEP_MS).

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { settings } from './support/clients.mjs';
import { MISSED, assertElsewhere, assertHeard, assertUsable, recovered, roles, sendMissed, talking } from './support/parties.mjs';
import { numbered } from './support/scene.mjs';

const ASLEEP_MS = Number(process.env.ASLEEP_MS);

describe(`sleep over ${settings.mode}`, { concurrency: true, timeout: ASLEEP_MS + 90_000 }, () => {
  for (const victim of ['a guest', 'an operator']) {
    test(`P2 ${victim} asleep for ${ASLEEP_MS} ms is recovered and hears what it slept through`, async (t) => {
      const { guest, operator } = await talking(t);
      const [sleeper, other, event] = roles(victim, guest, operator);
      const { sessionId } = guest.client;
      const over = sleep(ASLEEP_MS);
      sleeper.proxy.freeze();
      await sendMissed(other.client, 'quiet', sessionId);
      await over;
      sleeper.proxy.thaw();
      await sleeper.client.life.wait('disconnect');
      await recovered(sleeper);
      assertElsewhere(sleeper);
      await assertHeard(sleeper.client, other.client, event, ['before', ...numbered('quiet', MISSED)], sessionId);
      await assertUsable(sleeper.client, other.client, sessionId);
      assert.equal(sleeper.client.life.named('connect').length, 2);
    });
  }
});
