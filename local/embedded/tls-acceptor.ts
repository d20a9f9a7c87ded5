import type { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';

/** What a server does with TLS (Java: `tls.server.mode`): takes both, takes nothing else, takes none. */
export type TlsMode = 'permissive' | 'enforcing' | 'disabled';

/** TLS of one server. Texts are PEM. */
export interface TlsSettings {
  readonly mode: TlsMode;
  readonly key: string;
  readonly cert: string;
  /** When given, a client must show a certificate that this authority signed. */
  readonly clientCa?: string;
}

/** First byte of a TLS handshake. No frame starts with it: its length would be over the limit. */
const TLS_HANDSHAKE = 0x16;

/**
 * Tells TLS from plain text by the first byte of a connection, on one port, as real servers do (Java: `TlsModeHandler`).
 * A connection of the kind that the mode refuses is closed at once, without a byte; a silent one is left alone.
 */
export class TlsAcceptor {
  readonly #mode: TlsMode;
  /** Never listens: it is handed connections whose first byte was seen. */
  readonly #server: Server;
  readonly #handshakes = new Map<number | undefined, (stream: Socket) => void>();

  /** @throws Error when key and certificate do not fit each other. */
  constructor({ mode, key, cert, clientCa }: TlsSettings) {
    this.#mode = mode;
    const clients = clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true };
    this.#server = createServer({ key, cert, ...clients }, (stream: TLSSocket) => {
      this.#handshakes.get(stream.remotePort)?.(stream);
    });
  }

  /** Calls back with what to read frames from, once that is known; never when the connection is refused. */
  accept(socket: Socket, onStream: (stream: Socket) => void): void {
    const onReadable = () => {
      const chunk: Buffer | null = socket.read();
      if (chunk === null) return;
      socket.off('readable', onReadable);
      socket.unshift(chunk);
      this.#choose(socket, chunk[0] === TLS_HANDSHAKE, onStream);
    };
    socket.on('readable', onReadable);
  }

  #choose(socket: Socket, isTls: boolean, onStream: (stream: Socket) => void): void {
    if (isTls ? this.#mode === 'disabled' : this.#mode === 'enforcing') {
      socket.destroySoon();
    } else if (isTls) {
      const port = socket.remotePort;
      this.#handshakes.set(port, onStream);
      socket.once('close', () => this.#handshakes.delete(port));
      this.#server.emit('connection', socket);
    } else {
      onStream(socket);
    }
  }
}
