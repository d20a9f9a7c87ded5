// Started by the CDK CLI (`app` in cdk.json). Plain JavaScript for Node 20: a CLI that neither npm nor npx started takes the first
// `node` on the path, which may not run TypeScript. The app then runs on the Node that the project brings.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

if (process.features.typescript) {
  await import('./app.ts');
} else {
  const node = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url));
  const { status, error } = spawnSync(node, [fileURLToPath(new URL('app.ts', import.meta.url))], { stdio: 'inherit' });
  if (error !== undefined) {
    console.error(
      `The app needs Node 24, and this is ${process.version}. npm install brings it, but it cannot be started: ${error.message}`,
    );
  }
  process.exitCode = status ?? 1;
}
