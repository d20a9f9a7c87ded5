/** Prints its arguments to standard output, its home directory to standard error, and exits with code 3. */
public class Echo {
    public static void main(String[] args) {
        System.out.println(String.join(",", args));
        System.err.println(System.getProperty("user.home") + " " + org.apache.rocketmq.client.producer.SendStatus.SEND_OK);
        System.exit(3);
    }
}
