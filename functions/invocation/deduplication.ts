import {
  type Clock,
  type Deadline,
  earlierBy,
  type Message,
  type Producer,
  RocketMQError,
  type SendResult,
} from '#rocketmq';

/** Which records are asked for before they are sent: none, those known to be delivered again, or all. */
export type DeduplicationMode = 'off' | 'redelivered' | 'always';

/** What a source says of earlier deliveries of a record. */
export interface DeliveryHistory {
  /** Whether it delivers the record again; absent where it does not say. */
  readonly isRedelivered?: boolean;
  /** Epoch ms of the first delivery, by its clock; absent where it does not say. */
  readonly firstDeliveredAt?: number;
}

/** The invocation that asks. */
export interface AskingInvocation {
  readonly deadline: Deadline;
  /** Told of each record that is sent unchecked. */
  readonly unchecked: () => void;
}

/** Writes a warning to the log. */
type Warn = (message: string, facts: Readonly<Record<string, unknown>>) => void;

/** Most that the clocks of a source and a broker may differ by. */
const CLOCK_DIFFERENCE_MS = 86_400_000;
/** A broker that does not find a message stored this long ago keeps no index, or is far behind with it. */
const INDEX_LIMIT_MS = 30_000;

/**
 * Finds messages of records that an earlier delivery stored. One a sandbox: what keeps records from being checked is
 * told once in the log, each reason of each broker.
 */
export class Deduplication {
  readonly #mode: DeduplicationMode;
  readonly #producer: Pick<Producer, 'queryMessageByUniqKey'>;
  readonly #clock: Clock;
  readonly #warn: Warn;
  readonly #told = new Set<string>();
  /** The last message that no broker found, and that is sent now. */
  #notFound: Message | undefined;
  /** A message that was stored after that: a broker that keeps an index has to find it some time later. */
  #sample: { readonly message: Message; readonly storedAt: number } | undefined;
  #isIndexProven = false;

  constructor(mode: DeduplicationMode, producer: Pick<Producer, 'queryMessageByUniqKey'>, clock: Clock, warn: Warn) {
    this.#mode = mode;
    this.#producer = producer;
    this.#clock = clock;
    this.#warn = warn;
  }

  /**
   * The message of a record as an earlier delivery stored it; resolves to undefined when no broker says that it has it.
   * Undefined at once, and at no cost, when the record is not to be asked for, or has no message id that lasts.
   * @returns rejects as `queryMessageByUniqKey` does, when the message could not be sent either.
   */
  find(
    history: DeliveryHistory,
    message: Message,
    invocation: AskingInvocation,
  ): Promise<SendResult | undefined> | undefined {
    if (this.#mode === 'off' || message.msgId === undefined) return undefined;
    if (this.#mode === 'redelivered' && history.isRedelivered !== true) return undefined;
    return this.#ask(history, message, invocation);
  }

  /** To be told of each message that was stored. */
  stored({ msgId }: SendResult): void {
    if (this.#notFound?.msgId !== msgId || this.#isIndexProven || this.#sample !== undefined) return;
    this.#sample = { message: this.#notFound, storedAt: this.#clock.now() };
    this.#notFound = undefined;
  }

  async #ask(
    { firstDeliveredAt }: DeliveryHistory,
    message: Message,
    { deadline, unchecked }: AskingInvocation,
  ): Promise<SendResult | undefined> {
    const storedSince = firstDeliveredAt === undefined ? 0 : Math.max(0, firstDeliveredAt - CLOCK_DIFFERENCE_MS);
    const { stored, unanswered } = await this.#query(message, deadline, storedSince);
    if (stored !== undefined) {
      this.#isIndexProven = true;
      return stored;
    }
    if (unanswered.length > 0) {
      unchecked();
      for (const error of unanswered) this.#tell(error);
    } else if (!this.#isIndexProven) {
      // Without its body, which may be large: the sandbox keeps it from invocation to invocation.
      this.#notFound = { ...message, body: '' };
      await this.#proveIndex(deadline, unchecked);
    }
    return undefined;
  }

  /**
   * No answer tells a message that is not there from an index that is not: so a message is asked for that is known to
   * be there.
   */
  async #proveIndex(deadline: Deadline, unchecked: () => void): Promise<void> {
    const sample = this.#sample;
    if (sample === undefined || this.#clock.now() - sample.storedAt < INDEX_LIMIT_MS) return;
    // Taken away before the question, so that one of many records asks it.
    this.#sample = undefined;
    // It rejects where its topic, which need not be that of the record, is gone: that tells nothing of the index either.
    const answer = await this.#query(sample.message, deadline, 0).catch((error: unknown) => {
      if (error instanceof RocketMQError) return undefined;
      throw error;
    });
    if (answer === undefined || answer.unanswered.length > 0) return;
    const { stored } = answer;
    if (stored !== undefined) {
      this.#isIndexProven = true;
      return;
    }
    unchecked();
    const reason = `message ${sample.message.msgId}, stored long ago, is not found: is messageIndexEnable off?`;
    this.#tellOnce('index', { reason });
  }

  #query(message: Message, deadline: Deadline, storedSince: number) {
    // Half of the time that is left is for the send.
    const half = earlierBy(deadline, deadline.remainingMs() / 2);
    return this.#producer.queryMessageByUniqKey(message, { deadline: half, storedSince });
  }

  #tell(error: RocketMQError): void {
    const { addr, responseCode } = error as { addr?: unknown; responseCode?: unknown };
    this.#tellOnce(`${error.code} ${addr} ${responseCode}`, { code: error.code, reason: error.message });
  }

  #tellOnce(key: string, facts: Readonly<Record<string, unknown>>): void {
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#warn('a broker cannot say what is stored already: records delivered again are sent again', facts);
  }
}
