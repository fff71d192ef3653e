//! Who may reach the app, and whom it may reach.

use core::net::IpAddr;

use super::ports::declared;
use super::{Rules, names};
use crate::document::diagnostic::quoted;
use crate::document::{Code, FullPort, Peer, PeerPort};

impl Rules<'_> {
    pub(super) fn network(&mut self) {
        let Some(network) = &self.app.spec.network else { return };
        for (field, peers) in [("from", &network.from), ("to", &network.to)] {
            for (number, peer) in peers.iter().flatten().enumerate() {
                self.peer(&["network", field, &number.to_string()], peer);
            }
        }
        for (number, peer) in network.from.iter().flatten().enumerate() {
            let number = number.to_string();
            for (at, port) in peer.ports.iter().enumerate() {
                let at = at.to_string();
                let path = ["network", "from", &number, "ports", &at];
                match port {
                    PeerPort::Plain(port) => self.declared_port(&path, &port.0, false),
                    PeerPort::Full(full) => self.declared_full(&path, full),
                }
            }
        }
        for (number, peer) in network.to.iter().flatten().enumerate() {
            let number = number.to_string();
            for (at, port) in peer.ports.iter().enumerate() {
                if port.number().0.is_some_and(|number| number > 0) {
                    continue;
                }
                let at = at.to_string();
                let path = ["network", "to", &number, "ports", &at, "port"];
                // A port without a protocol is the item itself.
                let (path, written) = match port {
                    PeerPort::Plain(port) => (path.get(..5).unwrap_or(&path), port.0.clone()),
                    PeerPort::Full(full) => (&path[..], full.port.to_string()),
                };
                self.error(
                    Code::InvalidPort,
                    path,
                    format!("{} is not a port, a number from 1 to 65535", quoted(&written)),
                    "the names of others' ports are not known here; write the number of the container's port",
                );
            }
        }
    }

    /// A number with its protocol, which is to be a declared port of both.
    fn declared_full(&mut self, path: &[&str], full: &FullPort) {
        let path = [path, &["port"]].concat();
        let ports = declared(&self.app.spec);
        let mut numbered = ports.iter().filter(|(_, number, _)| *number == full.port).peekable();
        if numbered.peek().is_none() {
            self.declared_port(&path, &full.port.to_string(), false);
        } else if !numbered.any(|(.., protocol)| *protocol == full.protocol) {
            let message =
                format!("the port `{}` is not declared as one of {}", full.port, full.protocol.name());
            let help = format!("declare it in `ports`, with `protocol: {}`", full.protocol.name());
            self.error(Code::UndeclaredPort, &path, message, &help);
        }
    }

    fn peer(&mut self, path: &[&str], peer: &Peer) {
        let names_nobody = peer.app.is_none() && peer.namespace.is_none() && peer.cidr.is_none();
        if (names_nobody && self.whole)
            || (peer.cidr.is_some() && (peer.app.is_some() || peer.namespace.is_some()))
        {
            let message =
                if names_nobody { "this peer is nobody" } else { "a peer is either pods or addresses" };
            self.error(
                Code::InvalidPeer,
                path,
                message,
                "write `{app: cart}`, `{namespace: ingress}`, `{app: cart, namespace: shop}` or `{cidr: 10.0.0.0/8}`",
            );
        }
        for (field, what, name) in
            [("app", "an app", &peer.app), ("namespace", "a namespace", &peer.namespace)]
        {
            if let Some(name) = name.as_ref().filter(|name| !names::is_dns_label(name)) {
                self.error(
                    Code::InvalidReference,
                    &[path, &[field]].concat(),
                    format!("{} cannot be the name of {what}", quoted(name)),
                    "at most 63 lower-case letters, digits and `-`",
                );
            }
        }
        let range = peer.cidr.as_ref().and_then(|cidr| self.cidr(&[path, &["cidr"]].concat(), cidr));
        if !peer.except.is_empty() && peer.cidr.is_none() && self.whole {
            self.key_error(
                Code::InvalidPeer,
                &[path, &["except"]].concat(),
                "`except` takes ranges out of a `cidr`, and there is none",
                "write `cidr: 0.0.0.0/0`, or remove `except`",
            );
        }
        for (number, except) in peer.except.iter().enumerate() {
            let number = number.to_string();
            let path = [path, &["except", &number]].concat();
            let Some(except) = self.cidr(&path, except) else { continue };
            if range.as_ref().is_some_and(|range| !range.holds(&except)) {
                self.error(
                    Code::InvalidCidr,
                    &path,
                    "the range is not within `cidr`, or all of it",
                    "write a smaller range within it",
                );
            }
        }
    }

    fn cidr(&mut self, path: &[&str], text: &str) -> Option<Range> {
        match Range::parse(text) {
            Ok(range) => Some(range),
            Err(help) => {
                let message = format!("{} is not a range of addresses", quoted(text));
                self.error(Code::InvalidCidr, path, message, &help);
                None
            }
        }
    }
}

