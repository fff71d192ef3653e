//! The loop: one task owns the state, messages come through one mailbox, effects run beside it.
//!
//! Level-triggered: a reconcile looks, plans, acts once, remembers and returns; it never sleeps or polls. Waiting
//! is a state that an event or a timer ends. Called by `run`, which hands in the cluster, the sources and the
//! right to act.

mod claim;
mod execute;
mod fold;
mod hand_over;
mod message;
mod observe;
mod orders;
mod persist;
mod poll;
mod queue;
mod reconcile;
mod sight;
mod store;
mod sweep;
mod tell;
mod tracked;
mod view;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::claim::Claims;
use self::execute::Executor;
use self::message::{Done, Key, Message};
use self::queue::Queue;
use self::sight::Sight;
use self::store::Store;
use self::tracked::Tracked;
use crate::cluster::{
    Cluster, ClusterError, EventLog, Leadership, Records, Scope, StatusWatch, WatchPlan, Watches, WriteError,
};
use crate::metrics::Metrics;
use crate::object::{Kind, Managers};
use crate::plan::Plan;
use crate::schedule::Schedule;

pub use self::orders::{ANNOTATION_APPROVE, ANNOTATION_RECONCILE};
pub use self::poll::SourceSetup;
pub use self::tracked::Identity;
pub use self::view::{DocumentView, SourceView, View};

/// How many messages may wait before the watches are held back.
const MAILBOX: usize = 1024;
/// How many documents are looked at before the mailbox is emptied again.
const LOOKS_A_TURN: usize = 64;
/// How long a stopping daemon waits for what it has begun (reliability: at most 25 s in all).
const DRAIN: Duration = Duration::from_secs(15);

/// What an engine needs.
pub struct Setup {
    /// The API server.
    pub cluster: Cluster,
    /// The daemon's namespace.
    pub namespace: String,
    /// The sources.
    pub sources: Vec<SourceSetup>,
    /// How many documents are written at a time.
    pub concurrency: usize,
    /// When everything is compared with the cluster, whatever the watches say.
    pub sweep: Schedule,
    /// The right to act, as it changes.
    pub leadership: watch::Receiver<Leadership>,
    /// Where it is counted.
    pub metrics: Arc<Metrics>,
}

/// Why an engine stopped.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The cluster could not be asked.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// Another daemon leads.
    #[error("another daemon leads now")]
    LostLeadership,
}

/// What others may ask of a running engine.
#[derive(Clone)]
pub struct Handle {
    /// What it is doing, as it changes.
    pub view: watch::Receiver<Arc<View>>,
}

/// The state, and what is under way.
pub struct Engine {
    cluster: Cluster,
    sources: Vec<Tracked>,
    executors: Vec<Executor>,
    stores: Vec<Records>,
    managers: Arc<Managers>,
    store: Store,
    queue: Queue<Key>,
    /// Plans that wait until their inventory is durable.
    waiting: HashMap<Key, Plan>,
    /// Plans whose inventory is durable, and that wait for a place among those under way.
    released: VecDeque<(Key, Plan)>,
    tasks: JoinSet<Done>,
    executing: usize,
    concurrency: usize,
    mailbox: mpsc::Receiver<Message>,
    sender: mpsc::Sender<Message>,
    sight: Arc<Sight>,
    unlisted: HashSet<(Kind, Scope)>,
    watches: Watches,
    _status_watch: StatusWatch,
    feeds: JoinSet<()>,
    sweep: Schedule,
    suspects: sweep::Suspects,
    leadership: watch::Receiver<Leadership>,
    /// One for each source: polls it at once.
    wakers: Vec<Arc<Notify>>,
    view: watch::Sender<Arc<View>>,
    view_due: Option<Instant>,
    metrics: Arc<Metrics>,
    events: EventLog,
}

