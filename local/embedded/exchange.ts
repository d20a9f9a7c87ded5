import type { ExtFields } from '../../functions/rocketmq/protocol/ext-fields.ts';
import type { RemotingCommand } from '../../functions/rocketmq/protocol/remoting-command.ts';
import type { ServerConnection } from './server-connection.ts';

/** One request that arrived, and the connection it came on. */
export interface Exchange {
  readonly request: RemotingCommand;
  readonly connection: ServerConnection;
}

/** What a handler answers; opaque, flags and version are added by the server. */
export interface Answer {
  readonly code: number;
  readonly remark?: string | undefined;
  readonly extFields?: ExtFields;
  readonly body?: Uint8Array;
  /** Written as JSON by a 4.9 server, whatever the request was written in. */
  readonly isAlwaysJson?: boolean;
}

/** What a Java processor throws and does not catch: answered with code 1 and this text, without header fields. */
export class ProcessorError extends Error {
  override readonly name = 'ProcessorError';
}

/** Serves one request code. `undefined` is a request that gets no answer. A throw is answered with code 1. */
export type RequestHandler = (exchange: Exchange) => Answer | undefined | Promise<Answer | undefined>;

/** Handlers by request code, as one request family contributes them. */
export type HandlerEntries = readonly (readonly [code: number, handler: RequestHandler])[];
