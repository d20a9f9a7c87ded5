/** What is used of the peers, which the bench installs on demand and which are not there when types are checked. */
declare module 'ali-ons' {
  export class Producer {
    constructor(options: object);
    ready(): Promise<void>;
    send(message: Message): Promise<{ readonly sendStatus: string }>;
  }
  export class Message {
    constructor(topic: string, tag: string, body: Buffer);
    keys: readonly string[];
  }
}

declare module 'rocketmq-client-nodejs' {
  export class Producer {
    constructor(options: object);
    startup(): Promise<void>;
    send(message: object): Promise<unknown>;
  }
}
