//! Serving, until a signal says to stop.

use crate::admin::caller;
use crate::admin::descriptors::Closing;
use crate::auth::wire::Wire;
use crate::cli::{Args, Task};
use crate::config::{self, Config};
use crate::daemon::Daemon;
use crate::fault::Fault;
use crate::log::{Log, Provoked};
use crate::sockets::{self, Limits, Places, Sockets};
use crate::store::{By, Store};
use crate::{admin, auth, clock, housekeeping, log, restore, start, sys};
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use sd_notify::NotifyState;
use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::{UnixListener, UnixStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::{JoinSet, LocalSet};

/// How long nothing is accepted after accept(2) has failed: the first time ...
const FIRST_PAUSE: Duration = Duration::from_millis(10);
/// ... and at most, where it goes on failing.
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// Connections at once on `auth.sock`; more wait in the socket's own queue.
const AUTH_PLACES: Limits = Limits { all: 4096, for_root: 2048, for_staff: 0, per_uid: 256 };

/// Connections at once on `admin.sock`.
const ADMIN_PLACES: Limits = Limits { all: 320, for_root: 64, for_staff: 64, per_uid: 8 };

/// How long logins and changes under way may take to end once a stop is asked for.
const STOP_WITHIN: Duration = Duration::from_secs(8);

/// How long the last lines may take to be written.
const LOG_WITHIN: Duration = Duration::from_secs(2);

/// The whole life of the daemon.
#[must_use]
pub fn main(args: &Args) -> ExitCode {
    let Ok(log) = log::init() else { return ExitCode::FAILURE };
    let code = match try_main(args, &log) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            tracing::error!("{fault}");
            ExitCode::from(fault.exit().code())
        }
    };
    log.flush(LOG_WITHIN);
    code
}

fn try_main(args: &Args, log: &Arc<Log>) -> Result<(), Fault> {
    let (config, file) = config::load(args.config.as_deref())?;
    for warning in config.warnings() {
        tracing::warn!("configuration: {warning}");
    }
    if args.check {
        match file {
            Some(file) => tracing::info!("{} is right", file.display()),
            None => tracing::info!("there is no {}: the defaults hold", config::DEFAULT_PATH),
        }
        return Ok(());
    }
    if args.restore {
        return restore::run(&config);
    }
    let inherited = sockets::inherited()?;
    start::keep_memory_private();
    start::take_all_descriptors();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        // Each may hang in a directory that doesn't answer, several of one uid too.
        .max_blocking_threads(64)
        .build()
        .map_err(|source| Fault::System { what: "can't start the runtime", source })?;
    // Held until the database is closed: the last tasks end with the LocalSet, and the
    // daemon with them.
    let lock = start::lock(&config)?;
    let ended = LocalSet::new().block_on(&runtime, life(config, args.task(), inherited, Arc::clone(log)));
    // A directory that doesn't answer must not keep the stop waiting.
    runtime.shutdown_timeout(Duration::from_secs(1));
    drop(lock);
    ended
}

