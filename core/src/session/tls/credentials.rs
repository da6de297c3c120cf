//! What the files of a [`Tls`] hold, checked, and read again when they change.
//!
//! zookeeper-client takes PEM, keeps no default authorities, and skips what it cannot use. So the files are read and tried out
//! with rustls here: that tells which file is at fault, and why.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, InconsistentKeys, RootCertStore};
use zookeeper_client::{Connector, TlsOptions};

use super::Tls;
use super::any_host_name::AnyHostName;
use crate::error::{Error, ErrorCode, Result};

const CA: &str = "tls.ca";
const CERT: &str = "tls.cert";
const KEY: &str = "tls.key";

/// The credentials of a client, up to date with its files.
#[derive(Debug)]
pub(crate) struct TlsCredentials {
    tls: Tls,
    latest: Mutex<Option<Arc<LoadedCredentials>>>,
}

impl TlsCredentials {
    /// # Errors
    /// `INVALID_ARGUMENT` for a certificate without its key, and the other way round.
    pub(crate) fn new(tls: Tls) -> Result<TlsCredentials> {
        match (tls.cert_file(), tls.key_file()) {
            (Some(cert), None) => Err(refuse(CERT, cert, format!("needs its private key, {KEY}, too"))),
            (None, Some(key)) => Err(refuse(KEY, key, format!("needs its certificate, {CERT}, too"))),
            _ => Ok(TlsCredentials { tls, latest: Mutex::default() }),
        }
    }

    /// Whether servers are shown who we are.
    pub(crate) fn shows_certificate(&self) -> bool {
        self.tls.cert_file().is_some()
    }

    /// What the files hold now. When that is of no use any more, what they held last.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when they never were of use.
    pub(in crate::session) async fn credentials(
        self: &Arc<TlsCredentials>,
    ) -> Result<Arc<LoadedCredentials>> {
        let credentials = self.clone();
        // Files may be slow, and the runtime has one thread to keep leases with.
        let reading = tokio::task::spawn_blocking(move || credentials.look());
        reading.await.map_err(|error| Error::internal(format!("reading the files of TLS: {error}")))?
    }

    /// Fails as [`credentials`](TlsCredentials::credentials) would.
    pub(in crate::session) async fn check(self: &Arc<TlsCredentials>) -> Result<()> {
        self.credentials().await.map(drop)
    }

    /// Has a connection use what the files hold.
    pub(in crate::session) async fn secure(
        self: &Arc<TlsCredentials>,
        connector: Connector,
    ) -> Result<Connector> {
        Ok(connector.with_tls(self.credentials().await?.options.clone()))
    }

    fn look(&self) -> Result<Arc<LoadedCredentials>> {
        let latest = self.latest.lock().clone();
        let found = Files::read(&self.tls).and_then(|files| match &latest {
            Some(latest) if latest.files == files => Ok(latest.clone()),
            _ => Ok(Arc::new(LoadedCredentials::check(files, self.tls.verifies_hostname())?)),
        });
        match (found, latest) {
            (Ok(found), _) => {
                *self.latest.lock() = Some(found.clone());
                Ok(found)
            }
            (Err(error), Some(latest)) => {
                tracing::warn!(%error, "goes on with the certificates and the key that it had before");
                Ok(latest)
            }
            (Err(error), None) => Err(error),
        }
    }
}

/// A file that an argument named, and what it holds.
#[derive(Clone, PartialEq, Eq)]
struct File {
    argument: &'static str,
    path: PathBuf,
    // Text, as zookeeper-client wants it: what counts in PEM is ASCII.
    text: String,
}

impl File {
    /// More than any bundle of certificates has.
    const LONGEST: u64 = 16 << 20;

