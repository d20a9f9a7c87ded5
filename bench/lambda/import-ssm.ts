import { writeSync } from 'node:fs';

// What importing the SSM client takes, in the form in which the functions load it on demand.
const startedAt = performance.now();
const { GetParametersCommand, SSMClient } = await import('@aws-sdk/client-ssm');
writeSync(
  1,
  JSON.stringify({ importMs: performance.now() - startedAt, names: [GetParametersCommand.name, SSMClient.name] }),
);
process.exit(0);
