import { Duration, Token, Validations } from 'aws-cdk-lib';
import type * as apigateway from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpNoneAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { topicFault } from '../rocketmq-names.ts';
import { checkedProps, sourceProps } from './checked-props.ts';
import { alarmOnFunctionErrors, alarmOnServerErrors } from './delivery-alarms.ts';
import { HttpEndpoint } from './http-endpoint.ts';
import { type HttpEndpointChoice, httpEndpointFaults, openEndpoint, unthrottledUrl } from './http-endpoint-choice.ts';
import { producerSettings } from './producer-environment.ts';
import type { RocketMqEventSource, RocketMqEventSourceProps } from './rocketmq-event-source.ts';
import { type ProducerFunctionOptions, RocketMqProducerFunction } from './rocketmq-producer-function.ts';
import { reportFaults, reportWarning } from './synth-fault.ts';

/** Properties of a way from HTTP requests to a RocketMQ topic. */
export interface HttpToRocketMqProps extends RocketMqEventSourceProps, HttpEndpointChoice {
  /**
   * Options of the function.
   * @default - those of `RocketMqProducerFunction`, with a timeout of 20 seconds: API Gateway waits for 30
   */
  readonly functionOptions?: ProducerFunctionOptions;
}

/**
 * HTTP requests become messages: `POST /messages` for the topic of the function, `POST /topics/{topic}/messages` for any other, and
 * `GET /openapi.json` that describes both. The answer says of each message whether it is stored; who called sends again what is not.
 */
export class HttpToRocketMq extends Construct implements RocketMqEventSource {
  /** The function that sends. */
  readonly producerFunction: RocketMqProducerFunction;
  /** Where requests go, without a slash at the end of an HTTP API's address. */
  readonly url: string;
  /** The HTTP API; nothing with a function URL. */
  readonly httpApi: apigateway.IHttpApi | undefined;
  /** The stage of the created HTTP API. */
  readonly stage: apigateway.HttpStage | undefined;
  /** The log of requests to the created HTTP API. */
  readonly accessLogGroup: logs.ILogGroup | undefined;
  /** The function URL; nothing with an HTTP API. */
  readonly functionUrl: lambda.FunctionUrl | undefined;
  /** Goes off when the function as a whole failed: a crash, a time limit, or settings that do not work. */
  readonly functionErrorAlarm: cloudwatch.Alarm;
  /** Goes off when requests were answered with a 5xx status: messages are not stored, or nobody knows. */
  readonly serverErrorAlarm: cloudwatch.Alarm;
  readonly alarms: readonly cloudwatch.Alarm[];
  /** There is none: who sent a request keeps its messages until they are answered for. */
  readonly deadLetterQueue: undefined;
  readonly #grant: (grantee: iam.IGrantable, topics: readonly string[]) => iam.Grant;
  readonly #isIam: boolean;

  constructor(scope: Construct, id: string, given: HttpToRocketMqProps) {
    super(scope, id);
    const props = checkedProps(this, given, [...sourceProps, 'accessLogGroup', 'authorizer', 'existingHttpApi']);
    const { endpoint = 'httpApi', functionOptions = {}, authorizer, functionUrlAuthType, alarmActions = [] } = props;
    this.producerFunction = new RocketMqProducerFunction(this, 'Producer', {
      timeout: Duration.seconds(20),
      ...functionOptions,
      ...producerSettings(props),
      cluster: props.cluster,
      source: 'http',
      // Callers give sharding keys, or not.
      isKeyed: true,
    });
    const { function: fn, timeout } = this.producerFunction;
    reportFaults(this, httpEndpointFaults(props, timeout));

    if (endpoint === 'httpApi') {
      const api = this.#httpApi(props);
      this.httpApi = api.httpApi;
      this.stage = api.stage;
      this.accessLogGroup = api.accessLogGroup;
      this.url = api.url;
      this.#grant = (grantee, topics) => api.grantSend(grantee, topics);
      this.#isIam = authorizer === undefined || authorizer instanceof HttpIamAuthorizer;
    } else {
      const authType = functionUrlAuthType ?? lambda.FunctionUrlAuthType.AWS_IAM;
      const functionUrl = fn.addFunctionUrl({ ...props.functionUrlOptions, authType });
      this.functionUrl = functionUrl;
      this.url = functionUrl.url;
      this.#grant = (grantee) => functionUrl.grantInvokeUrl(grantee);
      this.#isIam = authType === lambda.FunctionUrlAuthType.AWS_IAM;
      if (functionOptions.reservedConcurrentExecutions === undefined) reportWarning(this, unthrottledUrl);
    }
    const isOpen = authorizer instanceof HttpNoneAuthorizer || functionUrlAuthType === lambda.FunctionUrlAuthType.NONE;
    if (isOpen) reportWarning(this, openEndpoint);

    this.functionErrorAlarm = alarmOnFunctionErrors(this, fn);
    this.serverErrorAlarm = alarmOnServerErrors(this, this.metricServerErrors());
    this.alarms = [this.functionErrorAlarm, this.serverErrorAlarm];
    for (const alarm of this.alarms) alarm.addAlarmAction(...alarmActions);
    Validations.of(fn).acknowledge({
      id: 'Serverless-LambdaDLQ',
      reason:
        'Requests are answered, and who sent one keeps it until then: there is nothing that a dead-letter queue could take.',
    });
  }

  /**
   * Lets someone send: to the topic of the function and to the topics named, of which `'*'` is any. A function URL has no paths to
   * grant: there, whoever may call it may send to any topic. Needs IAM.
   */
  grantSend(grantee: iam.IGrantable, { topics = [] }: { readonly topics?: readonly string[] } = {}): iam.Grant {
    const faults = topics.filter((topic) => topic !== '*' && !Token.isUnresolved(topic)).map(topicFault);
    if (!this.#isIam) {
      faults.push(
        'grantSend has no effect, because the endpoint does not ask for IAM. Let callers in by the authorizer that was given.',
      );
    }
    const given = faults.filter((text) => text !== undefined);
    reportFaults(
      this,
      given.map((text) => ({ id: 'http-grant', text })),
    );
    return this.#grant(grantee, topics);
  }

  /** Nothing: requests wait for their answer. */
  metricLag(): undefined {
    return undefined;
  }

  /**
   * Requests answered with a 5xx status; the sum over five minutes unless options say otherwise. With an API that existed, those of all
   * its routes.
   */
  metricServerErrors(options: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    const sum = { statistic: 'Sum', period: Duration.minutes(5), ...options };
    return this.httpApi?.metricServerError(sum) ?? this.producerFunction.function.metric('Url5xxCount', sum);
  }

  #httpApi(props: HttpToRocketMqProps): HttpEndpoint {
    const { logRetentionDays = logs.RetentionDays.ONE_MONTH, logGroupRemovalPolicy } = props.functionOptions ?? {};
    return new HttpEndpoint(this, 'Endpoint', {
      fn: this.producerFunction.function,
      existingHttpApi: props.existingHttpApi,
      existingStageName: props.existingStageName,
      options: props.httpApiOptions ?? {},
      authorizer: props.authorizer,
      throttle: props.throttle ?? { rateLimit: 100, burstLimit: 200 },
      accessLogGroup: props.accessLogGroup,
      logGroupProps: {
        retention: logRetentionDays,
        ...(logGroupRemovalPolicy !== undefined && { removalPolicy: logGroupRemovalPolicy }),
      },
    });
  }
}
