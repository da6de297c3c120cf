import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.Base64;

/**
 * Makes what TLS needs, with keytool: `Certificates FOLDER`. Stores for servers, and PEM files for clients:
 *
 *     server.p12                what a server shows: a certificate for localhost and for nothing else
 *     trust.p12                 whom a server trusts
 *     ca.pem                    the authority of all of them
 *     client.pem, client.key    a client
 *     stranger.pem, .key        somebody whom that authority does not know, and who is an authority too
 *
 * keytool is called within this process, because each process of its own would take a second.
 */
public class Certificates {
    private static final String PASSWORD = "changeit";

    private final Path folder;
    private final Path everybody;

    private Certificates(Path folder) {
        this.folder = folder;
        this.everybody = folder.resolve("everybody.p12");
    }

    public static void main(String[] arguments) throws Exception {
        new Certificates(Path.of(arguments[0])).make();
    }

    private void make() throws Exception {
        generate("ca", "-ext", "bc:c=ca:true");
        generate("server", "-signer", "ca", "-ext", "san=dns:localhost");
        generate("client", "-signer", "ca");
        generate("stranger", "-ext", "bc:c=ca:true");
        KeyStore made = KeyStore.getInstance("PKCS12");
        try (FileInputStream in = new FileInputStream(everybody.toFile())) {
            made.load(in, PASSWORD.toCharArray());
        }
        keytool("-importkeystore", "-noprompt", "-srckeystore", everybody.toString(), "-srcstorepass", PASSWORD,
                "-srcalias", "server", "-destkeystore", store("server.p12"), "-deststorepass", PASSWORD,
                "-deststoretype", "PKCS12");
        writePem("ca.pem", "CERTIFICATE", made.getCertificate("ca").getEncoded());
        keytool("-importcert", "-noprompt", "-alias", "ca", "-file", store("ca.pem"), "-keystore", store("trust.p12"),
                "-storepass", PASSWORD, "-storetype", "PKCS12");
        for (String name : new String[] {"client", "stranger"}) {
            writePem(name + ".pem", "CERTIFICATE", made.getCertificate(name).getEncoded());
            writePem(name + ".key", "PRIVATE KEY", made.getKey(name, PASSWORD.toCharArray()).getEncoded());
        }
    }

    private String store(String name) {
        return folder.resolve(name).toString();
    }

    /** Makes a key and a certificate for it, which it signs itself if nobody else does. */
    private void generate(String name, String... more) throws Exception {
        String[] usual = {"-genkeypair", "-alias", name, "-dname", "CN=" + name, "-keyalg", "EC", "-groupname",
            "secp256r1", "-validity", "30", "-keystore", everybody.toString(), "-storepass", PASSWORD,
            "-storetype", "PKCS12"};
        String[] all = new String[usual.length + more.length];
        System.arraycopy(usual, 0, all, 0, usual.length);
        System.arraycopy(more, 0, all, usual.length, more.length);
        keytool(all);
    }

    /** Ends this process when it fails. */
    private static void keytool(String... arguments) throws Exception {
        sun.security.tools.keytool.Main.main(arguments);
    }

    private void writePem(String file, String label, byte[] der) throws Exception {
        String text = Base64.getMimeEncoder(64, "\n".getBytes()).encodeToString(der);
        Files.writeString(folder.resolve(file), "-----BEGIN " + label + "-----\n" + text + "\n-----END " + label + "-----\n");
    }
}
