//! A private certificate authority for one run: the API server and the git
//! servers of the tests are verified as in production, against a CA file.

use anyhow::{Context as _, Result};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};

/// An authority and its key; both are forgotten with the run.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// What a server presents.
pub struct Identity {
    /// The certificate, PEM.
    pub certificate: String,
    /// Its private key, PKCS #8 in PEM.
    pub key: String,
}

impl Authority {
    /// Makes a new authority called `name`.
    pub fn new(name: &str) -> Result<Self> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer = CertifiedIssuer::self_signed(params, key()?).context("signing a test authority")?;
        Ok(Self { issuer })
    }

    /// The authority's own certificate, which clients are to trust.
    pub fn certificate(&self) -> String {
        self.issuer.pem()
    }

    /// Issues a certificate for a server reached by `hosts` (DNS names or IP addresses).
    pub fn issue(&self, hosts: &[&str]) -> Result<Identity> {
        let hosts: Vec<String> = hosts.iter().map(ToString::to_string).collect();
        let key = key()?;
        let certificate = CertificateParams::new(hosts)
            .and_then(|params| params.signed_by(&key, &self.issuer))
            .context("issuing a test certificate")?;
        Ok(Identity { certificate: certificate.pem(), key: key.serialize_pem() })
    }
}

/// A key pair as PEM, for signing what is not a certificate: private, then public.
pub fn signing_key() -> Result<(String, String)> {
    let key = key()?;
    Ok((key.serialize_pem(), key.public_key_pem()))
}

fn key() -> Result<KeyPair> {
    KeyPair::generate().context("generating a key")
}
