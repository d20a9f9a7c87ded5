/** What RocketMQ's servers and clients need on Java 17, where the JDK's internals are closed by default. */
export const JVM_ACCESS: readonly string[] = [
  '--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED',
  '--add-opens=java.base/java.nio=ALL-UNNAMED',
  '--add-opens=java.base/sun.nio.ch=ALL-UNNAMED',
  '--add-opens=java.base/java.lang=ALL-UNNAMED',
  '--add-opens=java.base/java.util=ALL-UNNAMED',
];

/** What saves seconds of a start, and costs throughput. */
export const JVM_QUICK_START: readonly string[] = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

/**
 * Has a Java program keep in one directory what it would write elsewhere: log files, a client's offsets, whatever no setting
 * names a place for; and native libraries, which are unpacked at each start (13 MB for a 5.5.0 broker) and stay when it is killed.
 */
export function jvmFilesIn(directory: string): string[] {
  return [`-Duser.home=${directory}`, `-Djava.io.tmpdir=${directory}`];
}
