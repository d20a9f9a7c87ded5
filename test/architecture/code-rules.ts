import { basename } from 'node:path';
import { codeOf, type SourceFile } from './source-file.ts';

/** Something that no file may contain, but for those where it belongs. */
interface CodeRule {
  readonly pattern: RegExp;
  readonly where: RegExp;
  readonly except: RegExp;
  readonly fault: string;
}

const LONGEST_FILE_LINES = 400;

const CODE_RULES: readonly CodeRule[] = [
  {
    pattern: /\bprocess\s*(\?\.|\.|\[\s*['"])\s*env\b|\benv\b[^=\n]*\}\s*=\s*process\b|from ['"]node:process['"]/,
    where: /^(functions|infra)\//,
    except: /^functions\/invocation\/environment\.ts$/,
    fault: 'reads process.env: only functions/invocation/environment.ts does, which lists and checks every variable',
  },
  {
    pattern: /\bsetInterval\b/,
    where: /^functions\//,
    except: /^$/,
    fault: 'uses setInterval: a frozen sandbox runs no timers, so make it due work of an invocation',
  },
  {
    pattern: /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\./,
    where: /^functions\/rocketmq\/protocol\//,
    except: /^$/,
    fault: 'asks the clock: protocol is pure, so take the instant as a parameter',
  },
  {
    pattern: /\bperformance\.(now|timeOrigin)\b/,
    where: /^functions\//,
    except: /^$/,
    fault: 'uses performance, which loads eight modules of Node at its first use: take monotonicMs',
  },
  {
    pattern: /^\s*export\s+default\b|^\s*export\s*\{[^}]*\bas\s+default\b/m,
    where: /^/,
    except: /^test\/(reporter|global-setup)\.ts$/,
    fault: 'has a default export: name it, so that everybody calls it the same',
  },
  {
    pattern: /^\s*private (?!constructor\b)/m,
    where: /^/,
    except: /^$/,
    fault: 'has a private member by word: write #name, which holds at run time too and which a minifier shortens',
  },
  {
    pattern: /\bimport\(\s*[^'"\s)]/,
    where: /^(functions|infra)\//,
    except: /^$/,
    fault: 'imports what it computes: name the module in quotes, so that bundlers and this test see it',
  },
  {
    pattern: /\bimport\(\s*['"]\.(?![^'"]*\/rarely-used\.ts['"])/,
    where: /^functions\/rocketmq\//,
    except: /^$/,
    fault:
      'imports a file of its own on demand: export it from producer/rarely-used.ts and import that, or bundles have a file more for each cold start to read',
  },
  {
    pattern: /^\s*import\s+(\{[^}]*\bzstd|\*)[^;]*from\s+['"]node:zlib['"]/m,
    where: /^functions\//,
    except: /^$/,
    fault:
      'takes ZSTD from node:zlib by name, which Node 20 lacks, so that the file does not load there: import zlib whole (bundlers make names of *) and look it up at use',
  },
];

const FILE_NAME = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|spec))?\.ts$/;
const SAYS_NOTHING = /(^|-)(utils?|helpers?|common|types|constants)(\.|$)/;

/** Faults in the text, size or name of files, one sentence each. */
export function codeFaults(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => [
    ...CODE_RULES.flatMap(({ pattern, where, except, fault }) => {
      if (!where.test(file.path) || except.test(file.path)) return [];
      const code = codeOf(file);
      const found = pattern.exec(code);
      if (found === null) return [];
      const line = code.slice(0, found.index + found[0].search(/\S/)).split('\n').length;
      return [`${file.path}:${line} ${fault}.`];
    }),
    ...sizeFaults(file),
    ...nameFaults(file),
  ]);
}

function sizeFaults({ path, text }: SourceFile): string[] {
  const lines = text.trimEnd().split('\n').length;
  if (lines <= LONGEST_FILE_LINES) return [];
  return [
    `${path} has ${lines} lines, and none may have over ${LONGEST_FILE_LINES}: take a part of it that has a name out.`,
  ];
}

function nameFaults({ path }: SourceFile): string[] {
  const faults: string[] = [];
  if (!FILE_NAME.test(basename(path))) {
    faults.push(`${path} is not in kebab-case: name it like the one thing it exports, as in message-batch.ts.`);
  }
  for (const part of path.split('/')) {
    if (SAYS_NOTHING.test(part)) {
      faults.push(`${path} is called "${part}", which says nothing: name it like the one thing it exports.`);
    }
  }
  return faults;
}
