import { Logger } from '@aws-lambda-powertools/logger';

/** The log of the functions: JSON lines on stdout, configured by Powertools' own environment variables. */
export const logger = new Logger();
