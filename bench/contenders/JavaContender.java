import com.alibaba.fastjson2.JSON;
import com.alibaba.fastjson2.JSONObject;
import com.sun.management.OperatingSystemMXBean;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.message.Message;

/**
 * The Java client as a contender: `sync` has a thread for each send in flight, `async` one thread and callbacks under a
 * semaphore. One round for each line of JSON on standard input; see load.ts.
 */
public class JavaContender {
    private static final OperatingSystemMXBean SYSTEM = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private final DefaultMQProducer producer;
    private final String topic;
    private final boolean isAsync;

    private final AtomicLong keys = new AtomicLong();
    private final AtomicLong messages = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();
    private final AtomicLong sendsLeft = new AtomicLong();
    private final AtomicBoolean isMeasuring = new AtomicBoolean();
    private volatile boolean isOver;
    private long[] latenciesNs = new long[1 << 20];
    private int latencies;

    JavaContender(DefaultMQProducer producer, String topic, boolean isAsync) {
        this.producer = producer;
        this.topic = topic;
        this.isAsync = isAsync;
    }

    public static void main(String[] args) throws Exception {
        JSONObject target = JSON.parseObject(System.getenv("BENCH_TARGET"));
        DefaultMQProducer producer = new DefaultMQProducer("bench-java-" + args[0]);
        producer.setNamesrvAddr(String.join(";", target.getList("nameServerAddrs", String.class)));
        producer.setSendMsgTimeout(10_000);
        producer.start();
        JavaContender contender = new JavaContender(producer, target.getString("topic"), args[0].equals("async"));
        answer(JSONObject.of("ready", true));
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            answer(contender.run(JSON.parseObject(line)));
        }
        Runtime.getRuntime().halt(0);
    }

    private static void answer(JSONObject value) {
        System.out.println("@bench " + value);
        System.out.flush();
    }

    private JSONObject run(JSONObject load) throws InterruptedException {
        int batch = load.getIntValue("batch");
        boolean isCounted = load.containsKey("sends");
        sendsLeft.set(isCounted ? load.getLongValue("sends") : Long.MAX_VALUE);
        messages.set(0);
        failed.set(0);
        latencies = 0;
        isOver = false;
        isMeasuring.set(isCounted);
        byte[] body = new byte[load.getIntValue("bodyBytes")];
        Arrays.fill(body, (byte) 'x');

        long startedAt = System.nanoTime();
        long cpuAtStart = SYSTEM.getProcessCpuTime();
        List<Thread> threads = start(load.getIntValue("window"), body, batch);
        if (isCounted) {
            for (Thread thread : threads) thread.join();
        } else {
            Thread.sleep(load.getLongValue("warmupMs"));
            startedAt = System.nanoTime();
            cpuAtStart = SYSTEM.getProcessCpuTime();
            isMeasuring.set(true);
            Thread.sleep(load.getLongValue("durationMs"));
        }
        long elapsedNs = System.nanoTime() - startedAt;
        long cpuNs = SYSTEM.getProcessCpuTime() - cpuAtStart;
        isMeasuring.set(false);
        JSONObject round = JSONObject.of("messages", messages.get(), "failed", failed.get());
        round.put("elapsedMs", elapsedNs / 1e6);
        round.put("cpuUs", cpuNs / 1000);
        isOver = true;
        for (Thread thread : threads) thread.join();
        if (latencies > 0) {
            long[] sorted = Arrays.copyOf(latenciesNs, latencies);
            Arrays.sort(sorted);
            round.put("p50Us", sorted[(int) Math.ceil(latencies * 0.5) - 1] / 1e3);
            round.put("p99Us", sorted[(int) Math.ceil(latencies * 0.99) - 1] / 1e3);
        }
        return round;
    }

    private List<Thread> start(int window, byte[] body, int batch) {
        List<Thread> threads = new ArrayList<>();
        if (isAsync) {
            threads.add(new Thread(() -> sendAsync(window, body, batch)));
        } else {
            boolean isTimed = window == 1 && batch == 1;
            for (int index = 0; index < window; index++) threads.add(new Thread(() -> sendSync(body, batch, isTimed)));
        }
        for (Thread thread : threads) thread.start();
        return threads;
    }

    private boolean mayGoOn() {
        return !isOver && sendsLeft.getAndDecrement() > 0;
    }

    private void sendSync(byte[] body, int batch, boolean isTimed) {
        while (mayGoOn()) {
            long startedAt = isTimed ? System.nanoTime() : 0;
            try {
                SendResult result = batch == 1 ? producer.send(message(body)) : producer.send(messages(body, batch));
                count(result, batch);
                if (isTimed && isMeasuring.get() && latencies < latenciesNs.length) {
                    latenciesNs[latencies++] = System.nanoTime() - startedAt;
                }
            } catch (Exception error) {
                fail(error);
            }
        }
    }

    private void sendAsync(int window, byte[] body, int batch) {
        Semaphore permits = new Semaphore(window);
        SendCallback callback = new SendCallback() {
            @Override
            public void onSuccess(SendResult result) {
                count(result, batch);
                permits.release();
            }

            @Override
            public void onException(Throwable error) {
                fail(error);
                permits.release();
            }
        };
        while (mayGoOn()) {
            permits.acquireUninterruptibly();
            try {
                if (batch == 1) producer.send(message(body), callback);
                else producer.send(messages(body, batch), callback);
            } catch (Exception error) {
                fail(error);
                permits.release();
            }
        }
        permits.acquireUninterruptibly(window);
    }

    private void count(SendResult result, int batch) {
        if (!isMeasuring.get()) return;
        if (result.getSendStatus() == SendStatus.SEND_OK) messages.addAndGet(batch);
        else failed.incrementAndGet();
    }

    private void fail(Throwable error) {
        if (isMeasuring.get() && failed.getAndIncrement() == 0) error.printStackTrace();
    }

    private Message message(byte[] body) {
        return new Message(topic, "bench", "key-" + keys.getAndIncrement(), body);
    }

    private List<Message> messages(byte[] body, int batch) {
        List<Message> list = new ArrayList<>(batch);
        for (int index = 0; index < batch; index++) list.add(message(body));
        return list;
    }
}
