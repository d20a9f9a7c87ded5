import { systemClock } from '../../../../functions/rocketmq/clock.ts';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { RemotingClient } from '../../../../functions/rocketmq/remoting/remoting-client.ts';

/**
 * A process of its own, because the test runner has timers too: makes requests and connects that succeed and fail in
 * every way, says after each step what is still active, and then does nothing to end. Arguments: a server that answers,
 * one that says nothing, a black hole, a dead address.
 */
const [answering = '', silent = '', blackHole = '', dead = ''] = process.argv.slice(2);
const client = new RemotingClient({
  clock: systemClock,
  serializeType: 'ROCKETMQ',
  connectTimeoutMs: 300,
  idleLimitMs: 100_000,
});
const request = { code: RequestCode.HEART_BEAT, extFields: {} };
const active: Record<string, readonly string[]> = {};

async function step(name: string, addr: string, timeoutMs: number): Promise<void> {
  await Promise.allSettled(Array.from({ length: 20 }, () => client.invoke(addr, request, timeoutMs)));
  client.abandonConnects();
  // A destroyed socket is gone when the loop has closed its handle.
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
  // Pipes are the output of this process.
  active[name] = process.getActiveResourcesInfo().filter((resource) => !/Pipe|TTY|Immediate/.test(resource));
}

await step('answered', answering, 60_000);
await step('connect limit', blackHole, 60_000);
await step('own limit, then given up', blackHole, 5);
await step('refused', dead, 60_000);
await step('timed out', silent, 20);
await step('answered again', answering, 60_000);

const pendingCount = client.pendingCount;
// Left open: the process must end all the same.
process.stdout.write(JSON.stringify({ active, pendingCount, connected: client.connectedAddrs }));
