import { App, CloudFormationValidatePlugin, type Stack, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, type NagPack, ServerlessChecks } from 'cdk-nag';

const cloudFormation = new CloudFormationValidatePlugin();

/**
 * Rules of the AwsSolutions and Serverless packs that a stack violates, and that nobody acknowledged; where there are none, what
 * CloudFormation would refuse in its template.
 */
export function violationsOf(stack: Stack): string[] {
  const packs: NagPack[] = [new AwsSolutionsChecks(stack), new ServerlessChecks(stack)];
  const violated = packs.flatMap((pack) => pack.validateScope(stack).violations.map(({ ruleName }) => ruleName));
  return violated.length > 0 ? violated : templateFaultsOf(stack);
}

function templateFaultsOf(stack: Stack): string[] {
  const app = stack.node.root;
  if (!App.isApp(app)) throw new TypeError(`${stack.node.path} is in no app`);
  const templatePath = app.synth().getStackArtifact(stack.artifactId).templateFullPath;
  const { violations } = cloudFormation.validate({
    templatePaths: [templatePath],
    stackTemplates: [{ stackConstructPath: stack.node.path, templatePath, accountId: undefined, region: undefined }],
    appConstruct: app,
  });
  return violations
    .filter(({ severity }) => severity === 'error' || severity === 'fatal')
    .map(({ ruleName, description }) => `${ruleName} ${description}`);
}

/** Who acknowledged what: path and rule, and the reason. */
export function acknowledgementsOf(stack: Stack): { path: string; rule: string; reason: string }[] {
  return stack.node.findAll().flatMap(({ node }) =>
    node.metadata
      .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .flatMap(({ data }) => Object.entries<string>(data))
      .map(([rule, reason]) => ({
        path: node.path.replace(`${stack.node.path}/`, ''),
        rule: rule.replace(/^annotation::|^Annotation::/, ''),
        reason,
      })),
  );
}
