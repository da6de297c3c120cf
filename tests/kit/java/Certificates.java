import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.Base64;

/**
 * Creates the files for TLS with keytool: `Certificates FOLDER`. Servers get stores, clients get PEM files:
 *
 *     server.p12                a server's certificate, valid for localhost only
 *     trust.p12                 the certificates that a server trusts
 *     ca.pem                    the authority of server and client
 *     client.pem, client.key    a client
 *     stranger.pem, .key        another authority, which is unrelated to the first
 *
 * keytool is called within this process, because each process of its own would take a second.
 */
public class Certificates {
    private static final String PASSWORD = "changeit";

    private final Path folder;
    private final Path all;

    private Certificates(Path folder) {
        this.folder = folder;
        this.all = folder.resolve("all.p12");
    }

    public static void main(String[] arguments) throws Exception {
        new Certificates(Path.of(arguments[0])).create();
    }

    private void create() throws Exception {
        generate("ca", "-ext", "bc:c=ca:true");
        generate("server", "-signer", "ca", "-ext", "san=dns:localhost");
        generate("client", "-signer", "ca");
        generate("stranger", "-ext", "bc:c=ca:true");
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (FileInputStream in = new FileInputStream(all.toFile())) {
            store.load(in, PASSWORD.toCharArray());
        }
        keytool("-importkeystore", "-noprompt", "-srckeystore", all.toString(), "-srcstorepass", PASSWORD,
                "-srcalias", "server", "-destkeystore", path("server.p12"), "-deststorepass", PASSWORD,
                "-deststoretype", "PKCS12");
        writePem("ca.pem", "CERTIFICATE", store.getCertificate("ca").getEncoded());
        keytool("-importcert", "-noprompt", "-alias", "ca", "-file", path("ca.pem"), "-keystore", path("trust.p12"),
                "-storepass", PASSWORD, "-storetype", "PKCS12");
        for (String name : new String[] {"client", "stranger"}) {
            writePem(name + ".pem", "CERTIFICATE", store.getCertificate(name).getEncoded());
            writePem(name + ".key", "PRIVATE KEY", store.getKey(name, PASSWORD.toCharArray()).getEncoded());
        }
    }

    private String path(String name) {
        return folder.resolve(name).toString();
    }

    /** Creates a key and a certificate for it. The certificate is self-signed unless a signer is given. */
    private void generate(String name, String... options) throws Exception {
        String[] common = {"-genkeypair", "-alias", name, "-dname", "CN=" + name, "-keyalg", "EC", "-groupname",
            "secp256r1", "-validity", "30", "-keystore", all.toString(), "-storepass", PASSWORD,
            "-storetype", "PKCS12"};
        String[] arguments = new String[common.length + options.length];
        System.arraycopy(common, 0, arguments, 0, common.length);
        System.arraycopy(options, 0, arguments, common.length, options.length);
        keytool(arguments);
    }

    /** Runs keytool, which ends this process if it fails. */
    private static void keytool(String... arguments) throws Exception {
        sun.security.tools.keytool.Main.main(arguments);
    }

    private void writePem(String file, String label, byte[] der) throws Exception {
        String text = Base64.getMimeEncoder(64, "\n".getBytes()).encodeToString(der);
        Files.writeString(folder.resolve(file), "-----BEGIN " + label + "-----\n" + text + "\n-----END " + label + "-----\n");
    }
}
