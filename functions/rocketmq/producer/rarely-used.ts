/**
 * What few sends need, loaded together at the first use of any of it. One file for all, because a bundler that splits makes
 * one more of each set of modules that several such files share, and every one of those costs each cold start 0.3 ms.
 */
export { compressBody } from './body-compression.ts';
export { MessageQuery } from './message-query.ts';
export { recallMessage } from './recall.ts';
export { RequestReply } from './request-reply.ts';
export { TransactionChecks } from './transaction-checks.ts';
export { awaitChecks, sendInTransaction } from './transaction-sender.ts';
export { transactionsGivenUp } from './transactions-given-up.ts';
