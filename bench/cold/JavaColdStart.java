import com.alibaba.fastjson2.JSON;
import com.alibaba.fastjson2.JSONObject;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.Message;

/** From the start of the JVM to the first confirmed message with the Java client, and nothing else. */
public class JavaColdStart {
    public static void main(String[] args) throws Exception {
        JSONObject target = JSON.parseObject(System.getenv("BENCH_TARGET"));
        DefaultMQProducer producer = new DefaultMQProducer("bench-cold");
        producer.setNamesrvAddr(String.join(";", target.getList("nameServerAddrs", String.class)));
        producer.start();
        producer.send(new Message(target.getString("topic"), "bench", "key", new byte[256]));
        Runtime.getRuntime().halt(0);
    }
}
