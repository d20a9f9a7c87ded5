/**
 * Random bytes that tell sandboxes and connections apart; no secrets. V8 seeds each isolate's generator from the entropy of
 * the system, which is what makes them differ. `node:crypto` would do the same for 2 ms of each cold start.
 */
export function randomBytes(count: number): Uint8Array {
  return Uint8Array.from({ length: count }, () => Math.floor(Math.random() * 256));
}
