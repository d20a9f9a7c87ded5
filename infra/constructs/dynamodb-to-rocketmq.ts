import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { AnyTable } from './any-table.ts';
import { checkedProps } from './checked-props.ts';
import { regionFaults } from './region-faults.ts';
import { iteratorAge, StreamSource } from './stream-source.ts';
import type { StreamSourceProps } from './stream-source-props.ts';
import { reportWarning, type SynthFault } from './synth-fault.ts';

/** Properties of a way from the stream of a DynamoDB table to a RocketMQ topic. */
export interface DynamoDbToRocketMqProps extends StreamSourceProps {
  /**
   * A table that exists and has a stream. Import one by `Table.fromTableAttributes`, with its `tableStreamArn`, and with its
   * `encryptionKey` where it has one of your own.
   * @default - one is created
   */
  readonly existingTable?: AnyTable;

  /**
   * Options of the created table, such as its keys. Not used with `existingTable`.
   * @default - partition key `id`, a string; on demand; point-in-time recovery; a stream with both images
   */
  readonly tableOptions?: Partial<Omit<dynamodb.TableProps, 'removalPolicy'>>;

  /**
   * Batches of one shard that are delivered at the same time, 1 to 10. Changes of one item stay in order.
   * @default 1
   */
  readonly parallelizationFactor?: number;
}

/**
 * Changes of the items of a DynamoDB table become messages of a RocketMQ topic, in the order of each item. A change that fails holds up
 * those behind it until it is stored, or given up by age or tries. Streams keep changes for 24 hours.
 */
export class DynamoDbToRocketMq extends StreamSource {
  /** The table whose changes are read. */
  readonly table: AnyTable;
  /** What makes Lambda read the stream. */
  readonly eventSourceMapping: lambda.EventSourceMapping;

  constructor(scope: Construct, id: string, given: DynamoDbToRocketMqProps) {
    super(scope, id, given, {
      source: 'dynamodb',
      // DynamoDB splits the stream as it likes.
      maxSandboxes: undefined,
      lag: iteratorAge('DynamoDB'),
    });
    const props = checkedProps(this, given, ['existingTable']);
    const { existingTable, parallelizationFactor = 1 } = props;
    this.table = existingTable ?? this.#createTable(props);
    const streamArn = this.table.tableStreamArn;
    if (streamArn !== undefined) this.#grantStreamRead(streamArn);
    this.#warnOfMissingImages();
    this.eventSourceMapping = this.read({
      retention: Duration.hours(24),
      // A table without a stream has been reported; the mapping has to have some ARN.
      options: { eventSourceArn: streamArn ?? this.table.tableArn },
      parallelizationFactor,
      // Imported by its name and the ARN of its stream, a table does not know where it is.
      faults: [...tableFaults(props, streamArn), ...regionFaults(this, { existingTable: [streamArn, existingTable] })],
    });
  }

  #createTable({ tableOptions, removalPolicy = RemovalPolicy.RETAIN }: DynamoDbToRocketMqProps): dynamodb.Table {
    return new dynamodb.Table(this, 'Table', {
      partitionKey: { name: 'id', type: dynamodb.AttributeType.STRING },
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      stream: dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
      ...tableOptions,
      removalPolicy,
    });
  }

  /** This stream alone; the table's own method would allow to list the streams of all tables. */
  #grantStreamRead(streamArn: string): void {
    iam.Grant.addToPrincipal({
      grantee: this.producerFunction,
      actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator', 'dynamodb:ListStreams'],
      resourceArns: [streamArn],
    });
    this.table.encryptionKey?.grantDecrypt(this.producerFunction);
  }

  #warnOfMissingImages(): void {
    const resource = this.table.node.defaultChild;
    if (!(resource instanceof dynamodb.CfnTable || resource instanceof dynamodb.CfnGlobalTable)) return;
    // A TableV2 makes up its mind late.
    const { streamViewType } = Stack.of(resource).resolve(resource.streamSpecification) ?? {};
    if (streamViewType !== 'KEYS_ONLY' && streamViewType !== 'OLD_IMAGE') return;
    reportWarning(this, {
      id: 'dynamodb-stream-view',
      text: `The stream of the table has the view ${streamViewType}, so messages do not say what an item became. Make it NEW_AND_OLD_IMAGES or NEW_IMAGE, or acknowledge this where that is meant.`,
    });
  }
}

function tableFaults(
  { existingTable, tableOptions }: DynamoDbToRocketMqProps,
  streamArn: string | undefined,
): SynthFault[] {
  const faults: SynthFault[] = [];
  if (streamArn === undefined) {
    const text =
      'The table has no stream that is known here. Switch its stream on where it is made (stream: StreamViewType.NEW_AND_OLD_IMAGES), or import it with its tableStreamArn.';
    faults.push({ id: 'dynamodb-stream', text });
  }
  if (existingTable !== undefined && tableOptions !== undefined) {
    const text =
      'tableOptions would have no effect: existingTable is given, and this construct does not change it. Set them where that table is made.';
    faults.push({ id: 'existing-table', text });
  }
  return faults;
}