impl Engine {
    /// Reads what is remembered and starts watching and polling.
    pub async fn start(setup: Setup) -> Result<(Self, Handle), EngineError> {
        let Setup { cluster, namespace, sources: setups, concurrency, sweep, leadership, metrics } = setup;
        let epoch = leadership.borrow().epoch().ok_or(EngineError::LostLeadership)?;
        let (sender, mailbox) = mpsc::channel(MAILBOX);
        let names: Vec<String> = setups.iter().map(|setup| setup.identity.owner.source.clone()).collect();
        let managers = Arc::new(Managers::default());
        let claims = Arc::new(Claims::default());
        let (mut restored, mut stores) = (Vec::new(), Vec::new());
        for setup in &setups {
            let store = Records::new(&cluster, &namespace, &setup.identity.owner.source);
            restored.push(Tracked::restore(setup.identity.clone(), &store.load().await?, epoch));
            stores.push(store);
        }
        let allowed = setups.iter().flat_map(SourceSetup::further_kinds);
        // What is there of a kind that is not allowed any more stays in sight.
        let sight = Arc::new(Sight::new(allowed.chain(restored.iter().flat_map(Tracked::kinds))));
        let (mut sources, mut executors) = (Vec::new(), Vec::new());
        let (mut feeds, mut wakers) = (JoinSet::new(), Vec::new());
        for (index, (setup, tracked)) in setups.into_iter().zip(restored).enumerate() {
            executors.push(Executor {
                cluster: cluster.clone(),
                owner: Arc::clone(&setup.identity.owner),
                managers: Arc::clone(&managers),
                claims: Arc::clone(&claims),
                sight: Arc::clone(&sight),
            });
            let waker = Arc::new(Notify::new());
            wakers.push(Arc::clone(&waker));
            feeds.spawn(setup.feed(
                index,
                tracked.observed_revision(),
                waker,
                sender.clone(),
                Arc::clone(&metrics),
            ));
            sources.push(tracked);
        }
        let watch_plan =
            WatchPlan { kinds: sight.kinds().collect(), scopes: vec![Scope::All], sources: names.clone() };
        let watches = Watches::start(&cluster, &watch_plan, &forward(&mut feeds, &sender, Message::Watch));
        let status = forward(&mut feeds, &sender, Message::Status);
        let status_watch = StatusWatch::start(&cluster, &namespace, &names, status)?;
        let unlisted = sight.kinds().map(|kind| (kind, Scope::All)).collect();
        let (view, views) = watch::channel(Arc::default());
        let handle = Handle { view: views };
        let events = EventLog::start(&cluster, &namespace);
        let engine = Self {
            cluster,
            sources,
            executors,
            stores,
            managers,
            store: Store::default(),
            queue: Queue::default(),
            waiting: HashMap::new(),
            released: VecDeque::new(),
            tasks: JoinSet::new(),
            executing: 0,
            concurrency,
            mailbox,
            sender,
            sight,
            unlisted,
            watches,
            _status_watch: status_watch,
            feeds,
            sweep,
            suspects: sweep::Suspects::default(),
            leadership,
            wakers,
            view,
            view_due: None,
            metrics,
            events,
        };
        Ok((engine, handle))
    }

