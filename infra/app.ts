import { buildApp } from './build-app.ts';
import { ContextError } from './read-context.ts';

// Started by start-app.mjs for the CDK CLI, which reads what the app writes when it ends.
try {
  buildApp().synth();
} catch (error) {
  if (!(error instanceof ContextError)) throw error;
  // A stack trace would bury the list of faults.
  console.error(error.message);
  process.exitCode = 1;
}
