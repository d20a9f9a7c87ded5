import { Token } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { SynthFault } from './synth-fault.ts';

const scheme = 'kafka://';

/** The topic of Kafka that a mapping puts records into that were given up; nothing where those have another destination. */
export function kafkaDestinationOf({ node }: lambda.EventSourceMapping): string | undefined {
  const { defaultChild: resource } = node;
  if (!(resource instanceof lambda.CfnEventSourceMapping)) return undefined;
  const { destinationConfig } = resource;
  if (destinationConfig === undefined || Token.isUnresolved(destinationConfig)) return undefined;
  const { onFailure } = destinationConfig as lambda.CfnEventSourceMapping.DestinationConfigProperty;
  if (onFailure === undefined || Token.isUnresolved(onFailure)) return undefined;
  const { destination = '' } = onFailure as lambda.CfnEventSourceMapping.OnFailureProperty;
  return destination.startsWith(scheme) ? destination.slice(scheme.length) : undefined;
}

/**
 * What Lambda refuses of a topic of Kafka as a destination.
 *
 * @param kafkaTopic the topic that is read; nothing where that is no topic of Kafka
 */
export function kafkaDestinationFaults(destination: string | undefined, kafkaTopic: string | undefined): SynthFault[] {
  if (destination === undefined) return [];
  const id = 'on-failure';
  if (kafkaTopic === undefined) {
    const text = `onFailure is the topic ${destination} of Kafka, into which Lambda puts only records of Kafka. Give another destination, or leave onFailure out to have a queue created.`;
    return [{ id, text }];
  }
  if (Token.isUnresolved(kafkaTopic) || destination !== kafkaTopic) return [];
  const text = `onFailure is the topic ${destination}, from which records are read, and Lambda refuses that. Give another topic of the cluster.`;
  return [{ id, text }];
}
