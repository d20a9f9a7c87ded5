import { type Stack, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, type NagPack, ServerlessChecks } from 'cdk-nag';

/** Rules of the AwsSolutions and Serverless packs that a stack violates, and that nobody acknowledged. */
export function violationsOf(stack: Stack): string[] {
  const packs: NagPack[] = [new AwsSolutionsChecks(stack), new ServerlessChecks(stack)];
  return packs.flatMap((pack) => pack.validateScope(stack).violations.map(({ ruleName }) => ruleName));
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