    fn read(argument: &'static str, path: &Path) -> Result<File> {
        let unreadable = |error| refuse(argument, path, format!("cannot be read: {error}"));
        let metadata = fs::metadata(path).map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(refuse(argument, path, "is not a file"));
        }
        if metadata.len() > File::LONGEST {
            return Err(refuse(argument, path, "is too long for a file of certificates or keys"));
        }
        let bytes = fs::read(path).map_err(unreadable)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(File { argument, path: path.to_owned(), text })
    }

    /// All things of one kind in the file.
    fn all<T: PemObject>(&self) -> Result<Vec<T>> {
        let found = T::pem_slice_iter(self.text.as_bytes()).collect::<Result<Vec<_>, pem::Error>>();
        found.map_err(|error| self.refuse(format!("is no proper PEM: {error}")))
    }

    fn refuse(&self, problem: impl fmt::Display) -> Error {
        refuse(self.argument, &self.path, problem)
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without its text: it may be a key.
        f.debug_struct("File")
            .field("argument", &self.argument)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// Says which file cannot be used and why. With its whole path: its end is what tells it from others.
fn refuse(argument: &str, path: &Path, problem: impl fmt::Display) -> Error {
    Error::new(ErrorCode::InvalidArgument, format!("{argument} {path:?}: {problem}"))
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Files {
    ca: File,
    /// The certificate and its key.
    identity: Option<(File, File)>,
}

impl Files {
    fn read(tls: &Tls) -> Result<Files> {
        let system = || openssl_probe::probe().cert_file;
        let ca = tls.ca_file().map(Path::to_owned).or_else(system).ok_or_else(|| {
            let message =
                format!("{CA}: must be given, because this system has no file of authorities that it trusts");
            Error::new(ErrorCode::InvalidArgument, message)
        })?;
        let identity = match (tls.cert_file(), tls.key_file()) {
            (Some(cert), Some(key)) => Some((File::read(CERT, cert)?, File::read(KEY, key)?)),
            _ => None,
        };
        Ok(Files { ca: File::read(CA, &ca)?, identity })
    }
}

/// Files that can be used.
#[derive(Debug)]
pub(in crate::session) struct LoadedCredentials {
    files: Files,
    /// For the connections of zookeeper-client.
    options: TlsOptions,
    /// For a handshake of our own that tells what is wrong.
    config: Arc<ClientConfig>,
}

impl LoadedCredentials {
    fn check(files: Files, verify_hostname: bool) -> Result<LoadedCredentials> {
        let config = client_config(&files, verify_hostname)?;
        let unusable = |file: &File| {
            let file = file.clone();
            move |error| file.refuse(format!("cannot be used: {error}"))
        };
        let mut options = TlsOptions::new().with_pem_ca(&files.ca.text).map_err(unusable(&files.ca))?;
        if let Some((cert, key)) = &files.identity {
            options = options.with_pem_identity(&cert.text, &key.text).map_err(unusable(cert))?;
        }
        if !verify_hostname {
            options = zkcoord_any_host_name::accept_any_host_name(options);
        }
        Ok(LoadedCredentials { files, options, config: Arc::new(config) })
    }

    pub(in crate::session) fn config(&self) -> Arc<ClientConfig> {
        self.config.clone()
    }

    /// Where the trusted authorities come from.
    pub(in crate::session) fn ca_path(&self) -> &Path {
        &self.files.ca.path
    }
}

/// Whether a certificate can be for this host. zookeeper-client panics at others.
pub(in crate::session) fn is_host_name(host: &str) -> bool {
    ServerName::try_from(host).is_ok()
}

/// The cryptography of this process: the program's choice, or ours. zookeeper-client asks for one without naming any.
fn provider() -> Arc<CryptoProvider> {
    if CryptoProvider::get_default().is_none() {
        // An error means that somebody else was faster.
        drop(aws_lc_rs::default_provider().install_default());
    }
    CryptoProvider::get_default().cloned().unwrap_or_else(|| Arc::new(aws_lc_rs::default_provider()))
}

fn client_config(files: &Files, verify_hostname: bool) -> Result<ClientConfig> {
    let provider = provider();
    let verifier = verifier(&files.ca, provider.clone())?;
    let verifier: Arc<dyn ServerCertVerifier> =
        if verify_hostname { verifier } else { Arc::new(AnyHostName(verifier)) };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::new(ErrorCode::Unsupported, format!("tls: {error}")))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let Some((cert, key)) = &files.identity else { return Ok(builder.with_no_client_auth()) };
    let config = builder.with_client_auth_cert(certificates(cert)?, private_key(key)?);
    config.map_err(|error| match error {
        rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            key.refuse(format!("is not the key to the certificate in {:?}", cert.path))
        }
        rustls::Error::InvalidCertificate(why) => cert.refuse(format!("holds a bad certificate: {why}")),
        error => key.refuse(format!("holds no key that can be used: {error}")),
    })
}

fn verifier(ca: &File, provider: Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>> {
    let mut roots = RootCertStore::empty();
    // A bundle may hold some that are of no use; no more than with these does zookeeper-client mind.
    let (usable, _) = roots.add_parsable_certificates(certificates(ca)?);
    if usable == 0 {
        return Err(ca.refuse("holds no certificate of an authority that can be used"));
    }
    WebPkiServerVerifier::builder_with_provider(roots.into(), provider)
        .with_crls(ca.all::<CertificateRevocationListDer<'_>>()?)
        .build()
        .map_err(|error| ca.refuse(format!("cannot be used: {error}")))
}

fn certificates(file: &File) -> Result<Vec<CertificateDer<'static>>> {
    let found = file.all()?;
    if found.is_empty() { Err(file.refuse("holds no certificate in PEM")) } else { Ok(found) }
}

fn private_key(file: &File) -> Result<PrivateKeyDer<'static>> {
    let missing = match file.text.contains("ENCRYPTED") {
        true => "holds an encrypted private key; decrypt it first",
        false => "holds no private key in PEM",
    };
    file.all()?.into_iter().next().ok_or_else(|| file.refuse(missing))
}
