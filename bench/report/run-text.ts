import type { BenchResults } from './bench-results.ts';

/** When, where and with what a run was made, as a list. */
export function runText(machine: BenchResults['machine'], settings: BenchResults['settings']): string {
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  const patience = settings.isPatient ? '' : ' **The run did not wait for a calm machine.**';
  return [
    `- Run ${machine.startedAt}, commit ${machine.commit}, cluster: ${settings.cluster}, ${settings.rounds} rounds of ${settings.seconds} s.${patience}`,
    `- Machine: ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, ${machine.system}`,
    `- Versions: ${versions.join('; ')}`,
  ].join('\n');
}
