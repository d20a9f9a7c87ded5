import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.common.message.MessageExt;

/** Consumes a topic by `push` or `pull` until it has so many messages, and prints each: id, tag, keys, body and properties. */
public class JavaConsumer {
    private static final BlockingQueue<MessageExt> RECEIVED = new LinkedBlockingQueue<>();
    /** A consumer whose first two looks for queues fail makes the next ones 20 seconds later each. */
    private static final int LIMIT_SECONDS = 75;

    public static void main(String[] args) {
        try {
            if (args[2].equals("push")) push(args[0], args[1], args[4]);
            else pull(args[0], args[1], args[4]);
            for (int i = 0; i < Integer.parseInt(args[3]); i++) print(RECEIVED.poll(LIMIT_SECONDS, TimeUnit.SECONDS));
            System.exit(0);
        } catch (Throwable e) {
            e.printStackTrace();
            System.exit(1);
        }
    }

    private static void push(String nameServerAddr, String topic, String group) throws Exception {
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(group);
        consumer.setNamesrvAddr(nameServerAddr);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            RECEIVED.addAll(messages);
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
    }

    private static void pull(String nameServerAddr, String topic, String group) throws Exception {
        DefaultLitePullConsumer consumer = new DefaultLitePullConsumer(group);
        consumer.setNamesrvAddr(nameServerAddr);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe(topic, "*");
        consumer.start();
        Thread polling = new Thread(() -> {
            while (true) RECEIVED.addAll(consumer.poll(1_000));
        });
        polling.setDaemon(true);
        polling.start();
    }

    private static void print(MessageExt message) {
        if (message == null) throw new IllegalStateException("no message came for " + LIMIT_SECONDS + " seconds");
        String properties = MessageDecoder.messageProperties2String(message.getProperties());
        System.out.println("received " + String.join(" ",
            encoded(message.getMsgId()), encoded(message.getTags()), encoded(message.getKeys()),
            Base64.getEncoder().encodeToString(message.getBody()), encoded(properties)));
    }

    /** Never empty, so that the parts of a line can be told apart. */
    private static String encoded(String text) {
        return Base64.getEncoder().encodeToString(String.valueOf(text).getBytes(StandardCharsets.UTF_8));
    }
}
