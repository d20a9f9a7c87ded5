import type { ClientInstance } from '../client/client-instance.ts';
import { type Deadline, earlierOf } from '../deadline.ts';
import { OptionsError, RocketMQError } from '../errors.ts';
import { type ProducerOptions, producerOptionRules, resolveOptions } from '../options.ts';
import { KeyOrder } from './key-order.ts';
import type { Message } from './message.ts';
import { MsgIdSource } from './msg-id-source.ts';
import { groupFault } from './names.ts';
import { type PreparedMessage, prepareMessage } from './prepared-message.ts';
import { SendLoop } from './send-loop.ts';
import type { SendOutcome, SendResult } from './send-result.ts';

/** How a `send` or `sendAll` is to be done. */
export interface SendOptions {
  /** When it has to be finished, at the latest; the producer's `sendTimeoutMs` counts besides. */
  readonly deadline?: Deadline;
}

/** Sends of one `sendAll` under way at once. */
const SENDS_AT_ONCE = 256;

/** Sends messages for one producer group (Java: `DefaultMQProducer`). Made by `client.producer`; survives a freeze. */
export class Producer {
  readonly group: string;
  private readonly client: ClientInstance;
  private readonly options: Readonly<Required<ProducerOptions>>;
  private readonly sendLoop: SendLoop;
  private readonly keyOrder = new KeyOrder();
  private readonly msgIds: MsgIdSource;

  /** @throws OptionsError for options that cannot be used, and for a group this client has a producer of already. */
  constructor(client: ClientInstance, options: ProducerOptions) {
    const resolved = resolveOptions('client.producer', options, producerOptionRules) as Required<ProducerOptions>;
    const { group, attemptTimeoutMs, sendTimeoutMs } = resolved;
    const faults = [groupFault(group) ?? []].flat();
    if (attemptTimeoutMs >= sendTimeoutMs) {
      faults.push(
        `"attemptTimeoutMs" is ${attemptTimeoutMs}, but must be less than "sendTimeoutMs" (${sendTimeoutMs})`,
      );
    }
    if (faults.length > 0) throw new OptionsError('client.producer', faults);
    this.group = group;
    this.client = client;
    this.options = resolved;
    this.sendLoop = new SendLoop(client, resolved);
    this.msgIds = new MsgIdSource(client.options.clock);
    client.producerTable.register(group, this);
  }

  /**
   * Sends one message and waits until a broker confirmed it.
   * @throws MessageError when no broker would store it as meant; nothing was sent.
   * @throws SendFailedError when no attempt was confirmed; its `outcome` says whether it may be stored all the same.
   * @throws TopicRouteNotFoundError, NoWritableQueueError, NoNameServerError, DeadlineError when no attempt was made.
   */
  async send(message: Message, { deadline }: SendOptions = {}): Promise<SendResult> {
    const { clock } = this.client.options;
    const newMsgId = () => this.msgIds.next();
    const prepared = prepareMessage(message, this.options.maxMessageBytes, newMsgId, clock.now());
    const limit = earlierOf(deadline, this.options.sendTimeoutMs);
    this.client.checkDueWork(limit);
    const { topic, shardingKey } = prepared;
    if (shardingKey === undefined) return this.sendLoop.send(prepared, undefined, limit);
    return this.keyOrder.run(topic, shardingKey, () => this.sendToQueueOf(shardingKey, prepared, limit));
  }

  /**
   * Sends many messages, many at once, and tells of each what became of it, in the order given. Never rejects for a
   * message: look at each outcome. Messages with equal sharding keys are stored in the order given.
   */
  async sendAll(messages: readonly Message[], options: SendOptions = {}): Promise<SendOutcome[]> {
    const outcomes = new Array<SendOutcome>(messages.length);
    let next = 0;
    const work = async () => {
      for (let index = next++; index < messages.length; index = next++) {
        outcomes[index] = await this.outcomeOf(messages[index] as Message, options);
      }
    };
    await Promise.all(Array.from({ length: Math.min(SENDS_AT_ONCE, messages.length) }, work));
    return outcomes;
  }

  private async outcomeOf(message: Message, options: SendOptions): Promise<SendOutcome> {
    try {
      return { status: 'stored', result: await this.send(message, options) };
    } catch (error) {
      if (!(error instanceof RocketMQError)) throw error;
      return { status: 'failed', error };
    }
  }

  private async sendToQueueOf(shardingKey: string, message: PreparedMessage, deadline: Deadline): Promise<SendResult> {
    const queue = await this.sendLoop.queueOf(message.topic, shardingKey, deadline);
    return this.sendLoop.send(message, queue, deadline);
  }
}
