import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.rocketmq.client.producer.selector.SelectMessageQueueByHash;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageQueue;

/** Prints where Java's selector puts 1,000 sharding keys, as JSON: `{"key":"<queue of 1>…<queue of 16>",…}`, queues in hex. */
public class JavaPlacements {
    private static final SelectMessageQueueByHash SELECTOR = new SelectMessageQueueByHash();
    private static final Message MESSAGE = new Message("T", new byte[] {1});

    public static void main(String[] args) {
        List<String> rows = new ArrayList<>();
        for (String key : keys()) rows.add(quoted(key) + ": \"" + placements(key) + "\"");
        System.out.println("{\n  " + String.join(",\n  ", rows) + "\n}");
        System.exit(0);
    }

    private static List<String> keys() {
        Random random = new Random(20);
        // The hash of the first is 0, that of the second Integer.MIN_VALUE; two end in half a surrogate pair.
        List<String> keys = new ArrayList<>(
            List.of("", "polygenelubricants", "\ud83d", "\ude00x", "\u0000", "\uffff", " a b ", "😀😀", "é", "e\u0301"));
        for (int i = 0; i < 190; i++) keys.add("order-" + i);
        for (int i = 0; i < 200; i++) keys.add(text(random, 0x20, 0x7e));
        for (int i = 0; i < 200; i++) keys.add(text(random, 0xa1, 0x24f));
        for (int i = 0; i < 200; i++) keys.add(text(random, 0x4e00, 0x9fff));
        for (int i = 0; i < 200; i++) keys.add(text(random, 0x1f300, 0x1faff));
        return keys;
    }

    private static String text(Random random, int first, int last) {
        StringBuilder text = new StringBuilder();
        int length = 2 + random.nextInt(24);
        for (int i = 0; i < length; i++) text.appendCodePoint(first + random.nextInt(last - first + 1));
        return text.toString();
    }

    private static String placements(String key) {
        StringBuilder digits = new StringBuilder();
        List<MessageQueue> queues = new ArrayList<>();
        for (int count = 1; count <= 16; count++) {
            queues.add(new MessageQueue("T", "broker-a", count - 1));
            digits.append(Integer.toHexString(SELECTOR.select(queues, MESSAGE, key).getQueueId()));
        }
        return digits.toString();
    }

    private static String quoted(String text) {
        StringBuilder json = new StringBuilder("\"");
        for (char unit : text.toCharArray()) {
            boolean isPlain = unit >= 0x20 && unit <= 0x7e && unit != '"' && unit != '\\';
            json.append(isPlain ? String.valueOf(unit) : String.format("\\u%04x", (int) unit));
        }
        return json.append('"').toString();
    }
}
