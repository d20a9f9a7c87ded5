/** A stand-in for a server: says its arguments line by line and then waits, or exits at "exit:CODE". */
public class Scripted {
    public static void main(String[] args) throws Exception {
        for (String arg : args) {
            if (arg.startsWith("exit:")) {
                System.exit(Integer.parseInt(arg.substring(5)));
            }
            System.out.println(arg);
        }
        Thread.sleep(Long.MAX_VALUE);
    }
}
