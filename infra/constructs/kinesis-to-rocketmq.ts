import { Duration, RemovalPolicy, Token, Validations } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as kinesis from 'aws-cdk-lib/aws-kinesis';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { propFaults, usableProps } from './checked-props.ts';
import { areKnown } from './known-range.ts';
import { regionFaults } from './region-faults.ts';
import { iteratorAge, StreamSource } from './stream-source.ts';
import type { StreamSourceProps } from './stream-source-props.ts';
import type { SynthFault } from './synth-fault.ts';

/** Properties of a way from a Kinesis stream to a RocketMQ topic. */
export interface KinesisToRocketMqProps extends StreamSourceProps {
  /**
   * A stream that exists. Import one that is encrypted with a key of your own by `Stream.fromStreamAttributes`, with its `encryptionKey`, or
   * the function cannot decrypt.
   * @default - one is created
   */
  readonly existingStream?: kinesis.IStream;

  /**
   * Shards of the created stream, 0 for as many as there is need for (on demand). Say here how many an existing stream of another app has,
   * so that its sandboxes can be counted.
   * @default 1
   */
  readonly shardCount?: number;

  /**
   * Options of the created stream, such as a key or a longer retention. Not used with `existingStream`.
   * @default - encrypted, 24 hours
   */
  readonly streamOptions?: Omit<kinesis.StreamProps, 'removalPolicy' | 'shardCount' | 'streamMode'>;

  /**
   * Batches of one shard that are delivered at the same time, 1 to 10. Records of one partition key stay in order.
   * @default 1
   */
  readonly parallelizationFactor?: number;
}

const ownProps = ['existingStream', 'streamOptions'] as const;

/**
 * Records of a Kinesis stream become messages of a RocketMQ topic, in the order of their partition keys. A record that fails holds up the
 * shard until it is stored, or given up by age or tries.
 */
export class KinesisToRocketMq extends StreamSource {
  /** The stream that is read. */
  readonly stream: kinesis.IStream;
  /** What makes Lambda read the stream. */
  readonly eventSourceMapping: lambda.EventSourceMapping;

  constructor(scope: Construct, id: string, given: KinesisToRocketMqProps) {
    const props = usableProps(given, ownProps);
    const { parallelizationFactor = 1, existingStream } = props;
    const shards = existingStream === undefined ? (props.shardCount ?? 1) : knownShards(props);
    super(scope, id, props, {
      source: 'kinesis',
      maxSandboxes: sandboxesOf(shards, parallelizationFactor),
      lag: iteratorAge('Kinesis'),
    });
    this.stream = existingStream ?? this.#createStream(props);
    this.stream.grantRead(this.producerFunction);
    this.eventSourceMapping = this.read({
      retention: retentionOf(this.stream),
      options: { eventSourceArn: this.stream.streamArn },
      parallelizationFactor,
      faults: [...propFaults(given, ownProps), ...streamFaults(props), ...regionFaults(this, { existingStream })],
    });
  }

  /** Lets someone put records into the stream. */
  grantWrite(grantee: iam.IGrantable): iam.Grant {
    return this.stream.grantWrite(grantee);
  }

  #createStream({
    shardCount = 1,
    streamOptions,
    removalPolicy = RemovalPolicy.RETAIN,
  }: KinesisToRocketMqProps): kinesis.Stream {
    const stream = new kinesis.Stream(this, 'Stream', {
      ...streamOptions,
      ...(shardCount === 0
        ? { streamMode: kinesis.StreamMode.ON_DEMAND }
        : { streamMode: kinesis.StreamMode.PROVISIONED, shardCount: isShardCount(shardCount) ? shardCount : 1 }),
      removalPolicy,
    });
    if (streamOptions?.encryptionKey === undefined) {
      Validations.of(stream).acknowledge({
        id: 'AwsSolutions-KDS3',
        reason:
          'A key of its own costs money and needs rights of everybody who writes, so it is a choice of the user (streamOptions.encryptionKey).',
      });
    }
    return stream;
  }
}

function isShardCount(count: number): boolean {
  return Token.isUnresolved(count) || (Number.isInteger(count) && count >= 0);
}

function streamFaults({ existingStream, shardCount = 1, streamOptions }: KinesisToRocketMqProps): SynthFault[] {
  const faults: SynthFault[] = [];
  if (!isShardCount(shardCount)) {
    const text = `shardCount is ${shardCount}; give a whole number of at least 1, or 0 for capacity on demand.`;
    faults.push({ id: 'kinesis-shard-count', text });
  }
  if (existingStream !== undefined && streamOptions !== undefined) {
    const text =
      'streamOptions would have no effect: existingStream is given, and this construct does not change it. Set them where that stream is made.';
    faults.push({ id: 'existing-stream', text });
  }
  return faults;
}

/** How many batches Lambda delivers at the same time. With on-demand capacity nobody knows, nor where a number is known at deployment only. */
function sandboxesOf(shards: number | undefined, parallelizationFactor: number): number | undefined {
  if (shards === undefined || shards === 0 || !areKnown(shards, parallelizationFactor)) return undefined;
  return shards * parallelizationFactor;
}

/** The shards of a stream that exists, where this app makes it or the props say it. */
function knownShards({ existingStream, shardCount }: KinesisToRocketMqProps): number | undefined {
  const resource = existingStream?.node.defaultChild;
  return shardCount ?? (resource instanceof kinesis.CfnStream ? resource.shardCount : undefined);
}

/** How long a stream that this app makes keeps records; nothing for one that it only refers to. */
function retentionOf(stream: kinesis.IStream): Duration | undefined {
  const resource = stream.node.defaultChild;
  if (!(resource instanceof kinesis.CfnStream)) return undefined;
  const hours = resource.retentionPeriodHours ?? 24;
  return Token.isUnresolved(hours) ? undefined : Duration.hours(hours);
}
