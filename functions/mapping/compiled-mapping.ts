import { type Message, MessageError } from '#rocketmq';
import type { DeliveryRecord } from '../delivery/delivery-record.ts';
import type { MessageTarget, RecordMapping, RecordPlace } from '../delivery/message-target.ts';
import type { RecordContent } from '../delivery/record-content.ts';
import { asKey, recordMessage } from '../delivery/record-message.ts';
import { decodedRecord, expressionData, type OpenedRecord } from './decoded-record.ts';
import { unwrapped } from './envelope.ts';
import { type FieldValues, type MappingSettings, readMappingSettings } from './mapping-settings.ts';

/** A mapping ready for records. */
export class CompiledMapping implements RecordMapping {
  readonly #settings: MappingSettings;

  /** @throws OptionsError with every fault of the text */
  constructor(text: string) {
    this.#settings = readMappingSettings(text);
  }

  recordsOf<Own extends RecordPlace>(
    own: Own,
    target: MessageTarget,
    content: () => RecordContent,
  ): (Own & DeliveryRecord)[] {
    // How many messages a record becomes must be known before the first is sent; else it is opened when its turn comes.
    if (!this.#settings.unwrap.includes('s3')) return [this.#record(own, target, () => this.#opened(content())[0])];
    let all: OpenedRecord[];
    try {
      all = this.#opened(content());
    } catch (error) {
      return [
        this.#record(own, target, () => {
          throw error;
        }),
      ];
    }
    if (all.length === 0) return [this.#record(own, target, () => undefined)];
    return all.map((opened) => this.#record(own, target, () => opened));
  }

  /** @param open gives the record opened, or nothing where its envelope holds none: then it is filtered. */
  #record<Own extends RecordPlace>(
    own: Own,
    target: MessageTarget,
    open: () => OpenedRecord | undefined,
  ): Own & DeliveryRecord {
    // Opened once for both questions, and let go with the second: a batch of opened records may take much memory.
    let waiting: { readonly opened: OpenedRecord; readonly data: object } | undefined;
    return {
      ...own,
      isDroppable: this.#settings.isDroppable,
      isFiltered: () => {
        const opened = open();
        if (opened === undefined) return true;
        waiting = { opened, data: expressionData(opened) };
        return this.#settings.filter?.of(waiting.data) === false;
      },
      toMessage: () => {
        const opened = waiting?.opened ?? open();
        if (opened === undefined) throw new MessageError('body', 'the notification of S3 holds no record');
        const data = waiting?.data ?? expressionData(opened);
        waiting = undefined;
        return this.#message(opened.content, data, target);
      },
    };
  }

  #opened(content: RecordContent): OpenedRecord[] {
    let all = [decodedRecord(content)];
    for (const kind of this.#settings.unwrap) all = all.flatMap((opened) => unwrapped(opened, kind));
    return all;
  }

  #message(content: RecordContent, data: object, target: MessageTarget): Message {
    const fields = this.#fieldsOf(data);
    const { topic = target.topic, body = content.body, tag, deliverAt, delayMs, delayLevel } = fields;
    const shardingKey = 'shardingKey' in fields ? fields.shardingKey : content.shardingKey;
    const own = recordMessage({ topic, traceId: target.traceId }, { ...content, body, shardingKey });
    const words = this.#settings.keys.flatMap((key) => key.of(data)).map(asKey);
    return {
      ...own,
      keys: [...new Set([...(own.keys ?? []), ...words])],
      properties: this.#propertiesOf(data, own.properties),
      ...(tag === undefined ? {} : { tag }),
      ...(deliverAt === undefined ? {} : { deliverAt }),
      ...(delayMs === undefined ? {} : { delayMs }),
      ...(delayLevel === undefined ? {} : { delayLevel }),
    };
  }

  /**
   * Values of the fields that the mapping has. One that is undefined is to be absent, whatever the record has by
   * itself.
   */
  #fieldsOf(data: object): { readonly [Name in keyof FieldValues]?: FieldValues[Name] | undefined } {
    const { fields } = this.#settings;
    return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value.of(data)]));
  }

  #propertiesOf(data: object, own: Message['properties']): Record<string, string> {
    const all: Record<string, string> = Object.assign(Object.create(null), own);
    for (const { name, value } of this.#settings.properties) {
      const text = value.of(data);
      if (text === undefined) delete all[name];
      else all[name] = text;
    }
    return all;
  }
}
