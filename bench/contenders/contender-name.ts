/** Names of the contenders, as tables and bars use them. */
export const ContenderName = {
  BLAST_BINARY: 'blast-bin',
  BLAST_JSON: 'blast-json',
  THIS: 'this',
  ALI_ONS: 'ali-ons',
  GRPC_NODE: 'grpc-node',
  JAVA_SYNC: 'java-sync',
  JAVA_ASYNC: 'java-async',
} as const;
