import type { Fault } from '../../local/faults/fault.ts';
import type { FaultScope, TcpProxy } from '../../local/faults/tcp-proxy.ts';

/** Numbers from 0 to below 1 that a seed decides (mulberry32), so that a failing run can be had again. */
export function randomNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What one round does to the network between client and broker. */
export interface RoundFault {
  readonly text: string;
  /** Before the first byte of the round is written, or when the proxy has read it. */
  readonly moment: 'before the write' | 'after the write';
  strike(proxy: TcpProxy): void;
  /** Makes the network sound again. */
  heal(proxy: TcpProxy): Promise<void>;
}

type Make = (whole: (below: number) => number) => Fault | 'refuse';

const endings = ['fin', 'reset'] as const;
const sides = ['client', 'server', 'both'] as const;
const directions = ['toServer', 'toClient'] as const;

const makers: readonly Make[] = [
  (whole) => ({ kind: 'close', by: endings[whole(2)] ?? 'fin', side: sides[whole(3)] ?? 'both' }),
  () => ({ kind: 'blackHole' }),
  (whole) => ({ kind: 'cut', afterBytes: whole(3000), direction: 'toServer', by: endings[whole(2)] ?? 'fin' }),
  (whole) => ({ kind: 'cut', afterBytes: whole(600), direction: 'toClient', by: endings[whole(2)] ?? 'fin' }),
  (whole) => ({ kind: 'hold', direction: directions[whole(2)] ?? 'toClient' }),
  (whole) => ({ kind: 'delay', delayMs: 1 + whole(40) }),
  (whole) => ({ kind: 'dropAnswers', count: 1 + whole(5) }),
  () => ({ kind: 'forget' }),
  () => 'refuse',
];

/** The next fault of a run: its kind, when it strikes, and whether it spares connections opened after it. */
export function randomFault(random: () => number): RoundFault {
  const whole = (below: number) => Math.floor(random() * below);
  const fault = (makers[whole(makers.length)] ?? (() => 'refuse' as const))(whole);
  const moment = whole(2) === 0 ? 'before the write' : 'after the write';
  if (fault === 'refuse') {
    return {
      text: `connects refused, ${moment}`,
      moment,
      strike(proxy) {
        proxy.refuse();
        proxy.apply({ kind: 'close', by: 'reset' }, 'present');
      },
      heal: (proxy) => proxy.accept(),
    };
  }
  const scope: FaultScope = whole(2) === 0 ? 'present' : 'all';
  return {
    text: `${JSON.stringify(fault)} for ${scope} connections, ${moment}`,
    moment,
    strike: (proxy) => proxy.apply(fault, scope),
    async heal(proxy) {
      // No network loses bytes in the midst of a connection and then goes on with it.
      if (fault.kind === 'blackHole') proxy.apply({ kind: 'close', by: 'reset' }, 'present');
      proxy.apply({ kind: 'pass' });
    },
  };
}
