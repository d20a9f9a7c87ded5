import { type MessageTarget, messageTarget, type RecordMapping } from '../delivery/message-target.ts';

/** What of an invocation the target of its messages is made of. */
interface MappedInvocation {
  readonly environment: { readonly topic: string; readonly mapping: string | undefined };
  readonly traceId: string | undefined;
}

/** Mappings by the environment they are of: compiled once, for as long as the sandbox lives. */
const mappings = new WeakMap<object, Promise<RecordMapping>>();

/**
 * The target of an invocation, with the mapping where the environment has one. Only then the code for mappings is
 * loaded.
 * @throws OptionsError with every fault of the mapping: no record is sent, and none is taken for done
 */
export async function mappedTarget(invocation: MappedInvocation): Promise<MessageTarget> {
  const { environment } = invocation;
  const { mapping: text } = environment;
  if (text === undefined) return messageTarget(invocation);
  let mapping = mappings.get(environment);
  if (mapping === undefined) {
    mapping = import('./compiled-mapping.ts').then(({ CompiledMapping }) => new CompiledMapping(text));
    mappings.set(environment, mapping);
  }
  return { ...messageTarget(invocation), mapping: await mapping };
}