/// A range of addresses: the bits that count, and how many.
struct Range {
    address: IpAddr,
    length: u32,
}

impl Range {
    /// The range, or what to write.
    fn parse(text: &str) -> Result<Self, String> {
        let example = || "write an address and the length of its prefix, such as `10.0.0.0/8`".to_owned();
        let Some((address, length)) = text.split_once('/') else {
            return Err(match text.parse::<IpAddr>() {
                Ok(IpAddr::V4(address)) => format!("write `{address}/32` for one address"),
                Ok(IpAddr::V6(address)) => format!("write `{address}/128` for one address"),
                Err(_) => example(),
            });
        };
        let address: IpAddr = address.parse().map_err(|_| example())?;
        let plain =
            length.bytes().all(|byte| byte.is_ascii_digit()) && (length == "0" || !length.starts_with('0'));
        let most = if address.is_ipv4() { 32 } else { 128 };
        let length: u32 =
            length.parse().ok().filter(|length| plain && *length <= most).ok_or_else(example)?;
        if let IpAddr::V6(v6) = address
            && let Some(v4) = v6.to_ipv4_mapped()
        {
            return Err(match length.checked_sub(96) {
                Some(length) => {
                    let network = network(IpAddr::V4(v4), length);
                    format!("it is a range of IPv4; write `{network}/{length}`")
                }
                None => example(),
            });
        }
        let network = network(address, length);
        if network != address {
            return Err(format!("the address has bits beyond its prefix; write `{network}/{length}`"));
        }
        // The API server warns of another form of the same (RFC 5952).
        if text != format!("{network}/{length}") {
            return Err(format!("Kubernetes wants its shortest form; write `{network}/{length}`"));
        }
        Ok(Self { address, length })
    }

    /// Whether the other one is a part of this one, and not all of it.
    fn holds(&self, other: &Self) -> bool {
        self.address.is_ipv4() == other.address.is_ipv4()
            && other.length > self.length
            && network(other.address, self.length) == self.address
    }
}

/// The address without what is beyond the prefix.
fn network(address: IpAddr, length: u32) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            IpAddr::V4((address.to_bits() & u32::MAX.checked_shl(32 - length).unwrap_or(0)).into())
        }
        IpAddr::V6(address) => {
            IpAddr::V6((address.to_bits() & u128::MAX.checked_shl(128 - length).unwrap_or(0)).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_strictly() {
        for good in ["10.0.0.0/8", "0.0.0.0/0", "1.2.3.4/32", "2001:db8::/32", "::/0"] {
            assert!(Range::parse(good).is_ok(), "{good}");
        }
        for (bad, help) in [
            ("10.0.0.1/8", "`10.0.0.0/8`"),
            ("10.0.0.1", "`10.0.0.1/32`"),
            ("::1", "`::1/128`"),
            ("10.0.0.0/33", "such as"),
            ("10.0.0.0/08", "such as"),
            ("10.0.0/8", "such as"),
            ("010.0.0.0/8", "such as"),
            ("host/8", "such as"),
            ("2001:DB8::/32", "`2001:db8::/32`"),
            ("2001:db8:0::/32", "`2001:db8::/32`"),
            ("::10.0.0.0/104", "`::a00:0/104`"),
            ("::ffff:10.0.0.0/104", "`10.0.0.0/8`"),
            ("::ffff:0.0.0.0/32", "such as"),
        ] {
            let error = Range::parse(bad).err().unwrap();
            assert!(error.contains(help), "{bad}: {error}");
        }
    }

    #[test]
    fn a_range_holds_smaller_ones() {
        let range = |text| Range::parse(text).ok().unwrap();
        assert!(range("10.0.0.0/8").holds(&range("10.1.0.0/16")));
        assert!(!range("10.0.0.0/8").holds(&range("10.0.0.0/8")));
        assert!(!range("10.0.0.0/8").holds(&range("11.0.0.0/16")));
        assert!(!range("::/0").holds(&range("10.0.0.0/8")));
    }
}
