//! Encrypted connections to a server that requires client certificates.
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use crate::support::{SESSION, TIMEOUT, all_at_once, fresh_root, machine};
use zkcoord::{Acl, Client, ClientBuilder, Error, ErrorCode, State, Tls};
use zkcoord_testkit::{Certificates, Observer, ZooKeeper, eventually};

fn server() -> &'static ZooKeeper {
    static SERVER: OnceLock<ZooKeeper> = OnceLock::new();
    SERVER.get_or_init(|| ZooKeeper::builder().tls().start().unwrap())
}

fn certificates() -> &'static Certificates {
    server().certificates().unwrap()
}

/// The options of a client that a server with these certificates accepts.
fn accepted(made: &Certificates) -> Tls {
    Tls::new().ca(made.ca()).cert(made.cert()).key(made.key())
}

/// The server's address with a host name that does not match its certificate.
fn misnamed() -> String {
    server().secure_hosts().replace("localhost", "127.0.0.1")
}

fn builder(hosts: &str) -> ClientBuilder {
    Client::builder(hosts).session_timeout(SESSION).connect_timeout(Duration::from_secs(2))
}

fn connected(builder: ClientBuilder) -> Client {
    builder.connect_timeout(TIMEOUT).connect().wait().unwrap()
}

/// Returns the message with which connecting fails.
fn connect_error(builder: ClientBuilder) -> String {
    let error = builder.connect().wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::ConnectionLost, "{error}");
    error.message().to_owned()
}

#[test]
fn a_client_with_a_certificate_locks_and_counts() {
    let hosts = format!("{}{}", server().secure_hosts(), fresh_root());
    let client = connected(builder(&hosts).tls(accepted(certificates())));
    let guard = client.mutex("/lock").acquire().wait().unwrap();
    assert!(client.mutex("/lock").try_acquire().wait().unwrap().is_none());
    assert_eq!(client.counter("/counter").add(3).wait().unwrap(), 3);
    guard.release().wait().unwrap();
    client.close().timeout(TIMEOUT).wait().unwrap();
}

#[test]
fn many_large_requests_at_once_succeed() {
    let _busy = machine::busy();
    let root = fresh_root();
    let hosts = format!("{}{root}", server().secure_hosts());
    let client = connected(builder(&hosts).session_timeout(TIMEOUT).tls(accepted(certificates())));
    let guards = all_at_once((0..400).map(|n| client.mutex(format!("/locks/{n}")).acquire()).collect());
    let data = |n: usize| vec![n as u8; 300_000];
    let writes = (0..8).map(|n| guards[n].create(format!("/{n}"), data(n))).collect();
    all_at_once::<()>(writes);
    let observer = Observer::connect(&server().hosts()).unwrap();
    for n in 0..8 {
        assert!(observer.data(&format!("{root}/{n}")).unwrap().unwrap().0 == data(n), "{n}");
    }
}

#[test]
fn servers_of_an_unknown_authority_are_refused() {
    let stranger = accepted(certificates()).ca(certificates().stranger());
    for tls in [stranger.clone(), stranger.verify_hostname(false)] {
        let message = connect_error(builder(&server().secure_hosts()).tls(tls));
        assert!(message.contains("failed the TLS handshake: UnknownIssuer"), "{message}");
        assert!(message.contains("stranger.pem"), "{message}");
    }
    // The same goes for an authority that this system does not trust.
    let message = connect_error(builder(&format!("tcp+tls://{}", server().secure_hosts())));
    assert!(message.contains("failed the TLS handshake: UnknownIssuer"), "{message}");
}

#[test]
fn a_certificate_for_another_host_is_refused_unless_host_names_are_ignored() {
    let tls = accepted(certificates());
    let message = connect_error(builder(&misnamed()).tls(tls.clone()));
    assert!(message.contains("not valid for name \"127.0.0.1\""), "{message}");
    assert!(message.contains("localhost"), "{message}");
    let client = connected(builder(&misnamed()).tls(tls.verify_hostname(false)));
    client.counter(format!("{}/counter", fresh_root())).add(1).wait().unwrap();
}