    /// Runs until told to stop, or until another daemon leads.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), EngineError> {
        let mut next_sweep = self.next_sweep();
        loop {
            self.turn()?;
            let deadline = self.deadline(next_sweep);
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                changed = self.leadership.changed() => {
                    if changed.is_err() || self.leadership.borrow_and_update().epoch().is_none() {
                        return Err(EngineError::LostLeadership);
                    }
                }
                Some(done) = self.tasks.join_next() => self.done(done)?,
                Some(ended) = self.feeds.join_next() => {
                    if let Err(error) = ended && error.is_panic() {
                        std::panic::resume_unwind(error.into_panic());
                    }
                }
                Some(message) = self.mailbox.recv() => self.take(message),
                () = tokio::time::sleep_until(deadline.into()) => {}
            }
            // What has come in meanwhile is taken before the next look, so that a look sees all of it.
            while let Ok(message) = self.mailbox.try_recv() {
                self.take(message);
            }
            self.sweep_again();
            if Instant::now() >= next_sweep {
                self.begin_sweep();
                next_sweep = self.next_sweep();
            }
        }
        self.drain().await
    }

    /// Starts whatever may start.
    fn turn(&mut self) -> Result<(), EngineError> {
        while self.executing < self.concurrency
            && let Some((key, plan)) = self.released.pop_front()
        {
            self.begin(&key, plan);
        }
        if self.unlisted.is_empty() {
            for _ in 0..LOOKS_A_TURN {
                if self.executing >= self.concurrency {
                    break;
                }
                let Some(key) = self.queue.next(Instant::now()) else { break };
                self.reconcile(&key);
            }
        }
        self.write_records();
        self.publish();
        if self.leadership.borrow().epoch().is_none() {
            return Err(EngineError::LostLeadership);
        }
        Ok(())
    }

    fn deadline(&self, next_sweep: Instant) -> Instant {
        let mut deadline = next_sweep;
        if self.unlisted.is_empty() && self.executing < self.concurrency {
            if !self.queue.is_ready_empty() {
                return Instant::now();
            }
            deadline = self.queue.next_due().map_or(deadline, |due| deadline.min(due));
        }
        let writes = self.sources.iter().filter_map(|source| source.persist.next_due(Instant::now())).min();
        deadline = writes.map_or(deadline, |due| deadline.min(due));
        self.suspects.due().map_or(deadline, |due| deadline.min(due)).min(self.view_due.unwrap_or(deadline))
    }

    fn done(&mut self, done: Result<Done, tokio::task::JoinError>) -> Result<(), EngineError> {
        match done {
            Ok(Done::Executed { key, plan, executed }) => self.executed(&key, &plan, executed),
            Ok(Done::Written { source, shard, result }) => self.written(source, shard, result)?,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => {}
        }
        Ok(())
    }

    /// Takes no new work, lets what has begun come to its end, writes what is to be remembered.
    async fn drain(mut self) -> Result<(), EngineError> {
        tracing::info!(under_way = self.executing, "stopping");
        self.waiting.clear();
        self.released.clear();
        let limit = tokio::time::sleep(DRAIN);
        tokio::pin!(limit);
        loop {
            for source in &mut self.sources {
                source.persist.hurry();
            }
            self.write_records();
            if self.executing == 0 && self.sources.iter().all(|source| source.persist.is_clean()) {
                return Ok(());
            }
            tokio::select! {
                () = &mut limit => {
                    tracing::warn!("stopped before everything that had begun was done; the next start goes on from the records");
                    return Ok(());
                }
                Some(done) = self.tasks.join_next() => self.done(done)?,
                () = tokio::time::sleep(Duration::from_millis(100)) => {}
            }
        }
    }

    fn write_records(&mut self) {
        let now = Instant::now();
        for (index, source) in self.sources.iter_mut().enumerate() {
            for (shard, write) in source.persist.start(now) {
                let store = self.stores[index].clone();
                self.metrics.record_writes.inc();
                self.tasks.spawn(async move {
                    let result = store.write(shard, &write).await;
                    Done::Written { source: index, shard, result }
                });
            }
        }
    }

    fn written(
        &mut self,
        index: usize,
        shard: crate::cluster::Shard,
        result: Result<crate::cluster::Written, WriteError>,
    ) -> Result<(), EngineError> {
        let (persist, now) = (&mut self.sources[index].persist, Instant::now());
        match result {
            Ok(written) => {
                persist.succeeded(shard, &written, now);
                self.release_durable(index);
                self.rewrite_touched(index, shard);
            }
            Err(WriteError::Conflict { current }) => {
                if let Err(epoch) = persist.conflicted(shard, current.as_deref()) {
                    tracing::warn!(epoch, "another daemon has written the records since; stopping");
                    return Err(EngineError::LostLeadership);
                }
                // What they have done to the keys that were not to be written now is not known.
                self.sources[index].rewrite(shard, persist::Urgency::Effect);
            }
            Err(WriteError::Failed(error)) => {
                tracing::warn!(%error, %shard, "a record could not be written; trying again");
                persist.failed(shard, now);
            }
        }
        Ok(())
    }

    fn now() -> Timestamp {
        Timestamp::now()
    }
}

/// A sender whose messages come out of the one mailbox.
fn forward<T: Send + 'static>(
    feeds: &mut JoinSet<()>,
    mailbox: &mpsc::Sender<Message>,
    wrap: impl Fn(T) -> Message + Send + 'static,
) -> mpsc::Sender<T> {
    let (sender, mut receiver) = mpsc::channel(MAILBOX);
    let mailbox = mailbox.clone();
    feeds.spawn(async move {
        while let Some(event) = receiver.recv().await {
            if mailbox.send(wrap(event)).await.is_err() {
                break;
            }
        }
    });
    sender
}
