import { App, type AppProps, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { readContext } from './read-context.ts';
import { RocketMqLambdaStack } from './rocketmq-lambda-stack.ts';

/**
 * The CDK app: one stack, shaped by the context, for whatever account and region it is deployed to, and checked at synth by the
 * AwsSolutions and Serverless packs of cdk-nag. Throws `ContextError` when the context is wrong.
 */
export function buildApp(props: AppProps = {}): App {
  const app = new App({ analyticsReporting: false, ...props });
  const { stackName, ...settings } = readContext(app.node.getAllContext());
  new RocketMqLambdaStack(app, stackName ?? 'RocketMqLambda', { settings });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
  return app;
}
