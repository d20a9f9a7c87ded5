import { didYouMean } from '../functions/mapping/nearest-name.ts';
import { type AppContext, contextKeys } from './context-keys.ts';
import { ContextValueError } from './context-value.ts';
import { keysOfSources, type SourceName, sourceNames } from './source-keys.ts';

/** The context of the app is wrong; the message lists every fault, and `faults` has them one by one. */
export class ContextError extends Error {
  override readonly name = 'ContextError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(
      `The context (-c key=value, or "context" in cdk.json) has ${faults.length === 1 ? 'a fault' : 'faults'}:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
    );
    this.faults = faults;
  }
}

/** Names without a mark of their owner that the CDK CLI itself keeps in the context. */
const keysOfTheCli: ReadonlySet<string> = new Set(['acknowledged-issue-numbers', 'cli-telemetry']);

/**
 * Reads what the context says about the stack. Keys of others have a colon, a slash or an `@` in their name and are left alone; any
 * other name that is not in the table is refused, because it is a misspelt key that would have no effect.
 *
 * Throws one `ContextError` with all faults.
 */
export function readContext(given: Readonly<Record<string, unknown>>): AppContext {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    if (/[:/@]/.test(name) || keysOfTheCli.has(name) || value === undefined) continue;
    if (!isKnown(name)) {
      const keys = Object.keys(contextKeys);
      const hint = didYouMean(name, keys);
      faults.push(`${name}: is not a key of this app${hint}.${hint ? '' : ` Known keys: ${keys.join(', ')}.`}`);
      continue;
    }
    try {
      values[name] = contextKeys[name].read(value);
    } catch (error) {
      if (!(error instanceof ContextValueError)) throw error;
      faults.push(`${name}: ${error.message} (given: ${JSON.stringify(value)})`);
    }
  }
  faults.push(...sourceFaults(given, values), ...networkFaults(given, values));
  if (faults.length > 0) throw new ContextError(faults);
  return values;
}

function isKnown(name: string): name is keyof typeof contextKeys {
  return Object.hasOwn(contextKeys, name);
}

/** What is said about a source that was not chosen would have no effect. */
function sourceFaults(
  given: Readonly<Record<string, unknown>>,
  { sources = ['sqs'], mappings = {} }: AppContext,
): string[] {
  const keysOf = (names: readonly SourceName[]) => new Set<string>(names.flatMap((name) => keysOfSources[name]));
  const read = keysOf(sources);
  const faults = [...keysOf(sourceNames)]
    .filter((key) => given[key] !== undefined && !read.has(key))
    .map((key) => {
      const owners = sourceNames.filter((name) => keysOf([name]).has(key));
      return `${key}: has no effect without ${owners.join(' or ')} in sources (there: ${sources.join(', ')}).`;
    });
  for (const name of sourceNames) {
    if (mappings[name] === undefined || sources.includes(name)) continue;
    faults.push(
      `mappings: the one for ${name} has no effect without ${name} in sources (there: ${sources.join(', ')}).`,
    );
  }
  if (sources.includes('kafka') && given.kafkaTopic === undefined) {
    faults.push('sources: kafka needs kafkaTopic, and mskClusterArn or kafkaBootstrapServers.');
  }
  if (given.kafkaSecurityGroupId !== undefined && given.vpcId === undefined) {
    faults.push('kafkaSecurityGroupId: has no effect without vpcId.');
  }
  return faults;
}

/** A VPC is described by several keys at once; what each one says is of no use without the others. */
function networkFaults(
  given: Readonly<Record<string, unknown>>,
  { availabilityZones, privateSubnetIds }: AppContext,
): string[] {
  const companions = [
    'availabilityZones',
    'privateSubnetIds',
    'brokerCidr',
    'brokerSecurityGroupId',
    'brokerPorts',
    'nameServerPorts',
  ];
  if (given.vpcId === undefined) {
    return companions
      .filter((name) => given[name] !== undefined)
      .map((name) => `${name}: has no effect without vpcId.`);
  }
  const faults: string[] = [];
  for (const name of ['availabilityZones', 'privateSubnetIds']) {
    if (given[name] === undefined) faults.push(`vpcId: needs ${name} too; nothing is looked up in an account.`);
  }
  if (given.brokerCidr === undefined && given.brokerSecurityGroupId === undefined) {
    faults.push('vpcId: needs brokerCidr or brokerSecurityGroupId, or the function could reach no broker.');
  }
  const zones = availabilityZones?.length ?? 1;
  const subnets = privateSubnetIds?.length ?? zones;
  if (subnets % zones !== 0) {
    faults.push(`privateSubnetIds: ${subnets} subnets cannot be spread evenly over ${zones} availability zones.`);
  }
  return faults;
}
