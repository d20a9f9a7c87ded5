import { topicFault } from '#rocketmq';
import { HttpProblem } from './http-problem.ts';

/** What a request is for. */
export type HttpRoute =
  /** Messages to send; without a topic, they go to that of the function. */
  { readonly kind: 'messages'; readonly topic: string | undefined } | { readonly kind: 'document' };

const TOPIC_MESSAGES = /\/topics\/([^/]+)\/messages$/;
/** Of no topic that there could be. Without its own answer it would lead to the topic of the function. */
const NO_TOPIC_MESSAGES = /\/topics\/(?:.*\/)?messages$/;

/**
 * Route of a path by its end: what stands before it is the stage, the base path of a domain, or the prefix of a
 * listener rule, which gateways leave in the path or not as they please.
 * @throws HttpProblem 404 for another path, and for a name that no topic can have; 405 for another method.
 */
export function httpRoute(method: string, path: string): HttpRoute {
  const route = routeOfPath(path);
  const allow = route.kind === 'document' ? 'GET' : 'POST';
  if (method.toUpperCase() === allow) return route;
  throw new HttpProblem(405, { code: 'method-not-allowed', detail: `this path takes ${allow}` }, { allow });
}

function routeOfPath(path: string): HttpRoute {
  const [, encoded] = TOPIC_MESSAGES.exec(path) ?? [];
  if (encoded !== undefined) {
    const topic = decoded(encoded);
    const fault = topicFault(topic);
    if (fault !== undefined) throw new HttpProblem(404, { code: 'unknown-topic', detail: fault });
    return { kind: 'messages', topic };
  }
  if (path.endsWith('/openapi.json')) return { kind: 'document' };
  if (path.endsWith('/messages') && !NO_TOPIC_MESSAGES.test(path)) return { kind: 'messages', topic: undefined };
  throw new HttpProblem(404, {
    code: 'unknown-path',
    detail: 'there is POST /messages, POST /topics/{topic}/messages and GET /openapi.json',
  });
}

/**
 * Some gateways decode the path and some do not. Of a topic with a percent sign that leads to no character, it was
 * decoded.
 */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    // Not an encoded text, then: `%RETRY%group` is a name as it is.
    return segment;
  }
}
