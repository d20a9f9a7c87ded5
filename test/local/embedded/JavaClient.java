import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Sends in every way to a topic of a cluster, reads it back in every way, and prints what it sent and read, a line each. */
public class JavaClient {
    private static final int SENT = 13;
    private static final int QUEUES = 4;

    public static void main(String[] args) {
        try {
            send(args[0], args[1]);
            pull(args[0], args[1]);
            push(args[0], args[1]);
            pushOrderly(args[0], args[1]);
            System.exit(0);
        } catch (Throwable e) {
            e.printStackTrace();
            System.exit(1);
        }
    }

    private static void send(String nameServerAddr, String topic) throws Exception {
        DefaultMQProducer producer = new DefaultMQProducer("java_producer");
        producer.setNamesrvAddr(nameServerAddr);
        producer.setSendMsgTimeout(10_000);
        producer.start();
        Message normal = new Message(topic, "TagA", "key1 key2", bytes("normal ✓"));
        normal.putUserProperty("colour", "blau");
        print("normal", producer.send(normal));
        List<Message> batch = new ArrayList<>();
        for (int i = 0; i < 3; i++) batch.add(new Message(topic, "TagB", "batch" + i, bytes("batch " + i)));
        print("batch", producer.send(batch));
        for (int i = 0; i < 5; i++) {
            Message ordered = new Message(topic, "TagB", "", bytes("ordered " + i));
            print("ordered", producer.send(ordered, (queues, message, key) -> queues.get((int) key), 2));
        }
        CompletableFuture<SendResult> answer = new CompletableFuture<>();
        producer.send(new Message(topic, "TagA", "", bytes("async")), new SendCallback() {
            public void onSuccess(SendResult result) {
                answer.complete(result);
            }

            public void onException(Throwable e) {
                answer.completeExceptionally(e);
            }
        });
        print("async", answer.get(10, TimeUnit.SECONDS));
        producer.sendOneway(new Message(topic, "TagC", "", bytes("oneway")));
        print("large", producer.send(new Message(topic, "TagA", "", bytes("z".repeat(100_000)))));
        Message delayed = new Message(topic, "TagA", "", bytes("delayed"));
        delayed.setDelayTimeLevel(1);
        print("delayed", producer.send(delayed));
        producer.shutdown();
    }

    private static void pull(String nameServerAddr, String topic) throws Exception {
        DefaultLitePullConsumer consumer = new DefaultLitePullConsumer("java_puller");
        consumer.setNamesrvAddr(nameServerAddr);
        consumer.setAutoCommit(false);
        // Sought while paused: a seek interrupts the thread that pulls, and 5.5.0 closes the broker's connection when that hits a
        // request about to be sent (DefaultLitePullConsumerImpl.tryInterrupt, NettyRemotingAbstract.invoke0): six times in 4,000.
        List<MessageQueue> queues = new ArrayList<>();
        for (int queueId = 0; queueId < QUEUES; queueId++) queues.add(new MessageQueue(topic, "broker-a", queueId));
        consumer.assign(queues);
        consumer.pause(queues);
        consumer.start();
        if (!Set.copyOf(queues).equals(Set.copyOf(consumer.fetchMessageQueues(topic)))) throw new Exception("other queues than assigned");
        for (MessageQueue queue : queues) consumer.seekToBegin(queue);
        consumer.resume(queues);
        List<MessageExt> messages = new ArrayList<>();
        for (int round = 0; round < 60 && messages.size() < SENT; round++) messages.addAll(consumer.poll(1_000));
        print("pulled", messages);
        consumer.shutdown();
    }

    private static void push(String nameServerAddr, String topic) throws Exception {
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer("java_pusher");
        consumer.setNamesrvAddr(nameServerAddr);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe(topic, "TagA || TagC");
        BlockingQueue<MessageExt> received = new LinkedBlockingQueue<>();
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            received.addAll(messages);
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
        print("pushed", take(received, 5));
        consumer.shutdown();
    }

    private static void pushOrderly(String nameServerAddr, String topic) throws Exception {
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer("java_orderly");
        consumer.setNamesrvAddr(nameServerAddr);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe(topic, "TagB");
        BlockingQueue<MessageExt> received = new LinkedBlockingQueue<>();
        consumer.registerMessageListener((MessageListenerOrderly) (messages, context) -> {
            received.addAll(messages);
            return ConsumeOrderlyStatus.SUCCESS;
        });
        consumer.start();
        List<MessageExt> ordered = new ArrayList<>();
        for (MessageExt message : take(received, 8)) if (text(message).startsWith("ordered")) ordered.add(message);
        for (MessageExt message : ordered) System.out.println("in order " + text(message));
        consumer.shutdown();
    }

    private static List<MessageExt> take(BlockingQueue<MessageExt> received, int count) throws InterruptedException {
        List<MessageExt> messages = new ArrayList<>();
        while (messages.size() < count) {
            MessageExt message = received.poll(75, TimeUnit.SECONDS);
            if (message == null) return messages;
            messages.add(message);
        }
        return messages;
    }

    private static void print(String what, SendResult result) {
        System.out.println("sent " + what + " " + result.getSendStatus() + " " + result.getMessageQueue().getBrokerName()
            + " ids " + result.getMsgId().split(",").length + "/" + result.getOffsetMsgId().split(",").length);
    }

    private static void print(String what, List<MessageExt> messages) {
        var lines = new TreeSet<String>();
        for (MessageExt message : messages) {
            lines.add(what + " " + text(message) + " tag " + message.getTags() + " keys " + message.getKeys()
                + " colour " + message.getUserProperty("colour"));
        }
        lines.forEach(System.out::println);
    }

    private static String text(MessageExt message) {
        String text = new String(message.getBody(), StandardCharsets.UTF_8);
        return text.length() <= 20 ? text : text.charAt(0) + " × " + text.length();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
