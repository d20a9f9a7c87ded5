import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { ANSWER_MARK, type Load, type Round, type Target } from './load.ts';

/** What a contender's process does: it connects once, then one round for each line on its standard input. */
export interface RoundServer {
  run(load: Load): Promise<Round>;
}

/** Runs a contender's process until its standard input ends. @param connect makes the client. */
export async function serveRounds(connect: (target: Target) => Promise<RoundServer>): Promise<void> {
  const server = await connect(JSON.parse(process.env.BENCH_TARGET ?? '{}'));
  answer({ ready: true });
  for await (const line of createInterface({ input: process.stdin })) answer(await server.run(JSON.parse(line)));
  // Peers own timers and sockets that would keep the process, and some have no way to end them all.
  process.exit(0);
}

function answer(value: unknown): void {
  writeSync(1, `${ANSWER_MARK}${JSON.stringify(value)}\n`);
}
