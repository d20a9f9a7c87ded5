import { writeSync } from 'node:fs';

// What importing the SSM client takes, in the form in which the functions load it on demand.
const startedAt = performance.now();
const { ssmClient } = await import('../../functions/invocation/ssm-client.ts');
writeSync(1, JSON.stringify({ importMs: performance.now() - startedAt, names: [ssmClient.name] }));
process.exit(0);
