import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import type { ExtFields } from '../../../../functions/rocketmq/protocol/ext-fields.ts';
import { FrameDecoder } from '../../../../functions/rocketmq/protocol/frame-decoder.ts';
import { MQVersion } from '../../../../functions/rocketmq/protocol/mq-version.ts';
import {
  decodeFrame,
  encodeFrame,
  isResponse,
  RESPONSE_FLAG,
  type RemotingCommand,
} from '../../../../functions/rocketmq/protocol/remoting-command.ts';

/** An answer as a test writes it; success without a body unless told otherwise. */
export interface ScriptedAnswer {
  readonly code?: number;
  readonly remark?: string;
  readonly extFields?: ExtFields;
  readonly body?: Uint8Array;
  readonly version?: number;
}

/** What a server does with a request: the answer, or `undefined` to leave it to the test (or for ever). */
export type Script = (request: RemotingCommand, peer: ServerPeer) => ScriptedAnswer | undefined;

/** Script of a server that answers success to everything. */
export const answerAll: Script = () => ({});
/** Script of a server that reads and says nothing. */
export const saySilence: Script = () => undefined;

/** The server's end of one connection: what came, in which chunks, and how it ended. */
export class ServerPeer {
  readonly socket: Socket;
  readonly requests: RemotingCommand[] = [];
  readonly responses: RemotingCommand[] = [];
  /** Codes of the requests that each chunk from the socket completed. */
  readonly chunks: number[][] = [];
  /** How the client ended it; undefined while it is open. */
  ending: 'fin' | 'reset' | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  answer(request: RemotingCommand, answer: ScriptedAnswer = {}): void {
    this.send({
      code: answer.code ?? 0,
      language: 0,
      version: answer.version ?? MQVersion.V5_5_0,
      opaque: request.opaque,
      flag: RESPONSE_FLAG,
      remark: answer.remark,
      extFields: answer.extFields ?? {},
      body: answer.body ?? Buffer.alloc(0),
    });
  }

  /** Sends a request of the server's own. */
  request(code: number, opaque: number, flag = 0): void {
    const body = Buffer.alloc(0);
    this.send({ code, language: 0, version: 513, opaque, flag, remark: undefined, extFields: {}, body });
  }

  send(command: RemotingCommand): void {
    this.socket.write(encodeFrame(command, 'JSON'));
  }
}

/** A server on loopback that speaks frames and does what its script says. Its script may be replaced at any time. */
export class FrameServer implements AsyncDisposable {
  script: Script;
  addr = '';
  /** Connections in the order they were accepted, ended ones included. */
  readonly peers: ServerPeer[] = [];
  /** Every request that came, over all connections. */
  readonly requests: RemotingCommand[] = [];
  readonly #server: Server;
  #waiters: { readonly condition: () => boolean; readonly resolve: () => void }[] = [];

  /** @param tls where it speaks TLS. */
  constructor(script: Script, tls?: TlsOptions) {
    this.script = script;
    const accept = (socket: Socket) => this.#accept(socket);
    this.#server =
      tls === undefined ? createServer({ noDelay: true }, accept) : createTlsServer({ noDelay: true, ...tls }, accept);
  }

  get openPeers(): ServerPeer[] {
    return this.peers.filter(({ ending }) => ending === undefined);
  }

  codes(): number[] {
    return this.requests.map(({ code }) => code);
  }

  async listen(host: string, port = 0): Promise<void> {
    await once(this.#server.listen(port, host), 'listening');
    const { port: chosenPort } = this.#server.address() as AddressInfo;
    this.addr = `${host.includes(':') ? `[${host}]` : host}:${chosenPort}`;
  }

  /** Resolves when the condition holds, which is looked at whenever something came, was accepted or ended. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push({ condition, resolve });
      this.#changed();
    });
  }

  /** Resolves when so many requests have come, with the last of them. */
  async untilRequests(count: number): Promise<void> {
    await this.until(() => this.requests.length >= count);
  }

  /** The connection of that number, once it was accepted. */
  async peer(index: number): Promise<ServerPeer> {
    await this.until(() => this.peers.length > index);
    const peer = this.peers[index];
    if (peer === undefined) throw new Error(`no connection ${index}`);
    return peer;
  }

  /** Closes everything; connects are refused from now on. May be called twice. */
  async stop(): Promise<void> {
    for (const { socket } of this.peers) socket.destroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #accept(socket: Socket): void {
    const peer = new ServerPeer(socket);
    this.peers.push(peer);
    const decoder = new FrameDecoder((buffer, start, end) => {
      const command = decodeFrame(Buffer.from(buffer.subarray(start, end)));
      if (isResponse(command)) {
        peer.responses.push(command);
        return;
      }
      peer.requests.push(command);
      peer.chunks.at(-1)?.push(command.code);
      this.requests.push(command);
      const answer = this.script(command, peer);
      if (answer !== undefined) peer.answer(command, answer);
    });
    socket.on('data', (chunk) => {
      peer.chunks.push([]);
      decoder.push(chunk);
      this.#changed();
    });
    socket.on('end', () => {
      peer.ending ??= 'fin';
    });
    socket.on('error', () => {
      peer.ending ??= 'reset';
    });
    socket.on('close', () => {
      peer.ending ??= 'fin';
      this.#changed();
    });
    this.#changed();
  }

  #changed(): void {
    this.#waiters = this.#waiters.filter(({ condition, resolve }) => {
      const holds = condition();
      if (holds) resolve();
      return !holds;
    });
  }
}

/** Starts a server on a port that the system chooses, or on a given one. */
export async function startFrameServer(
  script: Script = answerAll,
  { host = '127.0.0.1', port = 0, tls }: { host?: string; port?: number; tls?: TlsOptions } = {},
): Promise<FrameServer> {
  const server = new FrameServer(script, tls);
  await server.listen(host, port);
  return server;
}

/** An address on loopback where nothing listens. */
export async function deadAddr(): Promise<string> {
  const server = await startFrameServer();
  const { addr } = server;
  await server.stop();
  return addr;
}
