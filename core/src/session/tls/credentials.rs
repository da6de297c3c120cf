//! The contents of the files of a [`Tls`], checked, and read again when they change.
//!
//! zookeeper-client takes PEM, has no default authorities, and skips certificates that it cannot use. So the files are read
//! and tried out with rustls here, which tells which file is at fault, and why.

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

/// The credentials of a client, kept up to date with its files.
#[derive(Debug)]
pub(crate) struct TlsCredentials {
    tls: Tls,
    latest: Mutex<Option<Arc<LoadedCredentials>>>,
}

impl TlsCredentials {
    /// Makes the credentials of a client, without reading the files yet.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a certificate without its key, or a key without its certificate.
    pub(crate) fn new(tls: Tls) -> Result<TlsCredentials> {
        match (tls.cert_file(), tls.key_file()) {
            (Some(cert), None) => Err(refuse(CERT, cert, format!("needs its private key; set {KEY} too"))),
            (None, Some(key)) => Err(refuse(KEY, key, format!("needs its certificate; set {CERT} too"))),
            _ => Ok(TlsCredentials { tls, latest: Mutex::default() }),
        }
    }

    /// Returns whether servers are shown a certificate of this client.
    pub(crate) fn has_certificate(&self) -> bool {
        self.tls.cert_file().is_some()
    }

    /// Returns the current contents of the files, or their last usable contents if the current ones cannot be used.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if the files never had usable contents.
    pub(in crate::session) async fn credentials(
        self: &Arc<TlsCredentials>,
    ) -> Result<Arc<LoadedCredentials>> {
        let credentials = self.clone();
        // Reading may be slow, and the runtime has only one thread, which must renew the leases.
        let reading = tokio::task::spawn_blocking(move || credentials.load());
        reading.await.map_err(|error| Error::internal(format!("reading the TLS files failed: {error}")))?
    }

    /// Checks the files.
    ///
    /// # Errors
    /// As [`credentials`](TlsCredentials::credentials).
    pub(in crate::session) async fn check(self: &Arc<TlsCredentials>) -> Result<()> {
        self.credentials().await.map(drop)
    }

    /// Makes the connections of `connector` use the contents of the files.
    pub(in crate::session) async fn secure(
        self: &Arc<TlsCredentials>,
        connector: Connector,
    ) -> Result<Connector> {
        Ok(connector.with_tls(self.credentials().await?.options.clone()))
    }

    fn load(&self) -> Result<Arc<LoadedCredentials>> {
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
                tracing::warn!(%error, "the TLS files cannot be used; continuing with their previous contents");
                Ok(latest)
            }
            (Err(error), None) => Err(error),
        }
    }
}

/// A file that an argument names, with its contents.
#[derive(Clone, PartialEq, Eq)]
struct File {
    argument: &'static str,
    path: PathBuf,
    // zookeeper-client takes text. The parts of PEM that matter are ASCII.
    text: String,
}

impl File {
    /// More than any bundle of certificates has.
    const MAX_BYTES: u64 = 16 << 20;

    fn read(argument: &'static str, path: &Path) -> Result<File> {
        let unreadable = |error| refuse(argument, path, format!("cannot be read: {error}"));
        let metadata = fs::metadata(path).map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(refuse(argument, path, "is not a file"));
        }
        if metadata.len() > File::MAX_BYTES {
            return Err(refuse(
                argument,
                path,
                "is too large: certificates and keys may have at most 16 MiB",
            ));
        }
        let bytes = fs::read(path).map_err(unreadable)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(File { argument, path: path.to_owned(), text })
    }

    /// Returns all items of one kind in the file.
    fn all<T: PemObject>(&self) -> Result<Vec<T>> {
        let found = T::pem_slice_iter(self.text.as_bytes()).collect::<Result<Vec<_>, pem::Error>>();
        found.map_err(|error| self.refuse(format!("is not valid PEM: {error}")))
    }

    fn refuse(&self, problem: impl fmt::Display) -> Error {
        refuse(self.argument, &self.path, problem)
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The text is left out, because it may be a key.
        f.debug_struct("File")
            .field("argument", &self.argument)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// Returns an error that says which file cannot be used and why. It has the whole path, because files often differ only in the
/// end of their paths.
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
                format!("{CA}: must be set, because no file of trusted authorities was found on this system");
            Error::new(ErrorCode::InvalidArgument, message)
        })?;
        let identity = match (tls.cert_file(), tls.key_file()) {
            (Some(cert), Some(key)) => Some((File::read(CERT, cert)?, File::read(KEY, key)?)),
            _ => None,
        };
        Ok(Files { ca: File::read(CA, &ca)?, identity })
    }
}

/// Files with usable contents.
#[derive(Debug)]
pub(in crate::session) struct LoadedCredentials {
    files: Files,
    /// The options for the connections of zookeeper-client.
    options: TlsOptions,
    /// The configuration for the handshake that finds out what is wrong (`handshake.rs`).
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

    /// Returns the path of the file with the trusted authorities.
    pub(in crate::session) fn ca_path(&self) -> &Path {
        &self.files.ca.path
    }
}

/// Returns whether a certificate can be issued for this host. zookeeper-client panics if not.
pub(in crate::session) fn is_host_name(host: &str) -> bool {
    ServerName::try_from(host).is_ok()
}

/// Returns the cryptography provider of this process: the one that the program installed, or else the default of this crate.
/// zookeeper-client uses the installed provider without naming one.
fn provider() -> Arc<CryptoProvider> {
    if CryptoProvider::get_default().is_none() {
        // It fails if another thread has just installed one.
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
        rustls::Error::InvalidCertificate(reason) => {
            cert.refuse(format!("holds a bad certificate: {reason}"))
        }
        error => key.refuse(format!("holds no key that can be used: {error}")),
    })
}

fn verifier(ca: &File, provider: Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>> {
    let mut roots = RootCertStore::empty();
    // Certificates in a bundle that cannot be used are skipped, as zookeeper-client does.
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
