import { Stack } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import * as apigateway from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type HttpApiOptions, unknownStage } from './http-endpoint-choice.ts';
import { reportWarning } from './synth-fault.ts';

/** What the function answers to, which is what the API lets through. */
const httpRoutes = [
  { method: apigateway.HttpMethod.POST, path: '/messages' },
  { method: apigateway.HttpMethod.POST, path: '/topics/{topic}/messages' },
  { method: apigateway.HttpMethod.GET, path: '/openapi.json' },
] as const;

/** Properties of the HTTP API in front of a function. */
export interface HttpEndpointProps {
  readonly fn: lambda.IFunction;
  /** The API to add routes to; one is created without it. */
  readonly existingHttpApi: apigateway.IHttpApiRef | undefined;
  /** The stage of that API which requests come by; `$default` without it. */
  readonly existingStageName: string | undefined;
  readonly options: HttpApiOptions;
  /** Who may call; IAM without it. */
  readonly authorizer: apigateway.IHttpRouteAuthorizer | undefined;
  /** For the created stage. */
  readonly throttle: apigateway.ThrottleSettings;
  /** Where the created stage logs each request; a log group is created without it. */
  readonly accessLogGroup: logs.ILogGroup | undefined;
  readonly logGroupProps: logs.LogGroupProps;
}

/** The stage that is no part of the address. */
const defaultStage = '$default';

/** Fields of an access log line. None of them holds text that the caller chose and that could break the JSON. */
const accessLogFields = {
  requestId: '$context.requestId',
  requestTime: '$context.requestTime',
  sourceIp: '$context.identity.sourceIp',
  caller: '$context.identity.userArn',
  routeKey: '$context.routeKey',
  status: '$context.status',
  responseLength: '$context.responseLength',
  responseLatency: '$context.responseLatency',
  integrationLatency: '$context.integrationLatency',
  integrationError: '$context.integrationErrorMessage',
};

/** An HTTP API, or routes on one that exists: nothing but the routes that the function answers, each behind the authorizer. */
export class HttpEndpoint extends Construct {
  readonly httpApi: apigateway.IHttpApi;
  /** The stage; nothing where the API existed. */
  readonly stage: apigateway.HttpStage | undefined;
  /** The log of requests; nothing where the API existed. */
  readonly accessLogGroup: logs.ILogGroup | undefined;
  /** Where the API is, without a slash at the end. */
  readonly url: string;
  readonly #stageName: string;

  constructor(scope: Construct, id: string, props: HttpEndpointProps) {
    super(scope, id);
    const { existingHttpApi, authorizer = new HttpIamAuthorizer() } = props;
    this.httpApi = apigateway.toIHttpApi(existingHttpApi ?? this.#createApi(props.options));
    if (existingHttpApi === undefined) {
      this.accessLogGroup = props.accessLogGroup ?? new logs.LogGroup(this, 'AccessLogs', props.logGroupProps);
      this.stage = this.#createStage(props, this.accessLogGroup);
    }
    const integration = new HttpLambdaIntegration('Integration', props.fn);
    for (const { method, path } of httpRoutes) {
      const name = `${method} ${path}`.replace(/[^A-Za-z]+/g, '-').replace(/-$/, '');
      const routeKey = apigateway.HttpRouteKey.with(path, method);
      new apigateway.HttpRoute(this, name, { httpApi: this.httpApi, routeKey, integration, authorizer });
    }
    const { existingStageName = defaultStage } = props;
    this.#stageName = existingStageName;
    const path = existingStageName === defaultStage ? '' : `/${existingStageName}`;
    this.url = urlOfDomain(props.options) ?? `${this.#urlOfApi()}${path}`;
    const isKnown = (props.existingStageName ?? this.httpApi.defaultStage ?? this.stage) !== undefined;
    if (!isKnown) reportWarning(scope, unknownStage);
  }

  /** Lets someone post to the topic of the function, and to the topics named; `'*'` is any. */
  grantSend(grantee: iam.IGrantable, topics: readonly string[]): iam.Grant {
    const paths = ['/messages', ...topics.map((topic) => `/topics/${topic}/messages`)];
    return iam.Grant.addToPrincipal({
      grantee,
      actions: ['execute-api:Invoke'],
      resourceArns: paths.map((path) => this.httpApi.arnForExecuteApi('POST', path, this.#stageName)),
    });
  }

  #urlOfApi(): string {
    const { region, urlSuffix } = Stack.of(this);
    return `https://${this.httpApi.apiId}.execute-api.${region}.${urlSuffix}`;
  }

  #createApi(options: HttpApiOptions): apigateway.HttpApi {
    const { defaultDomainMapping: _ofTheStage, ...rest } = options;
    return new apigateway.HttpApi(this, 'Api', {
      description: 'Messages for RocketMQ',
      ...rest,
      createDefaultStage: false,
    });
  }

  #createStage({ throttle, options }: HttpEndpointProps, accessLogGroup: logs.ILogGroup): apigateway.HttpStage {
    const { defaultDomainMapping: domainMapping } = options;
    return new apigateway.HttpStage(this, 'Stage', {
      httpApi: this.httpApi,
      stageName: defaultStage,
      autoDeploy: true,
      throttle,
      ...(domainMapping !== undefined && { domainMapping }),
      accessLogSettings: {
        destination: new apigateway.LogGroupLogDestination(accessLogGroup),
        format: AccessLogFormat.custom(JSON.stringify(accessLogFields)),
      },
    });
  }
}

/** Where an API is that answers under its domain only; nothing for one with an address of its own, or a domain that is mapped elsewhere. */
function urlOfDomain({ disableExecuteApiEndpoint, defaultDomainMapping }: HttpApiOptions): string | undefined {
  if (disableExecuteApiEndpoint !== true || defaultDomainMapping === undefined) return undefined;
  const { domainName, mappingKey = '' } = defaultDomainMapping;
  return `https://${domainName.domainNameRef.domainName}${mappingKey === '' ? '' : `/${mappingKey}`}`;
}
