//! A listener for axum, with TLS or without.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;
use xtask::authority::Identity;

/// A client that says nothing must not keep the others waiting.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// Accepts connections of either kind.
pub(super) struct Socket {
    tcp: TcpListener,
    tls: Option<TlsAcceptor>,
}

impl Socket {
    /// With TLS if there is an identity to present. Needs a tokio runtime.
    pub(super) fn new(listener: std::net::TcpListener, identity: Option<&Identity>) -> Self {
        listener.set_nonblocking(true).unwrap();
        Self { tcp: TcpListener::from_std(listener).unwrap(), tls: identity.map(acceptor) }
    }
}

impl Listener for Socket {
    type Io = Either<TcpStream, TlsStream<TcpStream>>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        loop {
            let Ok((stream, address)) = self.tcp.accept().await else { continue };
            match &self.tls {
                None => return (Either::Left(stream), address),
                // A client that does not trust us hangs up here: its own affair.
                Some(tls) => {
                    if let Ok(Ok(stream)) = timeout(HANDSHAKE, tls.accept(stream)).await {
                        return (Either::Right(stream), address);
                    }
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

fn acceptor(identity: &Identity) -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_slice(identity.certificate.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}
