//! [`Subnets`]: the addresses of a node, of its pods and of its Services, and the link to this machine.

use std::net::Ipv4Addr;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// How many nodes one machine can have.
const MOST: u8 = 250;

/// The `n`th set of subnets: 10.89.n.0/30 between this machine and the node, 10.90.n.0/24 for pods, 10.91.n.0/24 for
/// Services.
#[derive(Debug, Clone)]
pub(crate) struct Subnets(u8);

impl Subnets {
    /// Takes the first free set: the name of its link is free. Links it with the network of process `init` and signs the
    /// link with `owner`.
    pub(super) fn claim(init: u32, owner: &str) -> Result<Self> {
        let mut last = String::new();
        for number in 0..MOST {
            let subnets = Self(number);
            let (link, pid) = (subnets.link(), init.to_string());
            let add = ["link", "add", &link, "type", "veth", "peer", "name", "eth0", "netns", &pid];
            match ip(&add) {
                Ok(()) => return subnets.connect(owner).map(|()| subnets),
                Err(error) if error.to_string().contains("File exists") => last = error.to_string(),
                Err(error) => return Err(error),
            }
        }
        bail!("{MOST} nodes have links on this machine: {last}")
    }

    pub(super) fn numbered(number: u8) -> Self {
        Self(number)
    }

    pub(super) fn number(&self) -> u8 {
        self.0
    }

    /// The name of the device on this machine.
    pub(crate) fn link(&self) -> String {
        format!("portfolio{}", self.0)
    }

    /// This machine, as the node sees it.
    pub(crate) fn machine(&self) -> Ipv4Addr {
        Ipv4Addr::new(10, 89, self.0, 1)
    }

    pub(crate) fn node(&self) -> Ipv4Addr {
        Ipv4Addr::new(10, 89, self.0, 2)
    }

    pub(crate) fn pods(&self) -> String {
        format!("10.90.{}.0/24", self.0)
    }

    pub(crate) fn services(&self) -> String {
        format!("10.91.{}.0/24", self.0)
    }

    /// The Service `kubernetes`: the first address of its subnet.
    pub(crate) fn api_service(&self) -> Ipv4Addr {
        Ipv4Addr::new(10, 91, self.0, 1)
    }

    /// The outer end; its routes go away with it.
    fn connect(&self, owner: &str) -> Result<()> {
        let (link, node) = (self.link(), self.node().to_string());
        ip(&["link", "set", &link, "alias", owner])?;
        ip(&["address", "add", &format!("{}/30", self.machine()), "dev", &link])?;
        ip(&["link", "set", &link, "up"])?;
        for subnet in [self.pods(), self.services()] {
            ip(&["route", "add", &subnet, "via", &node])?;
        }
        Ok(())
    }

    /// What is to be run at the inner end. Services have no device; without a route the kernel would refuse to send
    /// before kube-proxy's rules could change the address.
    pub(super) fn inner_commands(&self) -> Vec<Vec<String>> {
        let line = |line: &str| line.split(' ').map(str::to_owned).collect();
        vec![
            line("ip link set lo up"),
            line(&format!("ip address add {}/30 dev eth0", self.node())),
            line("ip link set eth0 up"),
            line(&format!("ip route add {} dev eth0", self.services())),
        ]
    }
}

fn ip(args: &[&str]) -> Result<()> {
    let mut ip = Command::new("ip");
    let output = ip.args(args).stdin(Stdio::null()).output().context("running `ip` (package iproute2)")?;
    if !output.status.success() {
        bail!("`ip {}` failed: {}", args.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_service_is_the_first_of_its_subnet() {
        let subnets = Subnets::numbered(7);
        assert_eq!(subnets.services(), "10.91.7.0/24");
        assert_eq!(subnets.api_service(), Ipv4Addr::new(10, 91, 7, 1));
        assert_eq!(subnets.link(), "portfolio7");
    }
}
