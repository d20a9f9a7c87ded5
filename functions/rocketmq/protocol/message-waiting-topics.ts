/** Where brokers keep messages with a delay level until they are due. */
export const SCHEDULE_TOPIC = 'SCHEDULE_TOPIC_XXXX';

/** Where brokers from 5.0 on keep messages with a time until they are due. */
export const TIMER_TOPIC = 'rmq_sys_wheel_timer';
