import { OptionsError } from '../errors.ts';

/** Host and port of an address. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/**
 * Splits `host:port` at its last colon; an IPv6 host may stand in brackets. Names are not resolved here.
 * @throws OptionsError that says what is wrong with the address.
 */
export function parseAddr(addr: string): HostPort {
  const colon = addr.lastIndexOf(':');
  const bareHost = addr.slice(0, Math.max(0, colon));
  const host = bareHost.startsWith('[') && bareHost.endsWith(']') ? bareHost.slice(1, -1) : bareHost;
  const port = addr.slice(colon + 1);
  if (host === '' || !every(host, isOfHost)) throw new OptionsError('address', [`"${addr}" is not host:port`]);
  if (port.length > 5 || !every(port, isDigit) || Number(port) < 1 || Number(port) > 65_535) {
    throw new OptionsError('address', [`"${addr}" has no port from 1 to 65535 after its last colon`]);
  }
  return { host, port: Number(port) };
}

// No regular expressions: to compile three of them is a tenth of a millisecond of each cold start.
function every(text: string, is: (char: string) => boolean): boolean {
  for (const char of text) if (!is(char)) return false;
  return true;
}

function isOfHost(char: string): boolean {
  return char.trim() !== '' && !'/,;@[]'.includes(char);
}

function isDigit(char: string): boolean {
  return char >= '0' && char <= '9';
}

/** What is wrong with an address; nothing where it is `host:port`. */
export function addrFaults(addr: string): readonly string[] {
  try {
    parseAddr(addr);
    return [];
  } catch (error) {
    if (error instanceof OptionsError) return error.faults;
    throw error;
  }
}
