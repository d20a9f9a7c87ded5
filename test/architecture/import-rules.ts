import { importsOf, type SourceFile } from './source-file.ts';

/** Who may import what, for the files of one part of the project. */
interface Rule {
  /** Which files this is about. The first rule whose pattern fits a path is the one for that file. */
  readonly files: RegExp;
  readonly name: string;
  /** Files of the project it may import, besides those of its own part. */
  readonly project: RegExp;
  /** Packages and modules of Node it may import. */
  readonly outside: RegExp;
  /** What is allowed, and why, in words for who meets a fault. */
  readonly because: string;
}

const NOTHING = /^$/;
const ANYTHING = /^/;
/** Modules of Node without those that open sockets. */
const NODE = /^node:(?!(net|tls|dns|dgram|https?|http2)\b)/;
const LIBRARY = 'functions/rocketmq/index.ts';

/** What users may set, in the types of the parts that read it; those parts take the options' type from here in turn. */
const OPTION_TABLES = /^functions\/rocketmq\/(client|producer)-options\.ts$/;
const ROOT_LEAVES = /^functions\/rocketmq\/(errors|clock|deadline|options)\.ts$/;

/** The import table of docs/architecture.md. */
const RULES: readonly Rule[] = [
  {
    name: 'rocketmq/protocol',
    files: /^functions\/rocketmq\/protocol\//,
    project: /^functions\/rocketmq\/errors\.ts$/,
    outside: /^node:(buffer|crypto|zlib)$/,
    because:
      'it turns bytes into values and back, and may import rocketmq/errors.ts, node:buffer, node:crypto and node:zlib only',
  },
  {
    name: 'rocketmq/remoting',
    files: /^functions\/rocketmq\/remoting\//,
    project: or(ROOT_LEAVES, /^functions\/rocketmq\/protocol\//),
    outside: /^node:/,
    because:
      'it moves frames over sockets, and may import rocketmq/protocol, errors, clock, deadline and options, and any module of Node',
  },
  {
    name: 'rocketmq/client',
    files: /^functions\/rocketmq\/client\//,
    project: or(
      ROOT_LEAVES,
      /^functions\/rocketmq\/(protocol|remoting)\//,
      exactly('functions/rocketmq/client-options.ts'),
    ),
    outside: NODE,
    because:
      'it knows routes and brokers, and may import rocketmq/remoting, rocketmq/protocol, client-options, errors, clock, deadline and options; sockets belong to rocketmq/remoting',
  },
  {
    name: 'rocketmq/producer',
    files: /^functions\/rocketmq\/producer\//,
    project: or(
      ROOT_LEAVES,
      /^functions\/rocketmq\/client\//,
      exactly('functions/rocketmq/producer-options.ts'),
      /^functions\/rocketmq\/protocol\/(message-[a-z-]+|(send|query)-message-header|stored-message|(end|check)-transaction-header|request-code|response-code|uniq-key|recall-handle|trace-record|mq-version)\.ts$/,
    ),
    outside: NODE,
    because:
      'it sends through rocketmq/client, and may import that, producer-options, errors, clock, deadline and options, and of rocketmq/protocol the files of messages, properties, codes and versions; frames and sockets are below it',
  },
  {
    name: 'rocketmq/index.ts',
    files: /^functions\/rocketmq\/index\.ts$/,
    project: /^functions\/rocketmq\//,
    outside: NOTHING,
    because: 'it re-exports the library and nothing else',
  },
  {
    name: 'an option table of rocketmq',
    files: OPTION_TABLES,
    project: or(ROOT_LEAVES, /^functions\/rocketmq\/(protocol|remoting|client|producer)\//),
    outside: NOTHING,
    because:
      'it lists what users may set, in the types of the parts that read it, and may import those, errors, clock, deadline and options',
  },
  {
    name: 'a root file of rocketmq',
    files: ROOT_LEAVES,
    project: ROOT_LEAVES,
    outside: NODE,
    because: 'every folder of the library may import it, so it may import the other root files only',
  },
  {
    name: 'the library (rocketmq)',
    files: /^functions\/rocketmq\//,
    project: /^functions\/rocketmq\/(?!index\.ts)/,
    outside: NODE,
    because: 'it joins the parts of the library, and knows nothing of AWS or Lambda',
  },
  {
    name: 'invocation/lambda-zone.ts',
    files: /^functions\/invocation\/lambda-zone\.ts$/,
    project: or(exactly(LIBRARY), /^functions\/invocation\//),
    outside: /^node:http$/,
    because:
      "it asks Lambda's metadata endpoint, which speaks HTTP inside of the sandbox, and may import node:http for it besides #rocketmq and invocation",
  },
  {
    name: 'invocation/ssm-client.ts',
    files: /^functions\/invocation\/ssm-client\.ts$/,
    project: NOTHING,
    outside: or(/^node:https?$/, /^@aws-sdk\/client-ssm$/),
    because:
      'it limits the connects of the client of SSM, and may import that and the agents of node:http and node:https',
  },
  {
    name: 'invocation',
    files: /^functions\/invocation\//,
    project: or(exactly(LIBRARY), exactly('functions/delivery/record-outcome.ts')),
    outside: or(NODE, /^(@middy\/core|aws-lambda|@aws-sdk\/.+|@aws-lambda-powertools\/.+)$/),
    because:
      'it is where Lambda meets the client, and may import #rocketmq, @middy/core, AWS SDK clients, Powertools and the types of aws-lambda; of delivery only what became of a record, which it counts and logs',
  },
  {
    name: 'delivery',
    files: /^functions\/delivery\//,
    project: exactly(LIBRARY),
    outside: NODE,
    because:
      'it turns records into sends for every source alike, and may import #rocketmq only: no AWS SDK, no Lambda, no environment',
  },
  {
    name: 'transaction-log',
    files: /^functions\/transaction-log\//,
    project: exactly(LIBRARY),
    outside: or(NODE, /^@aws-sdk\/client-dynamodb$/),
    because:
      'it keeps outcomes of transactions for whoever sends or checks them, and may import #rocketmq and the DynamoDB client only: no Lambda, no environment',
  },
  {
    name: 'a function with transactions',
    files: /^functions\/(transaction-check|place-order)\//,
    project: or(exactly(LIBRARY), /^functions\/(invocation|transaction-log)\//),
    outside: or(NODE, /^(@middy\/core|aws-lambda)$/),
    because:
      'its records are transactions, so it may import transaction-log in place of delivery, besides invocation, #rocketmq, @middy/core and the types of aws-lambda',
  },
  {
    name: 'the function http',
    files: /^functions\/http\//,
    // The OpenAPI document is what the function serves.
    project: or(exactly(LIBRARY), /^functions\/(invocation|delivery|mapping)\//, exactly('docs/openapi.json')),
    outside: or(NODE, /^(@middy\/core|aws-lambda|valibot)$/),
    because:
      'it is a source like the others, and checks the bodies of requests besides: it may import valibot for that',
  },
  {
    name: 'functions/middleware.ts',
    files: /^functions\/middleware\.ts$/,
    project: /^functions\/(invocation|delivery|mapping|transaction-log)\//,
    outside: NOTHING,
    because:
      'it is what own handlers import from the package: it re-exports invocation, delivery, mapping and transaction-log and nothing else',
  },
  {
    name: 'mapping',
    files: /^functions\/mapping\//,
    project: or(exactly(LIBRARY), /^functions\/delivery\//),
    outside: or(NODE, /^@aws-lambda-powertools\/jmespath(\/functions)?$/),
    because:
      'it makes other messages of the records of every source alike, and may import #rocketmq, delivery and the JMESPath of Powertools',
  },
  {
    name: 'a source',
    files: /^functions\/[^/]+\//,
    project: or(exactly(LIBRARY), /^functions\/(invocation|delivery|mapping)\//),
    outside: or(NODE, /^(@middy\/core|aws-lambda)$/),
    because:
      'it maps one AWS event, and may import invocation, delivery, mapping, #rocketmq, @middy/core and the types of aws-lambda; another source only through what both share in delivery',
  },
  {
    name: 'infra',
    files: /^infra\//,
    // What a mapping is refused for is too much to have twice, and so is how names are compared.
    project: or(exactly('functions/mapping/mapping-settings.ts'), exactly('functions/mapping/nearest-name.ts')),
    outside: or(NODE, /^(aws-cdk-lib|constructs|cdk-nag|esbuild)(\/.+)?$/),
    because:
      'it deploys functions by the path of their files, and may import aws-cdk-lib, constructs, cdk-nag, esbuild, the checks of mappings (mapping/mapping-settings), so that synth refuses what the function would, and what finds the name that was meant (mapping/nearest-name); to import a function would run it at synth',
  },
  {
    name: 'local',
    files: /^local\//,
    project: or(/^(functions|infra|local|events)\//),
    outside: ANYTHING,
    because: 'it runs the product on one machine; it may import anything but tests and benchmarks',
  },
];

function or(...patterns: RegExp[]): RegExp {
  return new RegExp(patterns.map(({ source }) => `(?:${source})`).join('|'));
}

function exactly(path: string): RegExp {
  return new RegExp(`^${path.replaceAll('.', '\\.')}$`);
}

/** The part of the project a file is in, which it may always import from: its layer, its source, or its top folder. */
function partOf(path: string): string {
  return /^functions\/rocketmq\/[^/]+\/|^functions\/(?!rocketmq\/)[^/]+\/|^(?:infra|local)\//.exec(path)?.[0] ?? path;
}

/** Imports against the table, one sentence each, that says what to do instead. */
export function importFaults(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const rule = RULES.find(({ files: pattern }) => pattern.test(file.path));
    if (rule === undefined) return [];
    return importsOf(file).flatMap(({ specifier, path }) => {
      if (isAllowed(rule, file.path, specifier, path)) return [];
      const what = path === undefined || specifier === '#rocketmq' ? specifier : `${specifier} (${path})`;
      return [`${file.path} imports ${what}. ${rule.name} may not: ${rule.because}.`];
    });
  });
}

function isAllowed(rule: Rule, importer: string, specifier: string, path: string | undefined): boolean {
  if (path === undefined) return rule.outside.test(specifier);
  // The library is entered by its name, never by the path of a file; inside, nobody goes through its entrance.
  const isInLibrary = path.startsWith('functions/rocketmq/');
  if (isInLibrary && importer.startsWith('functions/') && !importer.startsWith('functions/rocketmq/')) {
    return specifier === '#rocketmq' && rule.project.test(path);
  }
  if (path === LIBRARY && importer.startsWith('functions/rocketmq/')) return false;
  return path.startsWith(partOf(importer)) || rule.project.test(path);
}
