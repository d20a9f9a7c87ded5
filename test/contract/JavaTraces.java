import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.apache.rocketmq.client.trace.TraceBean;
import org.apache.rocketmq.client.trace.TraceContext;
import org.apache.rocketmq.client.trace.TraceDataEncoder;

/** Reads the body of a trace message (base64) as consoles do, prints what it understood, and what Java would have written. */
public class JavaTraces {
    public static void main(String[] args) {
        String data = new String(Base64.getDecoder().decode(args[0]), StandardCharsets.UTF_8);
        for (TraceContext context : TraceDataEncoder.decoderFromTraceDataString(data)) {
            TraceBean bean = context.getTraceBeans().get(0);
            System.out.println(String.join(" ", context.getTraceType().name(), context.getGroupName(), bean.getTopic(),
                bean.getMsgId(), bean.getTags(), bean.getKeys(), bean.getStoreHost(), bean.getMsgType().name(),
                String.valueOf(bean.getTransactionId()), String.valueOf(bean.getTransactionState()),
                String.valueOf(bean.isFromTransactionCheck())));
            String written = TraceDataEncoder.encoderFromContextBean(context).getTransData();
            System.out.println("written " + Base64.getEncoder().encodeToString(written.getBytes(StandardCharsets.UTF_8)));
        }
        System.exit(0);
    }
}
