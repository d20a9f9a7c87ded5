import { setTimeout as delay } from 'node:timers/promises';

const RETRY_DELAY_MS = 10;

/** Asks until there is a value. @throws Error naming what was waited for, after `limitMs`. */
export async function poll<T>(
  limitMs: number,
  what: string,
  ask: (round: number) => Promise<T | undefined>,
): Promise<T> {
  const end = performance.now() + limitMs;
  for (let round = 0; ; round++) {
    const value = await ask(round);
    if (value !== undefined) return value;
    if (performance.now() >= end) throw new Error(`waited ${limitMs} ms in vain for ${what}`);
    await delay(RETRY_DELAY_MS);
  }
}
