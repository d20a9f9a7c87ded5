import type { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { ClientInstance } from '../client/client-instance.ts';
import type { Deadline } from '../deadline.ts';
import { ClientClosedError, OptionsError, RemotingCommandError, RequestTimeoutError } from '../errors.ts';
import { decodeProperties, type MessageProperties, MessageProperty } from '../protocol/message-properties.ts';
import { RequestCode } from '../protocol/request-code.ts';
import { ResponseCode } from '../protocol/response-code.ts';
import { plainBody } from './plain-body.ts';

/** A consumer's reply to a request. */
export interface ReplyMessage {
  readonly body: Buffer;
  readonly properties: MessageProperties;
}

/** Who waits for a reply. */
interface Waiting {
  resolve(reply: ReplyMessage): void;
  reject(error: unknown): void;
}

/** The part of a broker's request that holds a consumer's reply. */
interface PushedReply {
  readonly extFields: { readonly properties?: string | undefined; readonly sysFlag?: string | undefined };
  readonly body: Uint8Array;
}

const ofClient = new WeakMap<ClientInstance, RequestReply>();

/** Requests of a client that wait for a reply, which a broker pushes on whatever connection it knows this client by. */
export class RequestReply {
  readonly #client: ClientInstance;
  readonly #waiting = new Map<string, Waiting>();

  /** Use `of`: a client has one, since a client has one handler for what brokers push. */
  constructor(client: ClientInstance) {
    this.#client = client;
    const receive = (push: PushedReply) => this.#receive(push);
    client.registerHandler(RequestCode.PUSH_REPLY_MESSAGE_TO_CLIENT, receive, () => this.#giveUp());
  }

  static of(client: ClientInstance): RequestReply {
    const requests = ofClient.get(client) ?? new RequestReply(client);
    ofClient.set(client, requests);
    return requests;
  }

  /**
   * Registers with every master, sends by `send` with the properties that lead the reply back, and waits for it. Once the reply is
   * there, or given up, the request is not sent again; what was under way is waited for at the end of the invocation.
   * @throws OptionsError without a time to wait for it; RequestTimeoutError when none came in time; RemotingCommandError for one that
   * cannot be read; ClientClosedError when the client is shut down meanwhile
   */
  async request(
    topic: string,
    timeoutMs: number,
    deadline: Deadline,
    send: (properties: Record<string, string>, deadline: Deadline) => Promise<void>,
  ): Promise<ReplyMessage> {
    if (!Number.isFinite(timeoutMs) || timeoutMs <= 0) {
      const given = typeof timeoutMs === 'object' ? 'an object' : String(timeoutMs);
      throw new OptionsError('producer.request', [`"timeoutMs" is ${given}, but must be a number of ms above 0`]);
    }
    const { clientId, release } = await this.#client.registerWithAllMasters(topic, deadline);
    const correlationId = randomUUID();
    let timer: NodeJS.Timeout | undefined;
    let isOver = false;
    const reply = new Promise<ReplyMessage>((resolve, reject) => {
      const ending =
        <T>(settle: (value: T) => void) =>
        (value: T) => {
          isOver = true;
          settle(value);
        };
      const waiting = { resolve: ending(resolve), reject: ending(reject) };
      this.#waiting.set(correlationId, waiting);
      const expire = () => waiting.reject(new RequestTimeoutError(topic, correlationId, timeoutMs));
      // Keeps the process awake too: what is waited for comes on a socket that would not.
      timer = setTimeout(expire, Math.max(1, deadline.remainingMs()));
    });
    try {
      const properties = {
        [MessageProperty.CORRELATION_ID]: correlationId,
        [MessageProperty.REPLY_TO_CLIENT]: clientId,
        [MessageProperty.TTL]: String(timeoutMs),
      };
      const sent = send(properties, { remainingMs: () => (isOver ? 0 : deadline.remainingMs()) });
      // The reply may overtake the confirmation of the request.
      await Promise.race([reply, sent]).finally(() => {
        if (isOver) this.#client.beside(timeoutMs, () => sent.catch(() => undefined));
      });
      return await reply;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(correlationId);
      release();
    }
  }

  /** Fails all that wait: there is no connection any more that a reply could come on, and no other is opened. */
  #giveUp(): void {
    for (const { reject } of this.#waiting.values()) reject(new ClientClosedError('unknown'));
  }

  /** Hands a pushed reply to the request it belongs to. An unknown one is taken and dropped: nobody waits any more. */
  async #receive({ extFields, body }: PushedReply): Promise<{ code: number }> {
    const properties = decodeProperties(extFields.properties ?? '');
    const waiting = this.#waiting.get(properties[MessageProperty.CORRELATION_ID] ?? '');
    try {
      waiting?.resolve({ body: await plainBody(body, Number(extFields.sysFlag ?? 0)), properties });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      waiting?.reject(new RemotingCommandError(`the reply cannot be read: ${reason}`, 0, error));
    }
    // As the Java client: the reply was taken, whatever is in it.
    return { code: ResponseCode.SUCCESS };
  }
}
