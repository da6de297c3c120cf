import com.sun.jdi.Bootstrap;
import com.sun.jdi.ThreadReference;
import com.sun.jdi.VirtualMachine;
import com.sun.jdi.connect.AttachingConnector;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes the disks of ZooKeeper servers seem slow, as a debugger: stops each server's thread that writes the log, so that the
 * servers accept requests and communicate, but confirm no change.
 *
 * <p>Usage: SlowDisks PORT... with the debugger ports of the servers. Prints {@code ok} when it is ready and after every line on
 * stdin, {@code stop} or {@code go}. At the end of stdin all servers continue.
 */
public final class SlowDisks {
    private SlowDisks() {}

    public static void main(String[] ports) throws Exception {
        List<VirtualMachine> servers = new ArrayList<>();
        for (String port : ports) {
            servers.add(attach(port));
        }
        System.out.println("ok");
        var commands = new BufferedReader(new InputStreamReader(System.in));
        for (String command; (command = commands.readLine()) != null; ) {
            for (VirtualMachine server : servers) {
                ThreadReference writer = logWriter(server);
                if (command.equals("stop")) {
                    writer.suspend();
                } else {
                    writer.resume();
                }
            }
            System.out.println("ok");
        }
    }

    private static VirtualMachine attach(String port) throws Exception {
        AttachingConnector connector = Bootstrap.virtualMachineManager().attachingConnectors().stream()
                .filter(candidate -> candidate.name().equals("com.sun.jdi.SocketAttach"))
                .findAny()
                .orElseThrow();
        var arguments = connector.defaultArguments();
        arguments.get("hostname").setValue("127.0.0.1");
        arguments.get("port").setValue(port);
        return connector.attach(arguments);
    }

    /** The thread of SyncRequestProcessor. */
    private static ThreadReference logWriter(VirtualMachine server) {
        return server.allThreads().stream()
                .filter(thread -> thread.name().startsWith("SyncThread:"))
                .findAny()
                .orElseThrow();
    }
}
