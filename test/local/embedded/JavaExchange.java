import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.acl.common.AclClientRPCHook;
import org.apache.rocketmq.acl.common.SessionCredentials;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.rebalance.AllocateMessageQueueAveragely;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.LocalTransactionState;
import org.apache.rocketmq.client.producer.TransactionListener;
import org.apache.rocketmq.client.producer.TransactionMQProducer;
import org.apache.rocketmq.client.utils.MessageUtil;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.remoting.RPCHook;

/** Signed, and over TLS where the JVM is told so: asks and is answered, sends in transactions, and prints what came of it. */
public class JavaExchange {
    private static final BlockingQueue<String> received = new LinkedBlockingQueue<>();

    public static void main(String[] args) {
        try {
            RPCHook signing = new AclClientRPCHook(new SessionCredentials(args[2], args[3]));
            RPCHook wrong = new AclClientRPCHook(new SessionCredentials(args[2], "not the secret"));
            refused(args[0], args[1], wrong);
            DefaultMQProducer replier = producer(args[0], "java_replier", signing);
            DefaultMQPushConsumer consumer = consume(args[0], args[1], signing, replier);
            request(args[0], args[1], signing);
            transactions(args[0], args[1], signing);
            consumer.shutdown();
            replier.shutdown();
            System.exit(0);
        } catch (Throwable e) {
            e.printStackTrace();
            System.exit(1);
        }
    }

    private static DefaultMQProducer producer(String nameServerAddr, String group, RPCHook hook) throws Exception {
        DefaultMQProducer producer = new DefaultMQProducer(group, hook);
        producer.setInstanceName(group + hook.hashCode());
        producer.setNamesrvAddr(nameServerAddr);
        producer.setSendMsgTimeout(10_000);
        producer.start();
        return producer;
    }

    private static void refused(String nameServerAddr, String topic, RPCHook hook) throws Exception {
        DefaultMQProducer producer = producer(nameServerAddr, "java_intruder", hook);
        producer.setRetryTimesWhenSendFailed(0);
        try {
            producer.send(new Message(topic, bytes("refused")));
        } catch (MQClientException e) {
            // The code is in the set that is tried again, so the last attempt is only the cause.
            MQBrokerException cause = (MQBrokerException) e.getCause();
            System.out.println("refused " + cause.getResponseCode() + " " + cause.getErrorMessage());
        }
        producer.shutdown();
    }

    /** Answers requests, and notes everything else. */
    private static DefaultMQPushConsumer consume(
        String nameServerAddr, String topic, RPCHook hook, DefaultMQProducer replier) throws Exception {
        DefaultMQPushConsumer consumer =
            new DefaultMQPushConsumer("java_answerer", hook, new AllocateMessageQueueAveragely());
        consumer.setNamesrvAddr(nameServerAddr);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            for (MessageExt message : messages) answer(message, replier);
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
        return consumer;
    }

    private static void answer(MessageExt message, DefaultMQProducer replier) {
        String text = new String(message.getBody(), StandardCharsets.UTF_8);
        if (!text.startsWith("question")) {
            received.add(text + " of " + message.getTransactionId().length() + " characters");
            return;
        }
        try {
            Message reply = MessageUtil.createReplyMessage(message, bytes("answer to " + text));
            System.out.println("replied " + replier.send(reply, 3_000).getSendStatus() + " to " + reply.getTopic());
        } catch (Exception e) {
            e.printStackTrace();
        }
    }

    private static void request(String nameServerAddr, String topic, RPCHook hook) throws Exception {
        DefaultMQProducer producer = producer(nameServerAddr, "java_requester", hook);
        Message answer = producer.request(new Message(topic, bytes("question")), 30_000);
        System.out.println("answered " + new String(answer.getBody(), StandardCharsets.UTF_8));
        producer.shutdown();
    }

    private static void transactions(String nameServerAddr, String topic, RPCHook hook) throws Exception {
        TransactionMQProducer producer = new TransactionMQProducer("java_transactions", hook);
        producer.setInstanceName("java_transactions");
        producer.setNamesrvAddr(nameServerAddr);
        producer.setTransactionListener(new TransactionListener() {
            public LocalTransactionState executeLocalTransaction(Message message, Object state) {
                return (LocalTransactionState) state;
            }

            public LocalTransactionState checkLocalTransaction(MessageExt message) {
                System.out.println("checked " + new String(message.getBody(), StandardCharsets.UTF_8) + " " + message.getTopic());
                return LocalTransactionState.COMMIT_MESSAGE;
            }
        });
        producer.start();
        for (LocalTransactionState state : List.of(
            LocalTransactionState.COMMIT_MESSAGE, LocalTransactionState.ROLLBACK_MESSAGE, LocalTransactionState.UNKNOW)) {
            Message message = new Message(topic, bytes(state.name()));
            System.out.println("sent " + producer.sendMessageInTransaction(message, state).getSendStatus());
        }
        for (int i = 0; i < 2; i++) System.out.println("received " + received.poll(20, TimeUnit.SECONDS));
        System.out.println("more " + received.poll(1, TimeUnit.SECONDS));
        producer.shutdown();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
