/** Finds no `inspected` once it is bundled. */
export async function handler() {
  const { inspected } = await import('./needs-util.cjs');
  return inspected({});
}
