import { type DeliveryOptions, deliver } from '../delivery/deliver.ts';
import { HttpProblem } from './http-problem.ts';
import { httpRecords } from './http-records.ts';
import { type HttpRequest, httpRequest } from './http-request.ts';
import { type HttpAnswer, type HttpResponse, httpResponse, problemAnswer } from './http-response.ts';
import { httpRoute } from './http-route.ts';
import { requestedMessages } from './requested-messages.ts';
import { sendAnswer } from './send-answer.ts';

/** What an answer needs of its invocation. */
export interface HttpInvocation extends DeliveryOptions {
  readonly environment: { readonly topic: string };
  /** X-Ray trace of the invocation; absent where there is none. */
  readonly traceId?: string | undefined;
}

/**
 * Answers one HTTP event, whichever gateway it is from: sends the messages of its body, or gives the OpenAPI document.
 * @param awsRequestId id of the invocation, for gateways that have none of their own.
 * @throws EventError when the event is none of HTTP.
 */
export async function httpAnswer(
  event: unknown,
  invocation: HttpInvocation,
  awsRequestId: string,
): Promise<HttpResponse> {
  const request = httpRequest(event);
  try {
    return httpResponse(await answerTo(request, invocation, awsRequestId), request.shape);
  } catch (error) {
    if (error instanceof HttpProblem) return httpResponse(problemAnswer(error), request.shape);
    throw error;
  }
}

async function answerTo(request: HttpRequest, invocation: HttpInvocation, awsRequestId: string): Promise<HttpAnswer> {
  const route = httpRoute(request.method, request.path);
  if (route.kind === 'document') return documentAnswer();
  const { messages, isList } = requestedMessages(request, Date.now());
  const topic = route.topic ?? invocation.environment.topic;
  const { requestId = awsRequestId } = request;
  const records = httpRecords(messages, topic, request, { requestId, traceId: invocation.traceId });
  const delivered = await deliver(records, invocation);
  return sendAnswer(delivered, records, { isList, isTopicNamed: route.topic !== undefined });
}

/** Loaded when it is asked for: a cold start that sends messages does not read it. */
async function documentAnswer(): Promise<HttpAnswer> {
  const { default: document } = await import('../../docs/openapi.json', { with: { type: 'json' } });
  return { status: 200, contentType: 'application/json', headers: {}, body: document };
}
