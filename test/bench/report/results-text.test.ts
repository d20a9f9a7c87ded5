import { expect, test } from 'vitest';
import { resultsText } from '../../../bench/report/results-text.ts';

const spread = { median: 40_000, min: 40_000, max: 40_000, count: 1 };

test('a contender that did not do all its rounds is told of beside its figures', () => {
  const text = resultsText({
    machine: { startedAt: '', commit: '', cpu: '', cores: 2, memoryGb: 8, system: '', versions: {} },
    settings: { cluster: 'embedded', rounds: 5, seconds: 1, isShort: false, isPatient: true },
    sends: {
      figures: [
        {
          contender: 'ali-ons',
          window: 64,
          bodyBytes: 256,
          batch: 1,
          messagesPerSecond: spread,
          cpuUsPerMessage: spread,
          failed: 0,
          missedRounds: 4,
          repeatedRounds: 0,
          disturbedRounds: 0,
        },
      ],
      missing: [{ contender: 'ali-ons', reason: 'ali-ons ended with SIGKILL\nIt wrote:\nnothing of use' }],
    },
    bars: [],
    failures: [],
  });
  expect(text).toMatch(/^\| ali-ons +\|.*\| – +\| 4 rounds missing +\|$/m);
  expect(text).toMatch(/Not measured, or not to the end:\n\n- ali-ons: ali-ons ended with SIGKILL\n/);
});
