import { OptionsError } from '../errors.ts';
import { resolveOptions } from '../options.ts';
import { type ProducerOptions, producerOptionRules } from '../producer-options.ts';
import { groupFault } from './names.ts';

/** Options with their defaults in place. */
export type ResolvedProducerOptions = Readonly<Required<ProducerOptions>>;

/** Fills defaults in. @throws OptionsError for options that cannot be used, alone or together, or on this Node. */
export function resolveProducerOptions(options: ProducerOptions): ResolvedProducerOptions {
  const resolved = resolveOptions('client.producer', options, producerOptionRules) as ResolvedProducerOptions;
  const { group, attemptTimeoutMs, sendTimeoutMs, compression } = resolved;
  const faults = [groupFault(group) ?? []].flat();
  if (attemptTimeoutMs >= sendTimeoutMs) {
    faults.push(`"attemptTimeoutMs" is ${attemptTimeoutMs}, but must be less than "sendTimeoutMs" (${sendTimeoutMs})`);
  }
  if (compression === 'ZSTD' && !hasZstd()) faults.push('"compression" is "ZSTD", which needs Node 22.15 or later');
  if (faults.length > 0) throw new OptionsError('client.producer', faults);
  return resolved;
}

/** Asked here, since else the first large body would be the first to fail. Not imported: only who wants ZSTD loads zlib for it. */
function hasZstd(): boolean {
  const zlib: Partial<typeof import('node:zlib')> = process.getBuiltinModule('node:zlib');
  return zlib.zstdCompress !== undefined;
}
