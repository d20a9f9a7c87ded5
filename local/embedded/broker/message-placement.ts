import { type MessageProperties, MessageProperty } from '../../../functions/rocketmq/protocol/message-properties.ts';
import { MessageSysFlag, TRANSACTION_MASK } from '../../../functions/rocketmq/protocol/message-sys-flag.ts';
import { SCHEDULE_TOPIC, TIMER_TOPIC } from '../../../functions/rocketmq/protocol/message-waiting-topics.ts';
import { ResponseCode } from '../../../functions/rocketmq/protocol/response-code.ts';
import { type Answer, ProcessorError } from '../exchange.ts';
import { isV5 } from '../server-release.ts';
import type { BrokerContext } from './broker-context.ts';
import { delayOfLevelMs, delayQueueId, TIMER_PRECISION_MS } from './delay-levels.ts';
import type { IncomingMessage } from './message-store.ts';
import { HALF_TOPIC } from './topic-table.ts';

/** Where and when a message becomes what its producer meant it to be. */
export type Placement =
  | { readonly kind: 'now'; readonly message: IncomingMessage; readonly isVisible: boolean }
  | {
      readonly kind: 'later';
      readonly waiting: IncomingMessage;
      readonly delivered: IncomingMessage;
      /** Epoch ms. */
      readonly dueAt: number;
      /** What a recall handle names: only timer messages have one. */
      readonly recallAt: number | undefined;
    };

/** A message that may not be stored. */
export type Refusal = Answer & { readonly remark: string };

/**
 * Decides what the properties of a single message ask for: a half message, a delay level, a timer (5.x), or nothing special
 * (Java: `HookUtils`, `TransactionalMessageBridge`). Members of a batch are never asked: their delays are ignored.
 */
export function placeMessage(broker: BrokerContext, message: IncomingMessage): Placement | Refusal {
  const { properties, sysFlag } = message;
  // What a consumer sends back to be tried later may keep the mark of the transaction that it came by: 5.x overlooks that.
  const isTriedLater = isV5(broker.version) && message.reconsumeTimes > 0 && (delayLevel(properties) ?? 0) > 0;
  if (isHalf(properties) && !isTriedLater) return placeHalf(broker, message);
  // Marked as prepared by the flag alone: a real broker stores it where no consumer, transaction or timer ever finds it.
  if ((sysFlag & MessageSysFlag.TRANSACTION_PREPARED) !== 0) return { kind: 'now', message, isVisible: false };
  return placeByTime(broker, message) ?? { kind: 'now', message, isVisible: true };
}

/**
 * A half message waits in a topic of its own. A delay takes it away from there, and with it its real place, so that no commit
 * delivers it: a level loses it, a timer brings it back as a half message.
 */
function placeHalf(broker: BrokerContext, message: IncomingMessage): Placement | Refusal {
  const uniqKey = message.properties[MessageProperty.UNIQ_KEY];
  const id = isV5(broker.version) && uniqKey !== undefined ? { [MessageProperty.TRANSACTION_ID]: uniqKey } : {};
  const inHalfTopic = moved(message, HALF_TOPIC, 0, { ...message.properties, ...id });
  const half = { ...inHalfTopic, sysFlag: message.sysFlag & ~TRANSACTION_MASK };
  const placement = placeByTime(broker, half) ?? { kind: 'now', message: half, isVisible: true };
  const isLost = 'kind' in placement && placement.kind === 'later' && placement.recallAt === undefined;
  return isLost ? { kind: 'now', message: placement.waiting, isVisible: true } : placement;
}

/** Where a message goes that asks for a delay; `undefined` when it asks for none. */
export function placeByTime(broker: BrokerContext, message: IncomingMessage): Placement | Refusal | undefined {
  const level = delayLevel(message.properties);
  if (level !== undefined && level > 0) return placeDelayed(broker, message, level);
  return isV5(broker.version) ? placeTimer(broker, message) : undefined;
}

/** The mark of a half message, read as Java reads it. */
export function isHalf(properties: MessageProperties): boolean {
  return properties[MessageProperty.TRAN_MSG]?.toLowerCase() === 'true';
}

