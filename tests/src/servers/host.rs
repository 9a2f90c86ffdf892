//! Daemons started together in one root (Postfix needs Dovecot or saslauthd beside it), on free loopback ports.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::ops::Deref;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::inside::Inside;
use super::namespace::{Running, enter};
use super::tree::Tree;
use super::{Failure, Result};
use crate::clients::{Http, Imap, MailLogin, Pop3, Sieve, Smtp, Xmpp, imap, pop3, smtp};

/// How long a server may take to answer. They need a tenth of that; a loaded CI machine may need more.
const PATIENCE: Duration = Duration::from_secs(30);

/// A port that a client can connect to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Endpoint {
    /// Dovecot's IMAP.
    Imap,
    /// Dovecot's POP3.
    Pop3,
    /// Dovecot's ManageSieve.
    Sieve,
    /// Dovecot's own submission service.
    Submission,
    /// Postfix's submission service.
    Smtp,
    /// Prosody's clients.
    Xmpp,
    /// Apache.
    Http,
}

/// A host being put together.
pub(super) struct Host {
    pub(super) inside: Inside,
    /// Shell commands, one per daemon, each staying in the foreground.
    daemons: Vec<String>,
    endpoints: BTreeMap<Endpoint, u16>,
    /// Held until just before the start, so that they stay different.
    held: Vec<TcpListener>,
}

impl Host {
    pub(super) fn file(&mut self, path: &str, text: impl AsRef<[u8]>) {
        self.inside = std::mem::take(&mut self.inside).file(path, text);
    }

    pub(super) fn daemon(&mut self, command: impl Into<String>) {
        self.daemons.push(command.into());
    }

    /// A free port of 127.0.0.1 for this endpoint.
    pub(super) fn port(&mut self, endpoint: Endpoint) -> Result<u16> {
        let listener = hold_port()?;
        let port = listener.local_addr()?.port();
        self.held.push(listener);
        self.endpoints.insert(endpoint, port);
        Ok(port)
    }

    /// A free port of 127.0.0.1 where nobody listens when the server is started.
    pub(super) fn port_of_nobody_yet(&mut self) -> Result<u16> {
        let listener = hold_port()?;
        let port = listener.local_addr()?.port();
        self.held.push(listener);
        Ok(port)
    }

    fn start(self, tree: &Tree) -> Result<MailServer> {
        let Host { inside, daemons, endpoints, held } = self;
        // The first daemon that ends ends the host: a half-dead server would only make tests wait.
        let script = format!(
            "#!/bin/bash\n{}wait -n\necho \"a daemon ended: $?\" >&2\nexit 1\n",
            daemons.iter().map(|command| format!("( {command} ) &\n")).collect::<String>()
        );
        let inside = inside.executable("/run-host", script);
        drop(held);
        let mut server = MailServer { running: enter(tree, &inside, &["/run-host"])?, endpoints };
        server.wait_until_ready()?;
        Ok(server)
    }
}

/// A free port that no outgoing connection gets: Postfix binds its port two seconds after we let go of it, while
/// other tests connect by the hundred, and can't log why it ends when it doesn't get it.
fn hold_port() -> io::Result<TcpListener> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    const FIRST: u32 = 12_288;
    // ip_local_port_range(7)
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let lowest = range.split_whitespace().next().and_then(|lowest| lowest.parse::<u32>().ok()).unwrap_or(0);
    let ports = lowest.saturating_sub(FIRST);
    for _ in 0..ports {
        // Test programs that run at the same time begin at different places.
        let n = process::id().wrapping_mul(61).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(FIRST + n % ports).map_err(io::Error::other)?;
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            return Ok(listener);
        }
    }
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
}

/// Build a host and start it. Built again if another process took one of its ports in between.
pub(super) fn start(
    tree: &Tree,
    inside: &Inside,
    mut build: impl FnMut(&mut Host) -> Result<()>,
) -> Result<MailServer> {
    let mut attempts = 0;
    loop {
        let mut host =
            Host { inside: inside.clone(), daemons: vec![], endpoints: BTreeMap::new(), held: vec![] };
        build(&mut host)?;
        attempts += 1;
        match host.start(tree) {
            Err(Failure(why)) if attempts < 3 && why.contains("ddress already in use") => {}
            other => return other,
        }
    }
}

/// Running daemons. Dropping it ends them.
pub struct MailServer {
    running: Running,
    endpoints: BTreeMap<Endpoint, u16>,
}

// log(), wait_for_log(), id()
impl Deref for MailServer {
    type Target = Running;
    fn deref(&self) -> &Running {
        &self.running
    }
}

impl MailServer {
    /// Where an endpoint listens, if this server has it.
    pub fn address(&self, endpoint: Endpoint) -> Option<SocketAddr> {
        self.endpoints.get(&endpoint).map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, *port)))
    }

    /// A client for every protocol and mechanism of this server.
    pub fn clients(&self) -> Vec<Box<dyn MailLogin>> {
        let mut clients: Vec<Box<dyn MailLogin>> = Vec::new();
        for (endpoint, port) in &self.endpoints {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, *port));
            match endpoint {
                Endpoint::Imap => {
                    clients.push(Box::new(Imap { address, mechanism: imap::Mechanism::Login }));
                    clients.push(Box::new(Imap { address, mechanism: imap::Mechanism::Plain }));
                }
                Endpoint::Pop3 => {
                    clients.push(Box::new(Pop3 { address, mechanism: pop3::Mechanism::UserPass }));
                    clients.push(Box::new(Pop3 { address, mechanism: pop3::Mechanism::Plain }));
                }
                Endpoint::Xmpp => clients.push(Box::new(Xmpp { address })),
                Endpoint::Http => {
                    clients.push(Box::new(Http { address, path: "/files/", pam_service: "webdav" }));
                }
                Endpoint::Sieve => clients.push(Box::new(Sieve { address })),
                Endpoint::Submission | Endpoint::Smtp => {
                    let pam_service = if *endpoint == Endpoint::Smtp { "smtp" } else { "submission" };
                    for mechanism in [smtp::Mechanism::Plain, smtp::Mechanism::Login] {
                        clients.push(Box::new(Smtp { address, mechanism, pam_service }));
                    }
                }
            }
        }
        clients
    }

    /// Ready is: every endpoint sends its greeting. (An open port is not enough: masters listen before their services
    /// can start.)
    fn wait_until_ready(&mut self) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        for (endpoint, port) in self.endpoints.clone() {
            while !greets(endpoint, port) {
                if let Some(status) = self.running.ended()? {
                    return Err(Failure(format!(
                        "the server ended at its start, {status}:\n{}",
                        self.running.log()
                    )));
                }
                if Instant::now() > deadline {
                    return Err(Failure(format!("no greeting from {endpoint:?}:\n{}", self.running.log())));
                }
                thread::sleep(Duration::from_millis(10));
            }
        }
        Ok(())
    }
}

fn greets(endpoint: Endpoint, port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { return false };
    // Who waits to be spoken to.
    let first: &[u8] = match endpoint {
        Endpoint::Xmpp => {
            b"<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams'>"
        }
        Endpoint::Http => b"HEAD / HTTP/1.0\r\n\r\n",
        _ => b"",
    };
    if stream.write_all(first).is_err() {
        return false;
    }
    // The whole greeting, or the server logs a reset connection.
    let mut greeting = [0; 4096];
    stream.set_read_timeout(Some(Duration::from_secs(5))).is_ok()
        && matches!(stream.read(&mut greeting), Ok(1..))
}
