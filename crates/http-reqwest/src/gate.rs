//! Where a guarded client may go: the URL is judged before the call, and every address of a name before it is used.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use integrations_core::HttpError;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::allow::AllowList;

/// Turns a name into addresses.
#[async_trait::async_trait]
pub(crate) trait Lookup: Send + Sync {
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// Asks the system.
pub(crate) struct SystemLookup;

#[async_trait::async_trait]
impl Lookup for SystemLookup {
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|socket| socket.ip()).collect())
    }
}

/// Lets through what is allowed, and nothing else.
///
/// It is also the resolver of its client, so that the addresses that were judged are the ones that are connected to: a
/// name that answers differently the next time gains nothing.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) allowed: fn(IpAddr) -> bool,
    pub(crate) listed: Arc<AllowList>,
    pub(crate) allow_http: bool,
    pub(crate) lookup: Arc<dyn Lookup>,
}

/// Below 1024 stand the old services, mail above all, that can be talked into something by the bytes of a stranger.
fn is_port_of_the_web(port: u16) -> bool {
    matches!(port, 80 | 443 | 1024..)
}

impl Gate {
    /// Judges all that can be told without the network. A literal address never reaches a resolver, so it is judged
    /// here; `Url` has already brought odd spellings of IPv4 (`0x7f.1`, `2130706433`) into the usual one.
    pub(crate) fn check(&self, url: &Url) -> Result<(), HttpError> {
        let scheme = url.scheme() == "https" || self.allow_http && url.scheme() == "http";
        let anonymous = url.username().is_empty() && url.password().is_none();
        let place = self.listed.service(url).unwrap_or_else(|| self.is_open(url));
        if scheme && anonymous && place { Ok(()) } else { Err(HttpError::Blocked) }
    }

    fn is_open(&self, url: &Url) -> bool {
        let host = match url.host() {
            Some(Host::Ipv4(address)) => self.is_allowed(address.into()),
            Some(Host::Ipv6(address)) => self.is_allowed(address.into()),
            Some(Host::Domain(_)) => true,
            None => false,
        };
        host && url.port_or_known_default().is_some_and(is_port_of_the_web)
    }

    fn is_allowed(&self, address: IpAddr) -> bool {
        (self.allowed)(address) || self.listed.has(address)
    }
}

impl Resolve for Gate {
    fn resolve(&self, name: Name) -> Resolving {
        let gate = self.clone();
        Box::pin(async move {
            let addresses = gate.lookup.lookup(name.as_str()).await?;
            // One bad address condemns the name: honest ones do not mix public and private.
            let mut all = addresses.iter();
            if !gate.listed.knows(name.as_str()) && !all.all(|address| gate.is_allowed(*address)) {
                return Err(Denied.into());
            }
            let sockets: Addrs = Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(sockets)
        })
    }
}

/// A name has an address that is not allowed. Found again in the error of the call.
#[derive(Debug, thiserror::Error)]
#[error("an address of the name is not allowed")]
pub(crate) struct Denied;
