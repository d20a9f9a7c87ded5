import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { resetSocket } from '../../../local/faults/reset-socket.ts';

const heldOpen = () => process.getActiveResourcesInfo().filter((resource) => resource.startsWith('TCP')).length;

test('leaves no handle open when the FIN of the socket is still under way', async () => {
  const before = heldOpen();
  const server = createServer((peer) => peer.on('error', () => undefined).resume()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  socket.end();
  // The FIN is handed to the system in the next tick, and is gone when the event loop has turned.
  await new Promise<void>((resolve) => process.nextTick(resolve));
  resetSocket(socket);
  server.close();
  await once(server, 'close');
  await expect.poll(heldOpen).toBe(before);
});

test('resets a connection that has nothing under way', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [peer] = (await once(server, 'connection')) as [Socket];
  peer.resume();
  const failed = once(peer, 'error');
  resetSocket(socket);
  expect(await failed).toMatchObject([{ code: 'ECONNRESET' }]);
  server.close();
});
