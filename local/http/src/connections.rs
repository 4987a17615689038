//! The connections of one port: which are idle, and which one goes when there are too many.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::Version;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

use crate::limits::Limits;

/// What all connections of a port share.
pub(crate) struct Connections {
    pub(crate) limits: Limits,
    open: Mutex<BTreeMap<u64, Arc<State>>>,
    /// Notified when one has ended, or has become idle.
    changed: Notify,
    /// One permit for each rest that is read.
    pub(crate) lingering: Arc<Semaphore>,
}

/// One connection, as the others see it.
struct State {
    activity: Mutex<Activity>,
    end: Notify,
}

#[derive(Clone, Copy)]
struct Activity {
    /// Requests whose answer is not over.
    requests: usize,
    /// How long it may be without one: until a whole head, at first and in HTTP/1.
    patience: Duration,
    /// When `requests` last changed.
    since: Instant,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every change is one assignment.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Connections {
    pub(crate) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            limits,
            open: Mutex::default(),
            changed: Notify::new(),
            lingering: Arc::new(Semaphore::new(limits.lingering)),
        })
    }

    /// A place for a new connection; waits while all have a request to answer.
    pub(crate) async fn place(self: &Arc<Self>) -> Place {
        loop {
            // From here on no change is missed.
            let changed = self.changed.notified();
            if let Some(place) = self.take() {
                return place;
            }
            self.end_longest_idle();
            changed.await;
        }
    }

    fn take(self: &Arc<Self>) -> Option<Place> {
        let mut open = lock(&self.open);
        if open.len() >= self.limits.connections {
            return None;
        }
        let id = open.last_key_value().map_or(0, |(last, _)| last + 1);
        let state = Arc::new(State {
            activity: Mutex::new(Activity {
                requests: 0,
                patience: self.limits.head,
                since: Instant::now(),
            }),
            end: Notify::new(),
        });
        open.insert(id, state.clone());
        Some(Place {
            id,
            state,
            all: self.clone(),
        })
    }

    /// Ends the connection that has been without a request for longest.
    pub(crate) fn end_longest_idle(&self) {
        let open = lock(&self.open);
        let idle = open.values().filter_map(|state| {
            let activity = *lock(&state.activity);
            (activity.requests == 0).then_some((activity.since, state))
        });
        if let Some((_, state)) = idle.min_by_key(|(since, _)| *since) {
            state.end.notify_one();
        }
    }
}

/// The place of one connection, until its stream is dropped.
pub(crate) struct Place {
    id: u64,
    state: Arc<State>,
    all: Arc<Connections>,
}

impl Place {
    pub(crate) fn watch(&self) -> Watch {
        Watch(self.state.clone(), self.all.clone())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.all.open).remove(&self.id);
        self.all.changed.notify_waiters();
    }
}

/// Why a connection is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    /// It has been without a request for too long.
    Idle,
    /// A new connection needs its place.
    PlaceNeeded,
}

/// What a connection's requests report of it.
#[derive(Clone)]
pub(crate) struct Watch(Arc<State>, Arc<Connections>);

impl Watch {
    pub(crate) fn limits(&self) -> &Limits {
        &self.1.limits
    }

    /// A request of this version, which is being answered until this is dropped.
    pub(crate) fn request(&self, version: Version) -> InFlight {
        let mut activity = lock(&self.0.activity);
        activity.requests += 1;
        activity.patience = match version {
            Version::HTTP_2 => self.limits().idle,
            _ => self.limits().head,
        };
        InFlight(self.0.clone(), self.1.clone())
    }

    /// Whether a request is being answered.
    pub(crate) fn is_answering(&self) -> bool {
        lock(&self.0.activity).requests > 0
    }

    /// Returns when the connection is to end, with the reason.
    pub(crate) async fn over(&self) -> Over {
        loop {
            let activity = *lock(&self.0.activity);
            let until = activity.since + activity.patience;
            if activity.requests == 0 && until <= Instant::now() {
                return Over::Idle;
            }
            let look_again = if activity.requests == 0 {
                until
            } else {
                Instant::now() + activity.patience
            };
            tokio::select! {
                () = self.0.end.notified() => {
                    // It may have got a request since it was chosen.
                    if !self.is_answering() {
                        return Over::PlaceNeeded;
                    }
                    self.1.end_longest_idle();
                }
                () = tokio::time::sleep_until(look_again) => {}
            }
        }
    }
}

/// One request that is being answered.
pub(crate) struct InFlight(Arc<State>, Arc<Connections>);

impl InFlight {
    /// The connection has changed its protocol: it is never idle again.
    pub(crate) fn goes_on(&self) {
        lock(&self.0.activity).requests += 1;
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut activity = lock(&self.0.activity);
        activity.requests -= 1;
        activity.since = Instant::now();
        drop(activity);
        self.1.changed.notify_waiters();
    }
}
