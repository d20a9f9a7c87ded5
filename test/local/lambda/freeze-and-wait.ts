// Freezes a function, says which process it is, and waits to be killed. A program of its own for process-guard.test.ts.
import { fileURLToPath } from 'node:url';
import { startLambdaHost } from '../../../local/lambda/lambda-host.ts';

const taskRoot = fileURLToPath(new URL('functions', import.meta.url));
const host = startLambdaHost({ taskRoot, handler: 'behaviours.count', environment: {}, timeoutMs: 5_000 });
await host.invoke({});
console.log(JSON.stringify({ pid: host.pid, frozen: host.frozen }));
await new Promise((resolve) => setTimeout(resolve, 60_000));
