import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, type AppProps, Stack, Validations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { endWithParent } from '../../local/real/end-with-parent.ts';

// CloudFormation's rules take a tenth of a second for each template: `violationsOf` asks them, once for each kind of stack.
process.env.CDK_VALIDATION = 'false';

// Not removed after the tests of a file: others share the process, and this module with it.
const root = mkdtempSync(join(tmpdir(), 'rocketmq-lambda-infra-'));
endWithParent({ directory: root });

/** The feature flags of cdk.json: without them, templates differ from those of the real synth. */
const { context: flags }: { context: Record<string, unknown> } = JSON.parse(
  readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8'),
);

/** Props of an app that is synthesized as the CLI does it, but bundles no code, and leaves nothing behind. */
export function testAppProps(context: Readonly<Record<string, unknown>> = {}): AppProps {
  return {
    context: { ...flags, 'aws:cdk:bundling-stacks': [], ...context },
    outdir: mkdtempSync(join(root, 'assembly-')),
  };
}

/** An empty stack named `Test`. */
export function testStack(): Stack {
  return new Stack(new App(testAppProps()), 'Test');
}

/** A VPC that exists, with one private subnet. */
export function testVpc(stack: Stack): ec2.IVpc {
  const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
    vpcId: 'vpc-0123456789abcdef0',
    availabilityZones: ['eu-west-1a'],
    privateSubnetIds: ['subnet-0123456789abcdef0'],
  });
  Validations.of(vpc).acknowledge({ id: '@aws-cdk/aws-ec2:noSubnetRouteTableId', reason: 'No test adds routes.' });
  return vpc;
}

/** The errors that the constructs of a stack reported, as `[rocketmq-lambda:id] text` each. */
export function errorsOf(stack: Stack): string[] {
  return annotationsOf(stack, 'aws:cdk:error');
}

/** The warnings that the constructs of a stack reported and nobody acknowledged. */
export function warningsOf(stack: Stack): string[] {
  return annotationsOf(stack, 'aws:cdk:warning');
}

function annotationsOf(stack: Stack, type: string): string[] {
  return stack.node
    .findAll()
    .flatMap(({ node }) => node.metadata)
    .filter((entry) => entry.type === type)
    .map(({ data }) => String(data));
}