#[test]
fn servers_refuse_clients_without_a_trusted_certificate() {
    let (secure, made) = (server().secure_hosts(), certificates());
    let anonymous = Tls::new().ca(made.ca());
    let stranger = anonymous.clone().cert(made.stranger()).key(made.stranger_key());
    for tls in [anonymous, stranger] {
        let message = connect_error(builder(&secure).tls(tls));
        assert!(message.contains("failed the TLS handshake: it refused with"), "{message}");
        assert!(message.contains("tls.cert"), "{message}");
    }
}

#[test]
fn a_mixed_up_port_is_reported() {
    let message = connect_error(builder(&server().secure_hosts()));
    assert!(message.contains("check whether its port expects TLS"), "{message}");
    let message = connect_error(builder(&server().hosts()).tls(accepted(certificates())));
    assert!(
        message.contains("failed the TLS handshake")
            && message.contains("check whether its port expects TLS"),
        "{message}"
    );
}

#[test]
fn digest_authentication_works_over_tls() {
    let root = fresh_root();
    let secure = format!("{}{root}", server().secure_hosts());
    let owner = builder(&secure).auth("digest", "owner:secret").acl(Acl::Creator);
    let owner = connected(owner.tls(accepted(certificates())));
    assert_eq!(owner.counter("/private").add(2).wait().unwrap(), 2);
    let plain = builder(&format!("{}{root}", server().hosts()));
    let stranger = connected(plain.clone());
    let error = stranger.counter("/private").add(1).wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::NotAuthorized, "{error}");
    let same = connected(plain.auth("digest", "owner:secret"));
    assert_eq!(same.counter("/private").add(1).wait().unwrap(), 3);
}

#[test]
fn a_client_certificate_authenticates_the_creator() {
    let root = fresh_root();
    let secure = builder(&format!("{}{root}", server().secure_hosts())).tls(accepted(certificates()));
    let owner = connected(secure.clone().acl(Acl::Creator));
    owner.counter("/private").add(2).wait().unwrap();
    let stranger = connected(builder(&format!("{}{root}", server().hosts())));
    let error = stranger.counter("/private").get().wait().unwrap_err();
    assert_eq!(error.code(), ErrorCode::NotAuthorized, "{error}");
    assert_eq!(connected(secure).counter("/private").get().wait().unwrap(), 2);
    let anonymous = Client::builder("zk1").tls(Tls::new()).acl(Acl::Creator).connect().wait().unwrap_err();
    assert_eq!(anonymous.code(), ErrorCode::InvalidArgument, "{anonymous}");
}

/// A folder for a client's files, which tests replace.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        let folder = std::env::temp_dir().join(format!("zkcoord-tls{}", fresh_root().replace('/', "-")));
        fs::create_dir(&folder).unwrap();
        Folder(folder)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let file = self.0.join(name);
        fs::write(&file, content).unwrap();
        file
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn restart(zookeeper: &ZooKeeper) {
    zookeeper.kill(0).unwrap();
    zookeeper.start_node(0).unwrap();
    zookeeper.wait_ready(TIMEOUT).unwrap();
}

#[test]
fn a_reconnect_reads_the_files_again() {
    // With TLS 1.3 a server checks the client's certificate only after the client has finished its handshake.
    let zookeeper = ZooKeeper::builder().tls();
    let zookeeper = zookeeper.property("ssl.protocol", "TLSv1.3").property("ssl.enabledProtocols", "TLSv1.3");
    let zookeeper = zookeeper.property("ssl.ciphersuites", "TLS_AES_128_GCM_SHA256").start().unwrap();
    let made = zookeeper.certificates().unwrap();
    let message = connect_error(builder(&zookeeper.secure_hosts()).tls(Tls::new().ca(made.ca())));
    assert!(message.contains("failed the TLS handshake: it refused with"), "{message}");

    let folder = Folder::new();
    let ca = folder.file("ca.pem", fs::read(made.ca()).unwrap());
    let client = builder(&zookeeper.secure_hosts()).session_timeout(Duration::from_secs(30));
    let client = connected(client.tls(accepted(made).ca(&ca)));
    let connected = |client: &Client| client.state().unwrap() == State::Connected;
    let session = client.session_id().unwrap();
    let guard = client.mutex("/lock").acquire().wait().unwrap();

    // An unusable file is ignored.
    folder.file("ca.pem", "");
    restart(&zookeeper);
    assert!(eventually(TIMEOUT, || connected(&client)), "{}", zookeeper.log(0));
    assert_eq!(client.counter("/counter").add(1).timeout(TIMEOUT).wait().unwrap(), 1);

    // A usable file is not ignored: the client no longer trusts the server, and rejects its handshake.
    folder.file("ca.pem", fs::read(made.stranger()).unwrap());
    let rejected = || zookeeper.log(0).matches("Unsuccessful handshake").count();
    let before = rejected();
    restart(&zookeeper);
    assert!(eventually(TIMEOUT, || rejected() > before), "{}", zookeeper.log(0));
    assert!(!connected(&client));
    folder.file("ca.pem", fs::read(made.ca()).unwrap());
    assert!(eventually(TIMEOUT, || connected(&client)), "{}", zookeeper.log(0));
    assert_eq!(client.session_id().unwrap(), session);
    guard.check().unwrap();
    assert_eq!(client.counter("/counter").add(1).timeout(TIMEOUT).wait().unwrap(), 2);
}

