import { Fn, Token } from 'aws-cdk-lib';

/** Name servers as functions read them. A list that is known at deployment only is joined there. */
export function joinedNameServers(nameServers: readonly string[]): string {
  return Token.isUnresolved(nameServers) ? Fn.join(';', [...nameServers]) : nameServers.join(';');
}
