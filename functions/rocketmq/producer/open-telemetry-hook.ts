import type { SendHook, SendHookContext } from './send-hook.ts';

/** The parts of `@opentelemetry/api` that are used; pass that module itself. It is no dependency of this library. */
export interface OpenTelemetryApi {
  readonly context: { active(): unknown };
  readonly propagation: { inject(context: unknown, carrier: Record<string, string>): void };
  readonly trace: {
    getTracer(name: string): { startSpan(name: string, options: object): OpenTelemetrySpan };
    setSpan(context: never, span: never): unknown;
  };
}

interface OpenTelemetrySpan {
  setStatus(status: { code: number; message?: string }): unknown;
  setAttribute(name: string, value: string | number): unknown;
  end(): void;
}

const PRODUCER_KIND = 3;
const ERROR_STATUS = 2;

/**
 * Makes a span for each send, and puts its W3C trace context (`traceparent`, `tracestate`) into the message's properties,
 * where a consumer's instrumentation finds it.
 */
export function openTelemetryHook(api: OpenTelemetryApi): SendHook {
  const spans = new WeakMap<SendHookContext, OpenTelemetrySpan>();
  return {
    before(context) {
      const { topic } = context.message;
      const attributes = {
        'messaging.system': 'rocketmq',
        'messaging.operation.name': 'send',
        'messaging.operation.type': 'send',
        'messaging.destination.name': topic,
        'messaging.rocketmq.client_group': context.group,
      };
      const span = api.trace
        .getTracer('rocketmq-lambda')
        .startSpan(`send ${topic}`, { kind: PRODUCER_KIND, attributes });
      spans.set(context, span);
      const withSpan = api.trace.setSpan(api.context.active() as never, span as never);
      api.propagation.inject(withSpan, context.extraProperties);
    },
    after(context, outcome) {
      const span = spans.get(context);
      if (span === undefined) return;
      if ('result' in outcome) span.setAttribute('messaging.message.id', outcome.result.msgId);
      else span.setStatus({ code: ERROR_STATUS, message: outcome.error.code });
      span.end();
    },
  };
}
