import { Logger } from '@aws-lambda-powertools/logger';
import { withoutVariables } from './environment.ts';

/** Variables that the logger throws for, where they are no boolean and no number. */
const STRICT_VARIABLES = ['POWERTOOLS_LOGGER_LOG_EVENT', 'POWERTOOLS_LOGGER_SAMPLE_RATE'];

/** The log of the functions: JSON lines on stdout, configured by Powertools' own environment variables. */
export const logger = usableLogger();

/** Without the variables that cannot be used, where some cannot: a function that does not load delivers nothing. */
function usableLogger(): Logger {
  try {
    return new Logger();
  } catch (error) {
    const made = withoutVariables(STRICT_VARIABLES, () => new Logger());
    made.warn(`${STRICT_VARIABLES.join(' and ')} are not used`, { reason: String(error) });
    return made;
  }
}
