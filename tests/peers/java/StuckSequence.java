import java.io.File;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.zookeeper.ZooDefs.Ids;
import org.apache.zookeeper.server.DataTree;
import org.apache.zookeeper.server.persistence.FileTxnSnapLog;

/**
 * Writes the data folder of a server with one node, whose next sequential child gets a chosen number. Creating two thousand
 * million children would take too long.
 *
 * <p>Usage: StuckSequence FOLDER PATH NUMBER
 */
public final class StuckSequence {
    private StuckSequence() {}

    public static void main(String[] arguments) throws Exception {
        File folder = new File(arguments[0]);
        String path = arguments[1];
        long zxid = 1;
        DataTree tree = new DataTree();
        // 0 means not ephemeral. With -1 the parent counts its children as usual.
        tree.createNode(path, new byte[0], Ids.OPEN_ACL_UNSAFE, 0, -1, zxid, System.currentTimeMillis());
        tree.setCversionPzxid(path, Integer.parseInt(arguments[2]), zxid);
        // A snapshot is named after the last change in it.
        tree.lastProcessedZxid = zxid;
        FileTxnSnapLog files = new FileTxnSnapLog(folder, folder);
        files.save(tree, new ConcurrentHashMap<>(), true);
        files.close();
    }
}
