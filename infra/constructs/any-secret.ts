import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';

/** A secret. The class is named beside its interface, which it does not fit under `exactOptionalPropertyTypes`. */
export type AnySecret = secretsmanager.ISecret | secretsmanager.Secret;
