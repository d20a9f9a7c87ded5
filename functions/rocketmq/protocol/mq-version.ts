/**
 * Version numbers of the protocol: ordinals of Java's `MQVersion`, which lists each x.y.z as SNAPSHOT, then release.
 */
export const MQVersion = {
  V4_9_3: 399,
  V4_9_4: 401,
  V4_9_5: 403,
  V5_0_0: 413,
  V5_1_4: 441,
  V5_3_1: 475,
  V5_3_2: 477,
  V5_5_0: 513,
} as const;

/**
 * What our frames declare. From 401 on routes come as standard JSON; up to 441 no release answers GO_AWAY during a
 * graceful shutdown (5.2.0 to 5.3.1 begin above 441, later ones above 475), so requests are served until it ends.
 */
export const DECLARED_VERSION = MQVersion.V5_1_4;

/** Readable release of a version number: `513` is `5.5.0`. Snapshots end in `-SNAPSHOT`; 0 is `unknown`. */
export function versionName(version: number): string {
  const [major, base] = version >= 412 ? [5, 413] : [4, 213];
  if (version < 212) return version === 0 ? 'unknown' : `before 4.0.0 (${version})`;
  const release = version - base + 1;
  const minor = Math.floor(release / 20);
  const patch = Math.floor((release % 20) / 2);
  return `${major}.${minor}.${patch}${release % 2 === 0 ? '-SNAPSHOT' : ''}`;
}
