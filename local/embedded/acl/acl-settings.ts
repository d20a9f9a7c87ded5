import type { AclCredentials } from '../../../functions/rocketmq/protocol/acl-signature.ts';

/** What a user may do with a topic; ACL 1.0 knows PUB and SUB only. */
export type TopicRight = 'PUB' | 'SUB' | 'GET' | 'CREATE' | 'UPDATE';

/** Somebody who signs requests. */
export interface AclUser extends AclCredentials {
  /** A token that requests must carry besides the signature. Real servers do not look at it; here a test can rotate it. */
  readonly securityToken?: string;
  /** Rights by topic. Without it the user may do everything, with it nothing else. Consumer groups are free to all. */
  readonly topics?: Readonly<Record<string, readonly TopicRight[]>>;
}

/** Who may talk to a broker: ACL 2.0 on 5.x, ACL 1.0 on 4.9. */
export interface AclSettings {
  readonly users: readonly AclUser[];
}
