import { OptionsError } from '#rocketmq';

/**
 * For functions whose callers name topic, body and all else themselves: there is nothing to map.
 * @throws OptionsError when there is a mapping all the same, which would have no effect
 */
export function refuseMapping(environment: { readonly mapping: string | undefined }, source: string): void {
  if (environment.mapping === undefined) return;
  const reason = `the function ${source} takes none, since its callers name topic, body and all else themselves: remove it`;
  throw new OptionsError('ROCKETMQ_MAPPING', [reason]);
}
