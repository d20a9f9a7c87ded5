import org.apache.rocketmq.tools.command.MQAdminStartup;

/** The `mqadmin` of the release, with the arguments of its command line. */
public class MqAdmin {
    public static void main(String[] args) {
        MQAdminStartup.main0(args, null);
        System.exit(0);
    }
}
