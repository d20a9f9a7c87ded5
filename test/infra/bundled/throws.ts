/** Fails in a line that a source map can name. */
export async function handler(): Promise<never> {
  throw new Error('on line 3');
}