const LARGEST_INT = 2_147_483_647;

function delayLevel(properties: MessageProperties): number | undefined {
  const level = properties[MessageProperty.DELAY];
  if (level === undefined || (/^[-+]?\d+$/.test(level) && Math.abs(Number(level)) <= LARGEST_INT)) {
    return level === undefined ? undefined : Number(level);
  }
  throw new ProcessorError(`java.lang.NumberFormatException: For input string: "${level}"`);
}

function placeDelayed(broker: BrokerContext, message: IncomingMessage, level: number): Placement {
  // 4.9 knows no timers and leaves their properties alone.
  const properties = isV5(broker.version) ? without(message.properties, TIMER_PROPERTIES) : message.properties;
  const queueId = delayQueueId(level);
  const waiting = moved(message, SCHEDULE_TOPIC, queueId, properties);
  const delivered = { ...message, properties: waiting.properties };
  return { kind: 'later', waiting, delivered, dueAt: broker.clock.now() + delayOfLevelMs(level), recallAt: undefined };
}

const TIMER_PROPERTIES = [
  MessageProperty.TIMER_DELAY_SEC,
  MessageProperty.TIMER_DELAY_MS,
  MessageProperty.TIMER_DELIVER_MS,
];

function placeTimer(broker: BrokerContext, message: IncomingMessage): Placement | Refusal | undefined {
  const now = broker.clock.now();
  const deliverAt = timerInstant(message.properties, now);
  if (deliverAt === undefined || deliverAt <= now) return undefined;
  if (!(deliverAt - now <= broker.settings.timerMaxDelayMs)) {
    const limit = `should not be bigger than the max delay ${broker.settings.timerMaxDelayMs}ms`;
    const remark = `timer message illegal, the delay time ${limit}; or if set del msg, the delay time should be bigger than the current time`;
    return { code: ResponseCode.MESSAGE_ILLEGAL, remark };
  }
  // Floored to a second, an exact one moved one earlier; the wheel delivers one second after that.
  const outAt = Math.ceil(deliverAt / TIMER_PRECISION_MS) * TIMER_PRECISION_MS - TIMER_PRECISION_MS;
  const properties = { ...message.properties, TIMER_OUT_MS: String(outAt) };
  const waiting = moved(message, TIMER_TOPIC, 0, properties);
  const dueAt = outAt + TIMER_PRECISION_MS;
  const marks = { TIMER_ENQUEUE_MS: String(outAt), TIMER_DEQUEUE_MS: String(dueAt) };
  const delivered = { ...message, properties: { ...waiting.properties, ...marks } };
  return { kind: 'later', waiting, delivered, dueAt, recallAt: outAt + 1 };
}

/** When the timer properties want a message delivered, epoch ms: NaN when they are no number, `undefined` without any. */
function timerInstant(properties: MessageProperties, now: number): number | undefined {
  const seconds = properties[MessageProperty.TIMER_DELAY_SEC];
  if (seconds !== undefined) return now + integer(seconds) * 1000;
  const milliseconds = properties[MessageProperty.TIMER_DELAY_MS];
  if (milliseconds !== undefined) return now + integer(milliseconds);
  const instant = properties[MessageProperty.TIMER_DELIVER_MS];
  return instant === undefined ? undefined : integer(instant);
}

function integer(text: string): number {
  return /^[-+]?\d+$/.test(text) ? Number(text) : Number.NaN;
}

/** The message as it waits in a system topic, with its real place among its properties. */
function moved(
  message: IncomingMessage,
  topic: string,
  queueId: number,
  properties: MessageProperties,
): IncomingMessage {
  const { topic: realTopic, queueId: realQueueId } = message;
  const place = { [MessageProperty.REAL_TOPIC]: realTopic, [MessageProperty.REAL_QID]: String(realQueueId) };
  return { ...message, topic, queueId, properties: { ...properties, ...place } };
}

function without(properties: MessageProperties, names: readonly string[]): MessageProperties {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name)));
}
