/** Kinds of parameter of the service. A StringList is one string with commas. */
export type ParameterType = 'String' | 'StringList' | 'SecureString';

/** An answer of the service that is an error: `name` is what the SDK gives the error's class and name. */
export class ParameterStoreError extends Error {
  readonly statusCode: number;

  constructor(name: string, message: string, statusCode = 400) {
    super(message);
    this.name = name;
    this.statusCode = statusCode;
  }
}

interface Version {
  readonly value: string;
  readonly type: ParameterType;
  readonly modifiedAt: number;
}

interface Parameter {
  readonly Name: string;
  readonly ARN: string;
  readonly Type: ParameterType;
  readonly Value: string;
  readonly Version: number;
  readonly Selector?: string;
  readonly DataType: 'text';
  /** Epoch seconds, as the protocol has it. */
  readonly LastModifiedDate: number;
}

const mostNames = 10;
const arnPrefix = 'arn:aws:ssm:eu-west-1:000000000000:parameter';

/** The parameters, all their versions, and the actions of Parameter Store on them, in the service's own request and answer shapes. */
export class ParameterStore {
  readonly #versions = new Map<string, Version[]>();

  /** Adds a version. Takes what the service would refuse, the empty value for one, so that it can be tried. Returns its number. */
  set(name: string, value: string, type: ParameterType): number {
    const versions = this.#versions.get(name) ?? [];
    this.#versions.set(name, versions);
    return versions.push({ value, type, modifiedAt: Date.now() });
  }

  delete(name: string): boolean {
    return this.#versions.delete(name);
  }

  /** GetParameter: one parameter by name, `name:version` or ARN. */
  getParameter(request: { Name?: string; WithDecryption?: boolean }): { Parameter: Parameter } {
    return { Parameter: this.#find(request.Name ?? '', request.WithDecryption ?? false) };
  }

  /** GetParameters: up to ten, in alphabetical order; those not found are named apart, which is no error. */
  getParameters(request: { Names?: string[]; WithDecryption?: boolean }): {
    Parameters: Parameter[];
    InvalidParameters: string[];
  } {
    const names = request.Names ?? [];
    if (names.length === 0 || names.length > mostNames) {
      throw new ParameterStoreError(
        'ValidationException',
        `1 validation error detected: Value '[${names.join(', ')}]' at 'names' failed to satisfy constraint: Member must have length less than or equal to ${mostNames} and greater than or equal to 1`,
      );
    }
    const found: Parameter[] = [];
    const invalid: string[] = [];
    for (const name of names) {
      try {
        found.push(this.#find(name, request.WithDecryption ?? false));
      } catch (error) {
        if (!(error instanceof ParameterStoreError)) throw error;
        invalid.push(name);
      }
    }
    return { Parameters: found.sort((left, right) => (left.Name < right.Name ? -1 : 1)), InvalidParameters: invalid };
  }

  /** PutParameter: a new parameter, or with Overwrite a new version of an old one. */
  putParameter(request: { Name?: string; Value?: string; Type?: ParameterType; Overwrite?: boolean }): {
    Version: number;
    Tier: 'Standard';
  } {
    const { Name: name = '', Value: value = '', Overwrite: overwrite = false } = request;
    const existing = this.#versions.get(name)?.at(-1);
    if (name === '' || value === '') {
      throw new ParameterStoreError('ValidationException', 'Name and value must have a length of at least 1.');
    }
    if (existing !== undefined && !overwrite) {
      throw new ParameterStoreError(
        'ParameterAlreadyExists',
        'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
      );
    }
    return { Version: this.set(name, value, request.Type ?? existing?.type ?? 'String'), Tier: 'Standard' };
  }

  #find(reference: string, decrypted: boolean): Parameter {
    const { name, selector } = this.#split(reference);
    const versions = this.#versions.get(name);
    if (versions === undefined) throw new ParameterStoreError('ParameterNotFound', `Parameter ${reference} not found.`);
    const number = selector === undefined ? versions.length : Number(selector);
    const version = versions[number - 1];
    if (version === undefined) {
      throw new ParameterStoreError(
        'ParameterVersionNotFound',
        `Systems Manager could not find version ${selector} of ${name}. Verify the version and try again.`,
      );
    }
    return {
      Name: name,
      ARN: arnOf(name),
      Type: version.type,
      Value: version.type === 'SecureString' && !decrypted ? `kms:alias/aws/ssm:${version.value}` : version.value,
      Version: number,
      ...(selector === undefined ? {} : { Selector: `:${selector}` }),
      DataType: 'text',
      LastModifiedDate: version.modifiedAt / 1000,
    };
  }

  /** Takes name and selector apart; a name has no colon, an ARN has five before its resource. */
  #split(reference: string): { name: string; selector?: string } {
    const [, name = '', selector] = /^(arn(?::[^:]*){5}|[^:]*)(?::(.+))?$/.exec(reference) ?? [];
    const byArn = [...this.#versions.keys()].find((known) => arnOf(known) === name);
    return { name: byArn ?? name, ...(selector === undefined ? {} : { selector }) };
  }
}

function arnOf(name: string): string {
  return name.startsWith('/') ? `${arnPrefix}${name}` : `${arnPrefix}/${name}`;
}
