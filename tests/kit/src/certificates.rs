//! Certificates and keys for TLS, created for every cluster.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Error, install};

const PROGRAM: &str = include_str!("../java/Certificates.java");

/// The PEM files of a cluster with TLS. They are removed with the cluster.
#[derive(Debug, Clone)]
pub struct Certificates {
    folder: PathBuf,
}

impl Certificates {
    /// Creates all files with the JDK's keytool.
    pub(crate) fn create(folder: &Path) -> Result<Self, Error> {
        fs::create_dir(folder)?;
        let source = folder.join("Certificates.java");
        fs::write(&source, PROGRAM)?;
        let output = Command::new(install::java()?)
            .args(["-XX:TieredStopAtLevel=1", "-Xshare:auto"])
            .args(["--add-exports", "java.base/sun.security.tools.keytool=ALL-UNNAMED"])
            .args([&source, folder])
            .stdin(Stdio::null())
            .output()?;
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
            return Err(Error::new(format!(
                "cannot create certificates; servers with TLS need java from a JDK: {text}"
            )));
        }
        Ok(Self { folder: folder.into() })
    }

    /// The authority that the servers trust, and that signed their certificate.
    #[must_use]
    pub fn ca(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// A client's certificate.
    #[must_use]
    pub fn cert(&self) -> PathBuf {
        self.folder.join("client.pem")
    }

    /// The key to [`cert`](Self::cert).
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.folder.join("client.key")
    }

    /// The certificate of an authority that the servers do not know.
    #[must_use]
    pub fn stranger(&self) -> PathBuf {
        self.folder.join("stranger.pem")
    }

    /// The key to [`stranger`](Self::stranger).
    #[must_use]
    pub fn stranger_key(&self) -> PathBuf {
        self.folder.join("stranger.key")
    }

    /// The lines of a server's configuration, except the port.
    pub(crate) fn properties(&self) -> Vec<String> {
        let store = |name: &str| self.folder.join(name).display().to_string();
        vec![
            format!("serverCnxnFactory={}.server.NettyServerCnxnFactory", install::package()),
            "secureClientPortAddress=127.0.0.1".into(),
            format!("ssl.keyStore.location={}", store("server.p12")),
            "ssl.keyStore.password=changeit".into(),
            "ssl.keyStore.type=PKCS12".into(),
            format!("ssl.trustStore.location={}", store("trust.p12")),
            "ssl.trustStore.password=changeit".into(),
            "ssl.trustStore.type=PKCS12".into(),
        ]
    }
}
