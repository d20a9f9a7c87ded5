import type * as ec2 from 'aws-cdk-lib/aws-ec2';

/** A VPC. The class is named beside its interface, which it does not fit under `exactOptionalPropertyTypes`. */
export type AnyVpc = ec2.IVpc | ec2.Vpc;
