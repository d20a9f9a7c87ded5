/**
 * Splits a list of name servers as it stands in an SSM parameter or an environment variable: `host:port`, separated by
 * semicolons, commas or white space. Addresses are checked by the client, which knows what one is.
 */
export function parseNameServerList(text: string): string[] {
  return [...new Set(text.split(/[;,\s]+/).filter((addr) => addr !== ''))];
}
