import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { systemClock } from '../../../functions/rocketmq/clock.ts';
import { ServerConnection } from '../../../local/embedded/server-connection.ts';

test.each(['close', 'cut'] as const)(
  'a %s by RST while the FIN is still under way closes the connection',
  async (end) => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    client.on('error', () => undefined).resume();
    const [socket] = (await once(server, 'connection')) as [Socket];
    const closed = Promise.withResolvers<void>();
    const ignore = () => undefined;
    const connection = new ServerConnection(1, socket, systemClock, {
      onFrame: ignore,
      onBroken: ignore,
      onClosed: closed.resolve,
    });
    connection.close('FIN');
    // The FIN is handed to the system in the next tick, and is gone when the event loop has turned.
    await new Promise<void>((resolve) => process.nextTick(resolve));
    connection[end]('RST');
    await closed.promise;
    server.close();
    await once(server, 'close');
    expect(connection.isOpen).toBe(false);
  },
);
