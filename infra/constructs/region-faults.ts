import { type IResource, Stack, Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import type { SynthFault } from './synth-fault.ts';

/** What tells a Region: a resource, or an ARN. */
type Placed = IResource | string | undefined;

/**
 * Faults of props whose resource is in another Region than the stack, where both are known at synth. AWS refuses them at deployment only,
 * and an alarm on a queue that is elsewhere would never go off.
 *
 * @param given by the name of the prop: what tells its Region, or several of which the first that is known does
 */
export function regionFaults(
  scope: IConstruct,
  given: Readonly<Record<string, Placed | readonly Placed[]>>,
): SynthFault[] {
  const { region: own } = Stack.of(scope);
  if (Token.isUnresolved(own)) return [];
  return Object.entries(given).flatMap(([name, value]) => {
    const region = [value]
      .flat()
      .map(regionOf)
      .find((known) => known !== undefined);
    if (region === undefined || region === own) return [];
    const text = `${name} is in ${region}, but the stack is in ${own}: a function, its alarms and what belongs to them must be in one Region. Give one of ${own}, or put this construct into a stack of ${region}.`;
    return [{ id: 'region', text }];
  });
}

/** Nothing where it is known at deployment only, or there is none. */
function regionOf(placed: Placed): string | undefined {
  if (Token.isUnresolved(placed)) return undefined;
  const region = typeof placed === 'string' ? placed.split(':')[3] : placed?.env.region;
  return region === '' || Token.isUnresolved(region) ? undefined : region;
}
