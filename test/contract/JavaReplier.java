import java.nio.charset.StandardCharsets;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.utils.MessageUtil;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageConst;
import org.apache.rocketmq.common.message.MessageExt;

/**
 * Replies to requests with "answer to" and their text, and with the request's user property; to "large N" with N times the
 * text, which the client compresses from 4 KiB on; to "silence" with nothing; to "stranger" after a reply that nobody asked for,
 * with what became of that. Runs until it is killed.
 */
public class JavaReplier {
    public static void main(String[] args) {
        try {
            DefaultMQProducer replier = new DefaultMQProducer("java_replier");
            replier.setNamesrvAddr(args[0]);
            replier.setInstanceName("java_replier");
            replier.start();
            DefaultMQPushConsumer consumer = new DefaultMQPushConsumer("java_replier");
            consumer.setNamesrvAddr(args[0]);
            consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
            consumer.setPullInterval(0);
            consumer.subscribe(args[1], "*");
            consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
                for (MessageExt message : messages) reply(message, replier);
                return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
            });
            consumer.start();
            System.out.println("replier is ready");
        } catch (Throwable e) {
            e.printStackTrace();
            System.exit(1);
        }
    }

    private static void reply(MessageExt request, DefaultMQProducer replier) {
        try {
            String text = new String(request.getBody(), StandardCharsets.UTF_8);
            if (text.equals("silence")) return;
            String answer = "answer to " + text;
            if (text.startsWith("large ")) answer = answer.repeat(Integer.parseInt(text.substring(6)));
            if (text.equals("stranger")) answer = stranger(request, replier);
            Message reply = MessageUtil.createReplyMessage(request, answer.getBytes(StandardCharsets.UTF_8));
            if (request.getUserProperty("from") != null) reply.putUserProperty("to", request.getUserProperty("from"));
            replier.send(reply, 3_000);
        } catch (Exception e) {
            e.printStackTrace();
        }
    }

    private static String stranger(MessageExt request, DefaultMQProducer replier) throws Exception {
        Message reply = MessageUtil.createReplyMessage(request, new byte[] {1});
        reply.getProperties().put(MessageConst.PROPERTY_CORRELATION_ID, "of nobody");
        return "a stranger was taken with " + replier.send(reply, 3_000).getSendStatus();
    }
}
