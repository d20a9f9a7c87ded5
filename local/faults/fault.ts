/** The way of bytes through the proxy. */
export type Direction = 'toServer' | 'toClient';

/** How a connection is closed: orderly (FIN, and RST for whatever comes later, like any closed socket) or by RST at once. */
export type Ending = 'fin' | 'reset';

/**
 * What the proxy does to one connection. A connection has one fault at a time; the next one replaces it.
 * - `pass`: nothing. Bytes that were held go out first.
 * - `close`: closes now (a new connection: once it is accepted, without asking the target). The side that is not named stays
 *   open and hears nothing more.
 * - `blackHole`: both sides stay open; what they send, FIN and RST included, is read and thrown away. A new connection is
 *   accepted and the target never hears of it. Bytes thrown away do not come back with `pass`, but an ending does.
 * - `hold`: bytes, FIN and RST wait in the proxy until another fault (or `pass`) lets them go, in order. Both directions by
 *   default. An answer held until its request has timed out is a late answer, without any real time passing.
 * - `delay`: everything arrives `delayMs` later, in order. Both directions by default.
 * - `cut`: the next `afterBytes` bytes of that direction pass; when the first byte beyond them comes, it and the rest are thrown
 *   away and both sides are closed. Counted per connection, from now.
 * - `dropAnswers`: the next `count` frames to the client are thrown away, whole, and then all is well again. A frame is RocketMQ's: four
 *   bytes of length, big-endian, and that many bytes. A frame that has begun to pass is not counted. Counted per connection.
 * - `forget`: like a NAT that lost its entry or a server that was restarted: the target's side is closed, the client is told
 *   nothing, and the next thing it sends is answered by RST.
 */
export type Fault =
  | { readonly kind: 'pass' }
  | { readonly kind: 'close'; readonly by: Ending; readonly side?: 'client' | 'server' | 'both' }
  | { readonly kind: 'blackHole' }
  | { readonly kind: 'hold'; readonly direction?: Direction }
  | { readonly kind: 'delay'; readonly delayMs: number; readonly direction?: Direction }
  | { readonly kind: 'cut'; readonly afterBytes: number; readonly direction: Direction; readonly by: Ending }
  | { readonly kind: 'dropAnswers'; readonly count: number }
  | { readonly kind: 'forget' };
