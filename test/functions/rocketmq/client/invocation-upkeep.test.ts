import { describe, expect, test } from 'vitest';
import { type Deadline, deadlineAfter } from '../../../../functions/rocketmq/deadline.ts';
import { ClientClosedError } from '../../../../functions/rocketmq/errors.ts';
import { startBlackHole } from '../remoting/black-hole.ts';
import { saySilence } from '../remoting/frame-server.ts';
import { startFrozenServer } from './frozen-server.ts';
import { knowNothing, routeOver } from './routes.ts';
import { invocation, LONG_MS, send, sendTo, soon, startSmallCluster } from './small-cluster.ts';

describe('the beginning of an invocation', () => {
  test('sees the FIN that came while the process was frozen, so that no request is lost on the dead connection', async () => {
    await using cluster = await startSmallCluster();
    await using server = await startFrozenServer();
    cluster.routes.T = routeOver({ 'broker-a': { 0: server.addr } });
    const client = cluster.client(undefined, []);
    await sendTo(client, 'T');
    server.freezeUntilFin();
    const upkeep = await client.beginInvocation(soon());
    expect(client.pendingCount).toBe(0);
    await sendTo(client, 'T');
    await upkeep.end();
    expect(Object.fromEntries(client.connectionsOpened)).toEqual({ first: 2, 'closed by peer': 1 });
    expect(server.requestCount).toBe(2);
  });

  test('closes what was idle for longer than servers keep it', async () => {
    await using cluster = await startSmallCluster();
    const client = cluster.client();
    await sendTo(client, 'T');
    cluster.clock.advance(100_001);
    await invocation(client, () => sendTo(client, 'T'));
    expect(client.connectionsOpened.get('idle')).toBe(2);
  });

  test('of a client that is shut down is refused', async () => {
    await using cluster = await startSmallCluster();
    const client = cluster.client();
    await client.shutdown();
    await expect(client.beginInvocation(soon())).rejects.toBeInstanceOf(ClientClosedError);
  });
});

describe('the end of an invocation', () => {
  test('waits for the due work', async () => {
    await using cluster = await startSmallCluster();
    const client = cluster.client();
    await sendTo(client, 'T');
    cluster.nameServer.script = saySilence;
    cluster.clock.advance(30_000);
    const upkeep = await client.beginInvocation(soon());
    await cluster.nameServer.untilRequests(2);
    let isEnded = false;
    const ended = upkeep.end().then(() => {
      isEnded = true;
    });
    await new Promise(setImmediate);
    expect(isEnded).toBe(false);
    const [, question] = cluster.nameServer.requests;
    if (question !== undefined) cluster.nameServer.peers[0]?.answer(question, knowNothing());
    await ended;
    expect(client.pendingCount).toBe(0);
  });

  test('waits for a first heartbeat that began while it waited', async () => {
    await using cluster = await startSmallCluster();
    const client = cluster.client();
    await client.publishInfo('T', soon());
    cluster.nameServer.script = saySilence;
    cluster.brokerA.script = saySilence;
    const upkeep = await client.beginInvocation(soon());
    void client.refreshRouteAfterError('T', soon());
    const sent = client.invoke(cluster.brokerA.addr, send, LONG_MS);
    let isEnded = false;
    const ended = upkeep.end().then(() => {
      isEnded = true;
    });
    await cluster.brokerA.untilRequests(2);
    await cluster.nameServer.untilRequests(2);
    const [, question] = cluster.nameServer.requests;
    if (question !== undefined) cluster.nameServer.peers[0]?.answer(question, knowNothing());
    const [beat, request] = cluster.brokerA.requests;
    if (request !== undefined) cluster.brokerA.peers[0]?.answer(request);
    await sent;
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    expect(isEnded).toBe(false);
    if (beat !== undefined) cluster.brokerA.peers[0]?.answer(beat);
    await ended;
    expect(client.pendingCount).toBe(0);
  });

  test('sends what was left to be sent once, and does not keep who left it', async () => {
    await using cluster = await startSmallCluster();
    const client = cluster.client();
    const limits: number[] = [];
    const flush = async (deadline: Deadline) => void limits.push(deadline.remainingMs());
    client.onEnd(flush);
    await invocation(client);
    await invocation(client);
    expect(limits).toHaveLength(1);
    client.onEnd(flush);
    await client.shutdown();
    expect(limits).toHaveLength(2);
  });

  test('gives up connects still under way, but not before the last of several invocations ends', async () => {
    await using cluster = await startSmallCluster();
    await using hole = await startBlackHole();
    const client = cluster.client();
    const [one, two] = [await client.beginInvocation(soon()), await client.beginInvocation(soon())];
    const error = await client.invoke(hole.addr, send, 5).catch((reason) => reason);
    expect(error).toMatchObject({ code: 'ROCKETMQ_CONNECT' });
    const patient = client.invoke(hole.addr, send, LONG_MS).catch((reason) => reason);
    await one.end();
    expect(client.pendingCount).toBe(1);
    await two.end();
    expect(client.pendingCount).toBe(0);
    expect((await patient).message).toContain('given up: the invocation ended');
  });

  test('waits no longer than its own deadline for what the client does while others run, and they wait for it', async () => {
    await using cluster = await startSmallCluster();
    const client = cluster.client();
    await client.publishInfo('T', soon());
    cluster.nameServer.script = saySilence;
    const [patient, hurried] = [await client.beginInvocation(soon()), await client.beginInvocation(deadlineAfter(50))];
    const refreshed = client.refreshRouteAfterError('T', soon());
    await cluster.nameServer.untilRequests(2);
    await hurried.end();
    expect(client.pendingCount).toBeGreaterThan(0);
    const ended = patient.end();
    const [, question] = cluster.nameServer.requests;
    if (question !== undefined) cluster.nameServer.peers[0]?.answer(question, knowNothing());
    await refreshed;
    await ended;
    expect(client.pendingCount).toBe(0);
  });

  test('counts once, however often it is called, and each call waits for it', async () => {
    await using cluster = await startSmallCluster();
    await using hole = await startBlackHole();
    const client = cluster.client();
    const [one, two] = [await client.beginInvocation(soon()), await client.beginInvocation(soon())];
    await client.invoke(hole.addr, send, 5).catch(() => undefined);
    expect(one.end()).toBe(one.end());
    await one.end();
    expect(client.pendingCount).toBe(1);
    await two.end();
    expect(client.pendingCount).toBe(0);
  });
});
