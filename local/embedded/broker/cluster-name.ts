/** The cluster that embedded brokers belong to. */
export const CLUSTER_NAME = 'DefaultCluster';
