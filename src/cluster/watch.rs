//! [`Watches`]: what happens to our objects in the cluster, as events in a channel.
//!
//! One list-and-watch per kind (and namespace, when it is configured to a few), narrowed to the sources'
//! label. Objects are handed on whole and kept by nobody here.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

use super::address::Scope;
use super::call::JSON;
use super::list_watch::{Change, ListWatch, Place, Watched};
use super::read::{Detail, meta, with_type};
use super::{Cluster, ClusterError};
use crate::object::{Kind, LABEL_SOURCE, ObjectRef};

/// What to watch.
#[derive(Clone, Debug)]
pub struct WatchPlan {
    /// Which kinds.
    pub kinds: Vec<Kind>,
    /// Where: one [`Scope::All`], or some namespaces (where RBAC allows no more).
    pub scopes: Vec<Scope>,
    /// Whose objects: values of the label `portfolio.dev/source`.
    pub sources: Vec<String>,
}

/// Something that a watch saw. Events of one kind and scope come in order; of several, in any.
#[derive(Debug)]
pub enum WatchEvent {
    /// A complete listing begins: the first, or one after the watch lost its place.
    InitStart {
        /// Of this kind…
        kind: Kind,
        /// …here.
        scope: Scope,
    },
    /// An object of the listing, or a new state of one.
    Object {
        /// Its kind.
        kind: Kind,
        /// All of it, `apiVersion` and `kind` included.
        value: Box<Value>,
    },
    /// An object was deleted, or lost its label.
    Deleted {
        /// Identity.
        reference: ObjectRef,
        /// Which one it was.
        uid: String,
        /// Of the deletion: newer than any state of the object before it.
        resource_version: String,
    },
    /// The listing is complete: an object of the kind and scope that was not in it is gone, or not labelled.
    InitDone {
        /// Of this kind…
        kind: Kind,
        /// …here.
        scope: Scope,
    },
    /// The watch is down and being restored; sent with each failed try. A `Resumed` or an `InitDone` after it
    /// says that it is back. A listing that was going on is void: another `InitStart` follows.
    Interrupted {
        /// Of this kind…
        kind: Kind,
        /// …here.
        scope: Scope,
        /// Why.
        error: ClusterError,
    },
    /// The watch goes on where it was interrupted; nothing was missed.
    Resumed {
        /// Of this kind…
        kind: Kind,
        /// …here.
        scope: Scope,
    },
}

/// Running watches; they end when this is dropped or when the receiver is.
pub struct Watches {
    running: Vec<(Kind, Arc<Notify>)>,
    _tasks: JoinSet<()>,
}

impl Watches {
    /// Starts watching; the first thing sent for each kind and scope is a complete listing, or why there is none. A
    /// kind that is not there is watched from the moment that it is. A full channel holds the watches back.
    pub fn start(cluster: &Cluster, plan: &WatchPlan, sender: &mpsc::Sender<WatchEvent>) -> Self {
        let mut running = Vec::new();
        let mut tasks = JoinSet::new();
        for kind in &plan.kinds {
            for scope in &plan.scopes {
                let restart = Arc::new(Notify::new());
                let watched = Watched {
                    place: Place::Of(*kind, scope.clone()),
                    target: kind.objects(),
                    labels: selector(LABEL_SOURCE, &plan.sources),
                    accept: JSON,
                    accept_list: JSON,
                };
                let translate = translation(*kind, scope.clone());
                let watch =
                    ListWatch::new(cluster.clone(), watched, Arc::clone(&restart), sender.clone(), translate);
                tasks.spawn(watch.run());
                running.push((*kind, restart));
            }
        }
        Self { running, _tasks: tasks }
    }

    /// Lists the kind again, on a new connection: what a sweep asks for when a watch has missed something.
    pub fn restart(&self, kind: Kind) {
        self.running
            .iter()
            .filter(|(running, _)| *running == kind)
            .for_each(|(_, restart)| restart.notify_one());
    }
}

fn translation(kind: Kind, scope: Scope) -> impl Fn(Change) -> Option<WatchEvent> + Send + Sync {
    move |change| {
        let scope = scope.clone();
        match change {
            Change::InitStart => Some(WatchEvent::InitStart { kind, scope }),
            Change::InitDone => Some(WatchEvent::InitDone { kind, scope }),
            Change::Interrupted(error) => Some(WatchEvent::Interrupted { kind, scope, error }),
            Change::Resumed => Some(WatchEvent::Resumed { kind, scope }),
            Change::Object(value) => {
                let value = Box::new(with_type(value, &kind.api_version(), kind.name()));
                Some(WatchEvent::Object { kind, value })
            }
            Change::Deleted(value) => {
                let meta = meta(kind, value, Detail::Identity)?;
                let (reference, uid, resource_version) = (meta.reference, meta.uid, meta.resource_version);
                Some(WatchEvent::Deleted { reference, uid, resource_version })
            }
        }
    }
}

/// `label in (a,b)`; of no value, none.
pub(super) fn selector(label: &str, values: &[String]) -> String {
    match values {
        // There is no such selector as `in ()`.
        [] => format!("{label},!{label}"),
        [value] => format!("{label}={value}"),
        values => format!("{label} in ({})", values.join(",")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_of_no_source_selects_nothing() {
        assert_eq!(selector("l", &[]), "l,!l");
        assert_eq!(selector("l", &["a".to_owned()]), "l=a");
        assert_eq!(selector("l", &["a".to_owned(), "b".to_owned()]), "l in (a,b)");
    }
}
