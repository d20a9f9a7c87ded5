import { Stack, Token } from 'aws-cdk-lib';
import type * as ssm from 'aws-cdk-lib/aws-ssm';

/**
 * What functions ask SSM for to get a parameter: its name, or its ARN where it was imported by that. Of such a parameter the CDK takes the
 * last part of the path for the name (`/rocketmq/acl` becomes `acl`), and one that another account shares is known there by its ARN only.
 */
export function parameterNameOf(parameter: ssm.IParameter): string {
  const { parameterArn, parameterName } = parameter;
  // An ARN with a token in it was put together from the name.
  if (parameterArn === undefined || Token.isUnresolved(parameterArn)) return parameterName;
  const { account } = Stack.of(parameter);
  const separator = parameterName.startsWith('/') ? '' : '/';
  return parameterArn.endsWith(`:${account}:parameter${separator}${parameterName}`) ? parameterName : parameterArn;
}
