import { readTraceId } from './environment.ts';

/**
 * X-Ray trace of one invocation; undefined where Lambda gives none. Its context is asked first: of a process that runs
 * several invocations at once, nothing else tells which trace is whose.
 */
export function invocationTraceId(context: object): string | undefined {
  // Newer than the types of the context.
  const { xRayTraceId } = context as { readonly xRayTraceId?: unknown };
  return typeof xRayTraceId === 'string' && xRayTraceId !== '' ? xRayTraceId : readTraceId();
}
