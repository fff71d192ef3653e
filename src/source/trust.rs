//! Which TLS certificates a source believes: the machine's authorities, or only those of its own `ca.crt`.
//!
//! libgit2 can take further authorities for the whole process only, never loses them again, and would let one
//! source vouch for another's server. So with a `ca.crt` the certificate that the connection has proven to hold
//! is checked here, against that file alone (RFC 5280 path validation and host name by webpki). libgit2 shows
//! only the server's own certificate: an intermediate authority must stand in `ca.crt` too.

use std::sync::Arc;

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;

/// Whose word counts for the identity of a server.
#[derive(Default)]
pub(super) enum Trust {
    /// The machine's authorities, as OpenSSL knows them.
    #[default]
    Machine,
    /// Only these.
    Only { verifier: Arc<WebPkiServerVerifier>, certificates: Vec<CertificateDer<'static>> },
}

impl Trust {
    /// Trust in the certificates of a PEM file and in nothing else.
    pub(super) fn from_pem(pem: &[u8]) -> Result<Self, String> {
        let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<_, _>>()
            .map_err(|error| format!("is not PEM: {error}"))?;
        let mut roots = RootCertStore::empty();
        for certificate in &certificates {
            roots.add(certificate.clone()).map_err(|error| format!("holds a bad certificate: {error}"))?;
        }
        if roots.is_empty() {
            return Err("holds no certificate".into());
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self::Only { verifier, certificates })
    }

    /// Whether `certificate` (DER) speaks for `host`. `None` leaves the answer to libgit2.
    pub(super) fn judge(&self, certificate: &[u8], host: &str) -> Option<Result<(), String>> {
        match self {
            Self::Machine => None,
            Self::Only { verifier, certificates } => Some(check(verifier, certificates, certificate, host)),
        }
    }
}

fn check(
    verifier: &WebPkiServerVerifier,
    certificates: &[CertificateDer<'static>],
    certificate: &[u8],
    host: &str,
) -> Result<(), String> {
    let end = CertificateDer::from(certificate);
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let name = ServerName::try_from(bare).map_err(|_| format!("`{host}` is not a host name"))?;
    if certificates.contains(&end) {
        // The server's own certificate stands in `ca.crt`: pinned, as self-signed ones are. It is then usually
        // marked as an authority, which path validation would refuse at the end of a chain.
        return ParsedCertificate::try_from(&end)
            .and_then(|parsed| rustls::client::verify_server_name(&parsed, &name))
            .map_err(|error| explain(&error));
    }
    verifier
        .verify_server_cert(&end, certificates, &name, &[], UnixTime::now())
        .map(|_| ())
        .map_err(|error| explain(&error))
}

fn explain(error: &rustls::Error) -> String {
    use rustls::CertificateError as Bad;
    match error {
        rustls::Error::InvalidCertificate(Bad::UnknownIssuer | Bad::BadSignature) => {
            "no certificate in `ca.crt` has signed it (an intermediate authority must stand there too)".into()
        }
        rustls::Error::InvalidCertificate(bad) => format!("{bad}"),
        other => other.to_string(),
    }
}
