import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { AnySecret } from './any-secret.ts';

type Kind = 'IAM' | 'NONE' | 'SCRAM_512' | 'SCRAM_256' | 'PLAIN' | 'MUTUAL_TLS';

const types = {
  SCRAM_512: lambda.SourceAccessConfigurationType.SASL_SCRAM_512_AUTH,
  SCRAM_256: lambda.SourceAccessConfigurationType.SASL_SCRAM_256_AUTH,
  PLAIN: lambda.SourceAccessConfigurationType.BASIC_AUTH,
  MUTUAL_TLS: lambda.SourceAccessConfigurationType.CLIENT_CERTIFICATE_TLS_AUTH,
} as const;

/** How Lambda proves itself to the brokers of Kafka. Secrets are read by Lambda, never by the function's code. */
export class KafkaAuthentication {
  /** The role of the function, for clusters of MSK with IAM access control. Needs a `consumerGroupId`, to which the role's rights are bound. */
  static iam(): KafkaAuthentication {
    return new KafkaAuthentication('IAM');
  }

  /** None: the network alone decides who may read. */
  static none(): KafkaAuthentication {
    return new KafkaAuthentication('NONE');
  }

  /** SASL/SCRAM-SHA-512. @param secret JSON with `username` and `password` */
  static scramSha512(secret: AnySecret): KafkaAuthentication {
    return new KafkaAuthentication('SCRAM_512', secret);
  }

  /** SASL/SCRAM-SHA-256, self-managed clusters only. @param secret JSON with `username` and `password` */
  static scramSha256(secret: AnySecret): KafkaAuthentication {
    return new KafkaAuthentication('SCRAM_256', secret);
  }

  /** SASL/PLAIN, self-managed clusters only. @param secret JSON with `username` and `password` */
  static plain(secret: AnySecret): KafkaAuthentication {
    return new KafkaAuthentication('PLAIN', secret);
  }

  /** A client certificate. @param secret JSON with `certificate`, `privateKey` and, where it has one, `privateKeyPassword` */
  static mutualTls(secret: AnySecret): KafkaAuthentication {
    return new KafkaAuthentication('MUTUAL_TLS', secret);
  }

  /** The kind, for faults. */
  readonly kind: Kind;
  /** The secret that Lambda reads; nothing for a kind that needs none. */
  readonly secret: AnySecret | undefined;

  private constructor(kind: Kind, secret?: AnySecret) {
    this.kind = kind;
    this.secret = secret;
  }

  /** Whether MSK, or else a self-managed cluster, knows this kind. */
  isFor(cluster: 'msk' | 'selfManaged'): boolean {
    const others: readonly Kind[] = cluster === 'msk' ? ['SCRAM_256', 'PLAIN'] : ['IAM'];
    return !others.includes(this.kind);
  }

  /** What the mapping says of it; nothing for a kind without a secret. */
  accessConfigurations(): lambda.SourceAccessConfiguration[] {
    const { kind, secret } = this;
    if (secret === undefined || kind === 'IAM' || kind === 'NONE') return [];
    return [{ type: types[kind], uri: secret.secretArn }];
  }
}
