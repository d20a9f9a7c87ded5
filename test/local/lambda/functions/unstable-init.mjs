// A module scope that fails the first times it runs. How often it ran is kept in a file, which outlives the process.
import { appendFileSync, readFileSync } from 'node:fs';

const { INIT_RUNS_FILE, INIT_FAULTS } = process.env;
appendFileSync(INIT_RUNS_FILE, '.');
const runs = readFileSync(INIT_RUNS_FILE, 'utf8').length;
console.log(`init ${runs}`);

const fault = INIT_FAULTS.split(',')[runs - 1];
if (fault === 'exit') process.exit(1);
if (fault === 'hang') await new Promise((resolve) => setTimeout(resolve, 60_000));
if (fault === 'throw') throw new TypeError(`init ${runs} failed`);

export async function handler() {
  return { runs };
}
