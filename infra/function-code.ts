import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';

const functionsRoot = fileURLToPath(new URL('../functions', import.meta.url));
/** Where the npm package has the functions, built; a checkout has no such folder. */
const prebuiltRoot = fileURLToPath(new URL('../prebuilt', import.meta.url));

/**
 * The code of one of the pack's functions, with neither Docker nor network. The npm package has it built already. In a checkout
 * it is bundled at synth by the esbuild of the project; then the asset's hash is that of the bundle, so a change that does not
 * reach the bundle deploys nothing, and stacks for which the CDK skips bundling (`aws:cdk:bundling-stacks`) bundle nothing.
 * Throws when there is no such function, and names those there are.
 *
 * @param source folder of `functions/` that has the handler, for example `sqs`
 */
export function functionCode(source: string): lambda.Code {
  return existsSync(prebuiltRoot)
    ? lambda.Code.fromAsset(folderOf(source, prebuiltRoot, 'index.mjs'))
    : bundledCode(source);
}

function bundledCode(source: string): lambda.Code {
  // A folder for each: of assets with one path, the CDK bundles the first and takes it for the others too.
  return lambda.Code.fromAsset(folderOf(source, functionsRoot, 'handler.ts'), {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // The CDK demands an image for when local bundling declines, which this one never does: it succeeds or throws.
      image: DockerImage.fromRegistry('not-used'),
      local: {
        tryBundle: (outputDir) => {
          bundler().bundleFunction(source, outputDir);
          return true;
        },
      },
    },
  });
}

/** The folder of a function, which is known by a file that each of them has. */
function folderOf(source: string, root: string, file: string): string {
  const known = readdirSync(root).filter((name) => existsSync(join(root, name, file)));
  if (known.includes(source)) return join(root, source);
  throw new Error(`There is no function "${source}". Known functions: ${known.sort().join(', ')}.`);
}

/** The bundler, loaded when it is needed only: the npm package has neither it nor esbuild. */
function bundler(): typeof import('./bundling.ts') {
  return createRequire(import.meta.url)('./bundling.ts');
}
