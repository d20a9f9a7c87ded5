import { expect, test } from 'vitest';
import { type OpenTelemetryApi, openTelemetryHook } from '#rocketmq';
import { RequestCode } from '../../../../functions/rocketmq/protocol/request-code.ts';
import { rejectionOf, startProducer, TOPIC } from './start-producer.ts';

/** A span as it was made, and what became of it. */
interface RecordedSpan {
  readonly name: string;
  readonly options: object;
  readonly attributes: Record<string, string | number>;
  status: { code: number; message?: string } | undefined;
  ends: number;
}

/** What `@opentelemetry/api` with a tracer provider and the W3C propagator does, as far as a hook can see it. */
class RecordingApi implements OpenTelemetryApi {
  readonly spans: RecordedSpan[] = [];
  readonly context = { active: () => new Map<string, unknown>() };
  readonly propagation = {
    inject: (context: unknown, carrier: Record<string, string>) => {
      const span = (context as Map<string, RecordedSpan>).get('span');
      carrier.traceparent = `00-${'a'.repeat(32)}-${String(span === undefined ? 0 : this.spans.indexOf(span) + 1).padStart(16, '0')}-01`;
    },
  };
  readonly trace = {
    getTracer: () => ({ startSpan: (name: string, options: object) => this.#start(name, options) }),
    setSpan: (context: Map<string, unknown>, span: unknown) => new Map(context).set('span', span),
  };

  #start(name: string, options: object) {
    const span: RecordedSpan = { name, options, attributes: {}, status: undefined, ends: 0 };
    this.spans.push(span);
    return Object.assign(span, {
      setStatus: (status: { code: number; message?: string }) => {
        span.status = status;
      },
      setAttribute: (key: string, value: string | number) => {
        span.attributes[key] = value;
      },
      end: () => {
        span.ends++;
      },
    });
  }
}

test('each message is sent with the context of a span of its own, which ends with the message id', async () => {
  const api = new RecordingApi();
  await using started = await startProducer({ producer: { sendHooks: [openTelemetryHook(api)] } });
  const { cluster, producer } = started;
  const { msgId } = await producer.send({ topic: TOPIC, body: 'one', properties: { own: 'kept' } });
  await producer.sendAll(['two', 'three'].map((body) => ({ topic: TOPIC, body })));
  expect(api.spans.map(({ name, ends, status }) => [name, ends, status])).toEqual(
    Array(3).fill([`send ${TOPIC}`, 1, undefined]),
  );
  expect(api.spans[0]).toMatchObject({
    options: { kind: 3, attributes: { 'messaging.system': 'rocketmq', 'messaging.destination.name': TOPIC } },
    attributes: { 'messaging.message.id': msgId },
  });
  const stored = cluster.messages(TOPIC);
  const parents = new Map(stored.map(({ body, properties }) => [body.toString(), properties.traceparent]));
  const parent = (span: number) => `00-${'a'.repeat(32)}-${String(span).padStart(16, '0')}-01`;
  expect(parents).toEqual(
    new Map([
      ['one', parent(1)],
      ['two', parent(2)],
      ['three', parent(3)],
    ]),
  );
  expect(stored.find(({ body }) => body.toString() === 'one')?.properties.own).toBe('kept');
});

test('the span of a message that is not stored ends with the code of its error', async () => {
  const api = new RecordingApi();
  await using started = await startProducer({ producer: { sendHooks: [openTelemetryHook(api)] } });
  started.cluster.broker().faults.add({ kind: 'answer', code: 13, codes: [RequestCode.SEND_MESSAGE_V2] });
  await rejectionOf(started.producer.send({ topic: TOPIC, body: 'x' }));
  expect(api.spans).toMatchObject([{ ends: 1, status: { code: 2, message: 'ROCKETMQ_SEND_FAILED' } }]);
});

test('the span of a message that cannot be prepared ends too', async () => {
  const api = new RecordingApi();
  await using started = await startProducer({ producer: { sendHooks: [openTelemetryHook(api)] } });
  await rejectionOf(started.producer.send({ topic: TOPIC, body: '' }));
  await started.producer.sendAll([{ topic: TOPIC, body: '' }]);
  expect(api.spans.map(({ ends, status }) => [ends, status?.message])).toEqual(
    Array(2).fill([1, 'ROCKETMQ_MESSAGE_ILLEGAL']),
  );
});
