import { fileURLToPath } from 'node:url';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { bundleFunction } from './bundling.ts';

const functionsRoot = fileURLToPath(new URL('../functions', import.meta.url));

/**
 * The code of one of the pack's functions, bundled at synth by the esbuild of this project: no Docker, no network. The asset's hash
 * is that of the bundle, so a change that does not reach the bundle deploys nothing. Stacks for which the CDK skips bundling
 * (`aws:cdk:bundling-stacks`) bundle nothing.
 *
 * @param source folder of `functions/` that has the handler, for example `sqs`
 */
export function functionCode(source: string): lambda.Code {
  return lambda.Code.fromAsset(functionsRoot, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // The CDK demands an image for when local bundling declines, which this one never does: it succeeds or throws.
      image: DockerImage.fromRegistry('not-used'),
      local: {
        tryBundle: (outputDir) => {
          bundleFunction(source, outputDir);
          return true;
        },
      },
    },
  });
}