#[test]
fn unusable_files_are_reported_before_anything_is_sent() {
    let (made, folder) = (certificates(), Folder::new());
    let pem = |file: PathBuf| fs::read_to_string(file).unwrap();
    let empty = folder.file("empty.pem", "");
    let text = folder.file("text.pem", "these are not the bytes that you are looking for");
    let binary = folder.file("binary.pem", [0, 159, 146, 150]);
    let torn = folder.file("torn.pem", &pem(made.ca())[..200]);
    let garbage = "-----BEGIN CERTIFICATE-----\nZ2FyYmFnZQ==\n-----END CERTIFICATE-----\n";
    let garbage = folder.file("garbage.pem", garbage);
    let list = "-----BEGIN X509 CRL-----\nZ2FyYmFnZQ==\n-----END X509 CRL-----\n";
    let list = folder.file("list.pem", pem(made.ca()) + list);
    let locked = pem(made.key()).replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let locked = folder.file("locked.pem", locked);
    let odd = "-----BEGIN PRIVATE KEY-----\nZ2FyYmFnZQ==\n-----END PRIVATE KEY-----\n";
    let odd = folder.file("odd.pem", odd);
    let long = folder.0.join("a-folder-with-a-long-name".repeat(4));
    let missing = long.join("missing.pem");
    let good = || accepted(made);
    let cases: Vec<(Tls, &str, &Path, &str)> = vec![
        (good().ca(&missing), "tls.ca", &missing, "No such file"),
        (good().cert(&missing), "tls.cert", &missing, "No such file"),
        (good().key(&missing), "tls.key", &missing, "No such file"),
        (good().ca(&folder.0), "tls.ca", &folder.0, "not a file"),
        (good().key("/dev/null"), "tls.key", Path::new("/dev/null"), "not a file"),
        (good().ca(&empty), "tls.ca", &empty, "no certificate"),
        (good().ca(&text), "tls.ca", &text, "no certificate"),
        (good().ca(&binary), "tls.ca", &binary, "no certificate"),
        (good().ca(&torn), "tls.ca", &torn, "PEM"),
        (good().ca(&garbage), "tls.ca", &garbage, "no certificate of an authority"),
        (good().ca(&list), "tls.ca", &list, "CRL"),
        (good().cert(&empty), "tls.cert", &empty, "no certificate"),
        (good().cert(&garbage), "tls.cert", &garbage, "bad certificate"),
        (good().key(&empty), "tls.key", &empty, "no private key"),
        (good().key(&locked), "tls.key", &locked, "encrypted"),
        (good().key(&odd), "tls.key", &odd, "no key that can be used"),
        (good().key(made.stranger_key()), "tls.key", Path::new("stranger.key"), "not the key to"),
        (Tls::new().ca(made.ca()).cert(made.cert()), "tls.cert", Path::new("client.pem"), "tls.key"),
        (Tls::new().ca(made.ca()).key(made.key()), "tls.key", Path::new("client.key"), "tls.cert"),
    ];
    for (tls, argument, file, problem) in cases {
        // No server listens there, so a request would get no answer.
        let error: Error = builder("127.0.0.1:1").tls(tls).connect().wait().unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidArgument, "{error}");
        assert!(error.message().starts_with(argument), "{error}");
        assert!(error.message().contains(file.to_str().unwrap()), "{error} does not name {file:?}");
        assert!(error.message().contains(problem), "{error}, not {problem}");
    }
}
