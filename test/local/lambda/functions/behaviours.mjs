// Handlers that behave and misbehave, for the tests of the Lambda host.
import { subscribe } from 'node:diagnostics_channel';

let invocations = 0;

export async function count() {
  invocations += 1;
  return { invocations, pid: process.pid };
}

export async function echo(event) {
  return event;
}

export async function returnNothing() {}

export async function answerOf({ bytes }) {
  return 'x'.repeat(bytes);
}

export async function describeContext(_event, context) {
  return {
    requestId: context.awsRequestId,
    functionArn: context.invokedFunctionArn,
    functionName: context.functionName,
    memoryLimitInMB: context.memoryLimitInMB,
    remainingMs: context.getRemainingTimeInMillis(),
    traceId: process.env._X_AMZN_TRACE_ID,
  };
}

export async function showEnvironment() {
  return { ...process.env, execArgv: process.execArgv, cwd: process.cwd() };
}

export async function log({ lines }) {
  for (const line of lines) process.stdout.write(line);
  process.stderr.write('to stderr\n');
  return lines.length;
}

export async function fail(event) {
  invocations += 1;
  if (event.fail) throw new RangeError(`refused at invocation ${invocations}`);
  return invocations;
}

export async function hang() {
  setInterval(() => {}, 1_000);
  console.log('hanging');
  await new Promise(() => {});
}

export async function end({ how }) {
  invocations += 1;
  if (how === 'exit') process.exit(3);
  if (how === 'reject') void Promise.reject(new Error('nobody waits for this'));
  if (how === 'kill') process.kill(process.pid, 'SIGKILL');
  if (how === 'starve') await new Promise(() => {});
  if (how !== undefined) await new Promise((resolve) => setTimeout(resolve, 10_000));
  return invocations;
}

export async function endAfterAnswer() {
  // As soon as the Runtime API has confirmed that it has the answer.
  subscribe('http.client.response.finish', () => process.exit(0));
  return { invocations: ++invocations };
}

export async function leave({ timers }) {
  for (let index = 0; index < timers; index += 1) setTimeout(() => {}, 60_000);
  return timers;
}

export function withCallback(_event, _context, callback) {
  callback(null, 'done');
}

let present = 0;
let allPresent;

/** Answers when as many invocations run at once as the event says, each with its own context. */
export async function meet({ count, fails }, context) {
  allPresent ??= Promise.withResolvers();
  if (++present === count) allPresent.resolve();
  await allPresent.promise;
  if (fails) throw new RangeError('of one alone');
  return { present, traceId: context.xRayTraceId, environmentTraceId: process.env._X_AMZN_TRACE_ID };
}
