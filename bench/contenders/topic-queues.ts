/** Queues of the topic that everybody sends to. */
export const TOPIC_QUEUES = 8;
