import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as ssm from 'aws-cdk-lib/aws-ssm';
import { parameterNameOf } from './parameter-name.ts';
import type { SynthFault } from './synth-fault.ts';

/** How functions prove themselves to a cluster, and whom they trust. */
export interface ClusterSecurity {
  /**
   * An SSM parameter (SecureString) that holds `{"accessKey","secretKey","securityToken"}`, with which functions sign their requests.
   * CloudFormation cannot create one: create it beside the stack.
   * @default - requests are not signed
   */
  readonly aclParameter?: ssm.IParameter;

  /**
   * The key that `aclParameter` is encrypted with; no alias of it, which rights to decrypt do not hold for.
   * @default - the `encryptionKey` that `aclParameter` was imported with, else the AWS managed key `aws/ssm`, which needs no rights of its own
   */
  readonly aclKey?: kms.IKey;

  /**
   * Whether connections to name servers and brokers are encrypted. Their certificates are verified.
   * @default false
   */
  readonly tls?: boolean;

  /**
   * An SSM parameter that holds, in PEM, the authorities that the certificates of the servers come from. Needs `tls`.
   * @default - the authorities that Node trusts
   */
  readonly tlsCaParameter?: ssm.IParameter;

  /**
   * The name that the certificates of the servers are for, where it is not the host of their address. Needs `tls`.
   * @default - the host of each address
   */
  readonly tlsServername?: string;

  /**
   * The namespace that topics and groups live in.
   * @default - none
   */
  readonly namespace?: string;
}

/** Variables of a function that follow from the security of its cluster. */
export function securityEnvironment(security: ClusterSecurity): Record<string, string> {
  const { aclParameter, tls, tlsCaParameter, tlsServername, namespace } = security;
  return {
    ...(aclParameter !== undefined && { ROCKETMQ_ACL_PARAMETER: parameterNameOf(aclParameter) }),
    ...(tls === true && { ROCKETMQ_TLS: 'true' }),
    ...(tlsCaParameter !== undefined && { ROCKETMQ_TLS_CA_PARAMETER: parameterNameOf(tlsCaParameter) }),
    ...(tlsServername !== undefined && { ROCKETMQ_TLS_SERVERNAME: tlsServername }),
    ...(namespace !== undefined && { ROCKETMQ_NAMESPACE: namespace }),
  };
}

/** Faults of settings that have no effect, by themselves or without others. */
export function securityFaults(security: ClusterSecurity): SynthFault[] {
  const { aclParameter, aclKey, tls, tlsCaParameter, tlsServername } = security;
  const faults: SynthFault[] = [];
  // Apps in JavaScript have no compiler that tells them, and connections would not be encrypted.
  if (tls !== undefined && typeof tls !== 'boolean') {
    const text = `tls is ${JSON.stringify(tls)}, but must be true or false, which are no text.`;
    return [{ id: 'tls', text }];
  }
  if (tls !== true && (tlsCaParameter !== undefined || tlsServername !== undefined)) {
    faults.push({
      id: 'tls',
      text: 'tlsCaParameter or tlsServername is given, but connections are not encrypted. Give tls: true too, or remove them.',
    });
  }
  if (aclKey !== undefined && aclParameter === undefined) {
    faults.push({
      id: 'acl',
      text: 'aclKey is given without the aclParameter that it decrypts. Give that too, or remove it.',
    });
  }
  const key = aclKeyOf(security);
  if (key !== undefined && 'aliasName' in key) {
    faults.push({
      id: 'acl',
      text: 'The key of aclParameter is given by an alias, but rights to decrypt hold for keys only, so the credentials could not be read. Give the key itself, by Key.fromKeyArn or Key.fromLookup where it is of another app.',
    });
  }
  return faults;
}

/** The key of the credentials, from wherever it is known; nothing for `aws/ssm`. */
function aclKeyOf({ aclParameter, aclKey }: ClusterSecurity): kms.IKey | undefined {
  // A parameter may have a key, though its interface does not say so.
  return aclKey ?? (aclParameter as { readonly encryptionKey?: kms.IKey } | undefined)?.encryptionKey;
}

/** Lets a function read one parameter, and neither its history nor other parameters. */
export function grantRead(grantee: iam.IGrantable, parameter: ssm.IParameter): iam.Grant {
  return iam.Grant.addToPrincipal({
    grantee,
    actions: ['ssm:GetParameter', 'ssm:GetParameters'],
    resourceArns: [parameter.parameterArn],
  });
}

/** Lets a function read what there is of credentials and CA, and use the key for that one parameter, through SSM, only. */
export function grantReadSecurity(grantee: iam.IGrantable, security: ClusterSecurity): void {
  const { aclParameter, tlsCaParameter } = security;
  const aclKey = aclKeyOf(security);
  const parameters = [aclParameter, tlsCaParameter].filter((parameter) => parameter !== undefined);
  if (parameters.length > 0) {
    iam.Grant.addToPrincipal({
      grantee,
      actions: ['ssm:GetParameters'],
      resourceArns: parameters.map(({ parameterArn }) => parameterArn),
    });
  }
  if (aclParameter === undefined || aclKey === undefined) return;
  const { region, urlSuffix } = Stack.of(aclParameter);
  iam.Grant.addToPrincipal({
    grantee,
    actions: ['kms:Decrypt'],
    resourceArns: [aclKey.keyArn],
    conditions: {
      StringEquals: {
        'kms:ViaService': `ssm.${region}.${urlSuffix}`,
        'kms:EncryptionContext:PARAMETER_ARN': aclParameter.parameterArn,
      },
    },
  });
}