async fn life(config: Config, task: Task, inherited: Option<Sockets>, log: Arc<Log>) -> Result<(), Fault> {
    let system = |what| move |source| Fault::System { what, source };
    // Signals are caught before anything that must be put away is there.
    let mut terminate = signal(SignalKind::terminate()).map_err(system("can't catch signals"))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(system("can't catch signals"))?;
    let mut hangup = signal(SignalKind::hangup()).map_err(system("can't catch signals"))?;
    let daemon = start::open(config, task, log).await?;
    match task {
        Task::Serve => {}
        Task::Init => {
            tracing::info!(
                "made an empty database in {}; start apppwd as usual now",
                daemon.config.state_dir.display()
            );
            return Ok(());
        }
        Task::KeyLost => {
            tracing::info!(
                "who had one of them needs a new app password; enrolments and locks are as they were. Back up {} apart \
                 from the database, and start apppwd as usual now",
                daemon.key_place.path.display()
            );
            return Ok(());
        }
    }
    let sockets = match inherited {
        Some(sockets) => sockets,
        None => sockets::bind(&daemon.config)?,
    };
    let own_paths = sockets.own_paths().to_vec();
    let Sockets { auth, admin, .. } = sockets;
    for listener in [&auth, &admin] {
        // Before Linux 6.16 there is no such option: `admin::descriptors` does what can be done.
        let _ = sys::refuse_descriptors(listener);
    }
    auth.set_nonblocking(true).map_err(system("can't listen"))?;
    let auth = sys::listen_async(auth).map_err(system("can't listen"))?;
    let admin = listener(admin)?;
    let _ = sd_notify::notify(&[NotifyState::Ready]);
    let where_ = if own_paths.is_empty() {
        "the sockets of the service manager".to_owned()
    } else {
        format!("{} and {}", daemon.config.auth_socket.display(), daemon.config.admin_socket.display())
    };
    tracing::info!("apppwd {} serves {where_}", env!("CARGO_PKG_VERSION"));
    let housekeeping = tokio::task::spawn_local(housekeeping::run(Rc::clone(&daemon)));
    let (mut busy, closing) = (JoinSet::new(), Rc::new(Closing::default()));
    tokio::select! {
        () = accept_auth(&daemon, &auth, &mut busy) => {}
        () = accept_admin(&daemon, &admin, &closing) => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = hangup.recv() => {}
    }
    let _ = sd_notify::notify(&[NotifyState::Stopping]);
    if own_paths.is_empty() {
        // Connections that nobody accepted yet stay in the queue for the next start.
        drop((auth, admin));
    } else {
        for path in &own_paths {
            let _ = std::fs::remove_file(path);
        }
        answer_those_who_wait(&daemon, auth, admin, &mut busy, &closing)
            .map_err(system("can't close the sockets"))?;
    }
    stop(&daemon, busy).await;
    housekeeping.abort();
    Ok(())
}

fn listener(socket: std::os::unix::net::UnixListener) -> Result<UnixListener, Fault> {
    let listener = socket.set_nonblocking(true).and_then(|()| UnixListener::from_std(socket));
    listener.map_err(|source| Fault::System { what: "can't listen", source })
}

async fn accept_auth<S: Store + 'static>(
    daemon: &Rc<Daemon<S>>,
    listener: &AsyncFd<std::os::unix::net::UnixListener>,
    busy: &mut JoinSet<()>,
) {
    let places = Places::new(AUTH_PLACES);
    let mut pause = FIRST_PAUSE;
    loop {
        places.wait_for_one().await;
        let accepted = listener.async_io(Interest::READABLE, std::os::unix::net::UnixListener::accept).await;
        match accepted.map(|(stream, _)| (peer_uid(&stream), Wire::new(stream))) {
            Ok((uid, wire)) => {
                pause = FIRST_PAUSE;
                match places.take(uid, || false) {
                    Some(place) => {
                        let daemon = Rc::clone(daemon);
                        let serving = async move {
                            auth::serve::connection(daemon, wire, uid).await;
                            drop(place);
                        };
                        at_once_or_later(serving, busy).await;
                    }
                    None => auth::serve::turn_away(daemon, &wire, uid),
                }
            }
            Err(error) => pause = out_of_descriptors(daemon, "auth.sock", &error, pause).await,
        }
        // Those that ended.
        while busy.try_join_next().is_some() {}
        // Who has been accepted comes before who has not: else a burst would only pile up.
        tokio::task::yield_now().await;
    }
}

/// Most logins wait for nothing: they are served here and now. Whoever has to wait gets a task.
async fn at_once_or_later(serving: impl Future<Output = ()> + 'static, busy: &mut JoinSet<()>) {
    let mut serving = Box::pin(serving);
    let polled = std::future::poll_fn(|context| {
        // A fault must cost one login, as in a task.
        let polled = catch_unwind(AssertUnwindSafe(|| serving.as_mut().poll(context)));
        Poll::Ready(polled.unwrap_or_else(|_| {
            tracing::error!("a login failed by a fault inside apppwd");
            Poll::Ready(())
        }))
    });
    if polled.await.is_pending() {
        busy.spawn_local(serving);
    }
}

fn peer_uid(stream: &impl AsFd) -> u32 {
    getsockopt(stream, PeerCredentials).map_or(u32::MAX, |peer| peer.uid())
}

