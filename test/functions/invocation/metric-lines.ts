import { vi } from 'vitest';

/** One line of the embedded metric format. */
export interface MetricLine extends Record<string, unknown> {
  readonly _aws: {
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
    }[];
  };
}

/** Takes what is written to stdout while something runs, and gives the lines of metrics among it. */
export async function metricLinesOf(run: () => unknown): Promise<MetricLine[]> {
  const written: string[] = [];
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    written.push(String(chunk));
    return true;
  });
  try {
    await run();
  } finally {
    spy.mockRestore();
  }
  const lines = written.join('').split('\n');
  return lines.flatMap((line) => (line.startsWith('{') && line.includes('"_aws"') ? [JSON.parse(line)] : []));
}
