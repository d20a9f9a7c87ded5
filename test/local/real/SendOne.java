import java.nio.charset.StandardCharsets;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

/** Creates a topic on a broker, sends one message to it by the route that the name server gives, and prints how it went. */
public class SendOne {
    public static void main(String[] args) {
        try {
            send(args);
            System.exit(0);
        } catch (Exception e) {
            e.printStackTrace();
            System.exit(1);
        }
    }

    private static void send(String[] args) throws Exception {
        String nameServerAddr = args[0];
        String brokerAddr = args[1];
        String topic = args[2];
        DefaultMQAdminExt admin = new DefaultMQAdminExt();
        admin.setNamesrvAddr(nameServerAddr);
        admin.start();
        admin.createAndUpdateTopicConfig(brokerAddr, new TopicConfig(topic, 1, 1, 6));
        DefaultMQProducer producer = new DefaultMQProducer("send_one");
        producer.setNamesrvAddr(nameServerAddr);
        producer.start();
        awaitRoute(producer, topic);
        var result = producer.send(new Message(topic, "hello".getBytes(StandardCharsets.UTF_8)));
        System.out.println(result.getSendStatus() + " " + result.getMessageQueue().getBrokerName());
    }

    /** A broker tells the name server of a new topic in the background. */
    private static void awaitRoute(DefaultMQProducer producer, String topic) throws Exception {
        for (int attempt = 0; attempt < 100; attempt++) {
            try {
                producer.fetchPublishMessageQueues(topic);
                return;
            } catch (MQClientException noRouteYet) {
                Thread.sleep(100);
            }
        }
    }
}
