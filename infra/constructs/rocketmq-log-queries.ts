import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { checkedProps } from './checked-props.ts';
import { logQueries } from './log-queries.ts';
import type { RocketMqProducerFunction } from './rocketmq-producer-function.ts';
import { reportFaults } from './synth-fault.ts';

/** Properties of saved queries. */
export interface RocketMqLogQueriesProps {
  /** Functions whose logs are asked. */
  readonly producers: readonly RocketMqProducerFunction[];

  /**
   * Folder in which CloudWatch shows the queries.
   * @default - the path of the construct
   */
  readonly folder?: string;
}

/** Saved queries of CloudWatch Logs Insights: failures by code, one record's story, connections, durations. They cost nothing until run. */
export class RocketMqLogQueries extends Construct {
  /** The saved queries. */
  readonly queries: readonly logs.CfnQueryDefinition[];

  constructor(scope: Construct, id: string, given: RocketMqLogQueriesProps) {
    super(scope, id);
    const { producers = [], folder = '' }: Partial<RocketMqLogQueriesProps> = checkedProps(this, given, ['producers']);
    if (producers.length === 0) {
      const text = 'producers names no function whose logs could be asked. Name one at least.';
      reportFaults(this, [{ id: 'log-queries-empty', text }]);
    }
    const logGroupNames = logGroupNamesOf(producers);
    this.queries = Object.entries(logQueries).map(
      ([name, { title, lines }]) =>
        new logs.CfnQueryDefinition(this, name, {
          // The one name that CloudFormation demands.
          name: `${folder === '' ? this.node.path : folder}/${title}`,
          queryString: lines.join('\n| '),
          logGroupNames,
        }),
    );
  }
}

/** Names of the log groups that functions write to, each once. */
export function logGroupNamesOf(producers: readonly RocketMqProducerFunction[]): string[] {
  return [...new Set(producers.map(({ logGroup }) => logGroup.logGroupRef.logGroupName))];
}
