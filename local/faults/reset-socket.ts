import type { Socket } from 'node:net';

/**
 * Closes a connection by RST. Where its FIN is still under way it is closed plainly: the system refuses the reset then, and Node
 * would keep the handle open for ever.
 */
export function resetSocket(socket: Socket): void {
  if (socket.writableEnded && !socket.writableFinished) socket.destroy();
  else socket.resetAndDestroy();
}
