// Who was away for longer than RECOVERY_WINDOW is not recovered, and its history has everything.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { settings } from './support/clients.mjs';
import { MISSED, RECONNECT, assertHistory, away, roles, sendMissed, talking } from './support/parties.mjs';
import { numbered } from './support/scene.mjs';

// The window; before it, somebody who polls has 2 s for the next request, and a cluster looks once in 5 s.
const OVER_MS = settings.mode === 'polling' ? 9_000 : 2_000;

describe(`the window over ${settings.mode}`, { concurrency: true, timeout: 120_000 }, () => {
  for (const victim of ['a guest', 'an operator']) {
    test(`P2 ${victim} who was away for too long is not recovered, and its history has everything`, { timeout: 60_000 }, async (t) => {
      const { guest, operator } = await talking(t);
      const [late, other] = roles(victim, guest, operator);
      const { sessionId } = guest.client;
      await away(late);
      await sendMissed(other.client, 'missed', sessionId);
      await sleep(OVER_MS);
      late.proxy.accept();
      assert.equal((await late.client.connected(RECONNECT)).recovered, false);
      await assertHistory(late, sessionId, ['before', 'before', ...numbered('missed', MISSED)]);
    });
  }
});
