import { Duration } from 'aws-cdk-lib';
import type * as apigateway from 'aws-cdk-lib/aws-apigatewayv2';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type { SynthFault } from './synth-fault.ts';

/** What may be chosen about a created HTTP API beyond the props of the construct that creates it. */
export type HttpApiOptions = Omit<
  apigateway.HttpApiProps,
  'createDefaultStage' | 'defaultAuthorizationScopes' | 'defaultAuthorizer' | 'defaultIntegration'
>;

/** What takes the requests, and whom it lets in. */
export interface HttpEndpointChoice {
  /**
   * What takes the requests: an HTTP API of API Gateway, with throttling and a log of requests, or the function's own URL, which
   * costs nothing and has neither.
   * @default 'httpApi'
   */
  readonly endpoint?: 'httpApi' | 'functionUrl';

  /**
   * An HTTP API that exists, to which the routes are added.
   * @default - one is created
   */
  readonly existingHttpApi?: apigateway.IHttpApiRef;

  /**
   * Name of the stage of `existingHttpApi` that requests come by. It is part of the address, and of the rights that `grantSend` gives.
   * @default '$default'; with a warning, where the API is not known to have it
   */
  readonly existingStageName?: string;

  /**
   * Anything else about the created HTTP API, such as CORS or a domain.
   * @default - none
   */
  readonly httpApiOptions?: HttpApiOptions;

  /**
   * Who may call the HTTP API.
   * @default - whom `grantSend` lets in: IAM
   */
  readonly authorizer?: apigateway.IHttpRouteAuthorizer;

  /**
   * Requests that the created HTTP API lets through; the rest is answered 429.
   * @default - 100 a second, 200 at once
   */
  readonly throttle?: apigateway.ThrottleSettings;

  /**
   * Where the created HTTP API logs each request, as JSON.
   * @default - a log group with the retention of the function's
   */
  readonly accessLogGroup?: logs.ILogGroup;

  /**
   * Who may call the function URL.
   * @default FunctionUrlAuthType.AWS_IAM
   */
  readonly functionUrlAuthType?: lambda.FunctionUrlAuthType;

  /**
   * Anything else about the function URL, such as CORS.
   * @default - none
   */
  readonly functionUrlOptions?: Omit<lambda.FunctionUrlOptions, 'authType' | 'invokeMode'>;
}

/** The longest timeout of a function behind an HTTP API: API Gateway gives up after 30 s, and the answer needs a way back. */
export const longestBehindApi = Duration.seconds(29);

/** Props of one kind of endpoint, which the other kind would drop without a word. */
const ofHttpApi = [
  'existingHttpApi',
  'existingStageName',
  'httpApiOptions',
  'authorizer',
  'throttle',
  'accessLogGroup',
] as const;
const ofCreatedApi = ['httpApiOptions', 'throttle', 'accessLogGroup'] as const;
const ofFunctionUrl = ['functionUrlAuthType', 'functionUrlOptions'] as const;

/** What would have no effect, and what API Gateway would cut short. */
export function httpEndpointFaults(props: HttpEndpointChoice, functionTimeout: Duration): SynthFault[] {
  const { endpoint = 'httpApi', existingHttpApi } = props;
  // Apps in JavaScript have no compiler that tells them.
  if (endpoint !== 'httpApi' && endpoint !== 'functionUrl') {
    return [
      { id: 'http-endpoint', text: `endpoint is ${JSON.stringify(endpoint)}, but must be httpApi or functionUrl.` },
    ];
  }
  const faults: SynthFault[] = [];
  const ignored = (endpoint === 'httpApi' ? ofFunctionUrl : ofHttpApi).filter((name) => props[name] !== undefined);
  if (ignored.length > 0) {
    const other = endpoint === 'httpApi' ? 'functionUrl' : 'httpApi';
    const text = `${ignored.join(', ')} would have no effect with endpoint "${endpoint}". Leave it out, or choose endpoint "${other}".`;
    faults.push({ id: 'http-endpoint', text });
  }
  const dropped = ofCreatedApi.filter((name) => props[name] !== undefined);
  if (existingHttpApi !== undefined && dropped.length > 0) {
    const text = `${dropped.join(', ')} would have no effect: existingHttpApi is given, and this construct does not change it. Set it where that API is made.`;
    faults.push({ id: 'http-endpoint', text });
  }
  if (endpoint === 'httpApi' && existingHttpApi === undefined && props.existingStageName !== undefined) {
    const text =
      'existingStageName would have no effect without existingHttpApi: the API that is created here has the stage $default. Leave it out, or give existingHttpApi.';
    faults.push({ id: 'http-endpoint', text });
  }
  const tooLong =
    !functionTimeout.isUnresolved() && functionTimeout.toMilliseconds() > longestBehindApi.toMilliseconds();
  if (endpoint === 'httpApi' && tooLong) {
    const text = `The function may take ${functionTimeout.toSeconds({ integral: false })} s, but API Gateway answers 503 after 30 s, also for messages that are stored. Give it a timeout of ${longestBehindApi.toSeconds()} s or less.`;
    faults.push({ id: 'http-timeout', text });
  }
  return faults;
}

/** Anybody who learns the address could send. */
export const openEndpoint: SynthFault = {
  id: 'http-open',
  text: 'Anybody who knows the address can send messages: no authorization is asked for. Use IAM or an authorizer, unless something in front of this endpoint checks who calls.',
};

/** Address and rights would lead nowhere. */
export const unknownStage: SynthFault = {
  id: 'http-stage',
  text: 'existingHttpApi is not known here to have the stage $default, but url and grantSend take it for granted. Give existingStageName: the name of its stage, or $default.',
};

/** A function URL has no throttle of its own. */
export const unthrottledUrl: SynthFault = {
  id: 'http-unthrottled',
  text: 'A function URL lets through as many requests as the account has concurrency left, each with a sandbox that connects to brokers. Give functionOptions.reservedConcurrentExecutions, or use endpoint "httpApi", which throttles.',
};