async fn accept_admin<S: Store + 'static>(
    daemon: &Rc<Daemon<S>>,
    listener: &UnixListener,
    closing: &Rc<Closing>,
) {
    let places = Places::new(ADMIN_PLACES);
    let staff = Arc::clone(&daemon.staff);
    // Nobody waits for it: it may ask a directory.
    drop(tokio::task::spawn_blocking(move || staff.learn()));
    let mut pause = FIRST_PAUSE;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                pause = FIRST_PAUSE;
                let uid = peer_uid(&stream);
                match places.take(uid, || daemon.staff.may_include(&stream)) {
                    Some(place) => {
                        let (daemon, closing) = (Rc::clone(daemon), Rc::clone(closing));
                        tokio::task::spawn_local(async move {
                            admin::serve::connection(daemon, stream, uid, closing).await;
                            drop(place);
                        });
                    }
                    // At once, without a task: a flood must not get ahead of logins.
                    None => {
                        let why = "too many connections to apppwd are open; try again in a moment";
                        admin::serve::turn_away(&stream, why);
                        admin::serve::hang_up(daemon, closing, stream, uid).await;
                    }
                }
            }
            Err(error) => pause = out_of_descriptors(daemon, "admin.sock", &error, pause).await,
        }
        tokio::task::yield_now().await;
    }
}

/// Who has connected before the stop is answered.
fn answer_those_who_wait<S: Store + 'static>(
    daemon: &Rc<Daemon<S>>,
    auth: AsyncFd<std::os::unix::net::UnixListener>,
    admin: UnixListener,
    busy: &mut JoinSet<()>,
    closing: &Rc<Closing>,
) -> std::io::Result<()> {
    for stream in sockets::close(auth.into_inner())? {
        let (uid, daemon) = (peer_uid(&stream), Rc::clone(daemon));
        busy.spawn_local(auth::serve::connection(daemon, Wire::new(stream), uid));
    }
    for stream in sockets::close(admin.into_std()?)? {
        stream.set_nonblocking(true)?;
        let (uid, stream) = (peer_uid(&stream), UnixStream::from_std(stream)?);
        // The answer is sent here: nothing waits for a task of its own at a stop.
        admin::serve::turn_away(&stream, "apppwd is stopping; try again in a moment");
        let (daemon, closing) = (Rc::clone(daemon), Rc::clone(closing));
        tokio::task::spawn_local(async move { admin::serve::hang_up(&daemon, &closing, stream, uid).await });
    }
    Ok(())
}

/// accept(2) fails when descriptors run out: trying at once would only burn the core that
/// could free some. Who connects waits meanwhile. Returns how long the next pause is.
async fn out_of_descriptors<S>(
    daemon: &Daemon<S>,
    socket: &str,
    error: &std::io::Error,
    pause: Duration,
) -> Duration {
    // Whoever it is that holds them: it is one shortage.
    let now = std::time::Instant::now();
    if let Some(left_out) = daemon.throttle.may_say(Provoked::NotAccepted, u32::MAX, now) {
        tracing::warn!(
            "can't accept a connection on {socket}, those who connect wait: {error}{}",
            log::left_out(left_out, "more failures before")
        );
    }
    tokio::time::sleep(pause).await;
    (2 * pause).min(LONGEST_PAUSE)
}

async fn stop<S: Store>(daemon: &Daemon<S>, mut busy: JoinSet<()>) {
    let _ = daemon.stopping.send(true);
    let logins = async { while busy.join_next().await.is_some() {} };
    // The lock is held to the end, or else waited for to the end: what began now would be cut off between its
    // commit and its journal.
    let mut closing = std::pin::pin!(daemon.requests.write());
    let both = async { tokio::join!(logins, closing.as_mut()) };
    let closed = tokio::time::timeout(STOP_WITHIN, both).await;
    if closed.is_err() {
        tracing::warn!("requests were still under way after {} s; they are given up", STOP_WITHIN.as_secs());
    }
    daemon.flush_uses().await;
    if let Err(error) = daemon.write_last_events().await {
        tracing::warn!("the last events are lost, for they could not be written: {error}");
    }
    let seen_expired = daemon.seen_expired.borrow().keys().copied().collect();
    if let Err(error) = daemon
        .store
        .mark_expired(seen_expired, By::actor(caller::daemon_as("housekeeping"), clock::now()))
        .await
    {
        tracing::warn!("could not note what has expired: {error}");
    }
    daemon.record.end(&daemon.store, clock::now()).await;
    tracing::info!("stopped");
}
