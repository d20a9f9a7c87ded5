import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { LANGUAGE_OTHER } from '../../functions/rocketmq/protocol/language-code.ts';
import type { RemotingCommand } from '../../functions/rocketmq/protocol/remoting-command.ts';
import { allDispatched } from '../../local/all-dispatched.ts';

/** A broker that gives these answers one after the other, the last one for ever. */
function broker(...answers: readonly { code: number; stored?: number; behind?: number }[]) {
  const asked: number[] = [];
  const ask = async ({ code }: { code: number }): Promise<RemotingCommand> => {
    const { code: answered = 0, stored, behind } = answers[Math.min(asked.push(code), answers.length) - 1] ?? {};
    const table = { commitLogMaxOffset: String(stored), dispatchBehindBytes: String(behind) };
    const body = answered === 0 ? Buffer.from(JSON.stringify({ table })) : Buffer.alloc(0);
    return {
      code: answered,
      flag: 1,
      opaque: 1,
      version: 0,
      language: LANGUAGE_OTHER,
      remark: undefined,
      extFields: {},
      body,
    };
  };
  return { asked, ask };
}

test('waits until what was stored at the first look is in the queues, and not for what came later', async () => {
  const { asked, ask } = broker(
    { code: 0, stored: 500, behind: 300 },
    { code: 0, stored: 900, behind: 401 },
    { code: 0, stored: 900, behind: 400 },
  );
  await allDispatched(ask);
  expect(asked).toEqual([28, 28, 28]);
});

test.each([
  ['has taken no statistics yet', 1],
  ['does not know the request', 3],
])('does not wait for a broker that %s', async (_why, code) => {
  const { asked, ask } = broker({ code });
  await allDispatched(ask);
  expect(asked).toEqual([28]);
});
