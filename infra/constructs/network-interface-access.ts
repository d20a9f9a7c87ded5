import { Validations } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

const actions = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];

/** What Lambda needs to read Kafka through a VPC, with the role of the function. */
const pollerActions = [
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSecurityGroups',
  'ec2:DescribeSubnets',
  'ec2:DescribeVpcs',
];

/**
 * Lets Lambda make the network interfaces of a function in a VPC, in place of the managed policy
 * `AWSLambdaVPCAccessExecutionRole`. Must be called before the function is made, which depends on its role's policies.
 */
export function allowNetworkInterfaces(role: iam.IRole): void {
  role.addToPrincipalPolicy(new iam.PolicyStatement({ actions, resources: ['*'] }));
  acknowledgeStar(role);
}

/**
 * Lets Lambda make the network interfaces through which it reads Kafka, in place of the managed policy `AWSLambdaMSKExecutionRole`.
 *
 * @param isForFunctionToo whether `allowNetworkInterfaces` was called for the role
 */
export function allowPollerInterfaces(
  role: iam.IRole,
  { isForFunctionToo }: { readonly isForFunctionToo: boolean },
): void {
  role.addToPrincipalPolicy(new iam.PolicyStatement({ actions: pollerActions, resources: ['*'] }));
  if (!isForFunctionToo) acknowledgeStar(role);
}

function acknowledgeStar(role: iam.IRole): void {
  for (const id of ['AwsSolutions-IAM5[Resource::*]', 'Serverless-LambdaStarPermissions']) {
    Validations.of(role).acknowledge({
      id,
      reason:
        'Lambda demands these network interface actions on every resource: the interfaces have no name before they exist. The code of the function is denied them.',
    });
  }
}

/**
 * Takes from the code of a function what its role has for Lambda's sake: requests that come from inside the function carry
 * `lambda:SourceFunctionArn`, those of the Lambda service do not. A policy of its own, because the function depends on the other one.
 */
export class NetworkInterfaceDenial extends Construct {
  constructor(scope: Construct, id: string, { role, fn }: { readonly role: iam.IRole; readonly fn: lambda.IFunction }) {
    super(scope, id);
    role.attachInlinePolicy(
      new iam.Policy(this, 'Policy', {
        statements: [
          new iam.PolicyStatement({
            effect: iam.Effect.DENY,
            actions: [...new Set([...actions, ...pollerActions])],
            resources: ['*'],
            conditions: { ArnEquals: { 'lambda:SourceFunctionArn': fn.functionArn } },
          }),
        ],
      }),
    );
  }
}
