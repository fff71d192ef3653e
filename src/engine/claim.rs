//! [`Claims`]: whose the objects are that exist already, asked before the first apply of a name that is in no
//! record. One metadata LIST per kind and namespace serves all documents that ask at the same time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::OnceCell;

use crate::cluster::{Cluster, ClusterError, Detail, Meta, Scope};
use crate::document::DocumentId;
use crate::object::{Kind, ObjectRef, Owner, Ownership, ownership};

/// How long a listing answers for. The first apply goes without force, so an object that appears meanwhile is
/// not overwritten.
const FRESH: Duration = Duration::from_secs(5);

/// Whose a name is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// There is no such object.
    Free,
    /// It is ours, rendered from that document.
    Ours {
        /// Its uid.
        uid: String,
        /// The document that its annotation names.
        document: DocumentId,
    },
    /// Somebody else's.
    Others {
        /// Its uid.
        uid: String,
        /// Who manages it.
        managers: Vec<String>,
    },
}

/// Listings of what exists, shared by the documents that ask at the same time.
#[derive(Debug, Default)]
pub struct Claims {
    listings: Mutex<HashMap<(Kind, String, String), Listing>>,
}

#[derive(Clone, Debug)]
struct Listing {
    begun: Instant,
    /// Filled by the first who asks; the others wait for it.
    claims: Arc<OnceCell<HashMap<String, Claim>>>,
}

impl Claims {
    /// Whose the object of this name is, as seen by this owner.
    pub async fn of(
        &self,
        cluster: &Cluster,
        owner: &Owner,
        reference: &ObjectRef,
    ) -> Result<Claim, ClusterError> {
        let listing = self.listing(owner, reference);
        let scope = Scope::Namespace(reference.namespace.clone());
        let list = async || {
            let metas = cluster.list_metadata(reference.kind, &scope, None, Detail::Full).await?;
            Ok(metas.into_iter().map(|meta| claim(meta, owner)).collect())
        };
        let claims: &HashMap<String, Claim> = listing.claims.get_or_try_init(list).await?;
        Ok(claims.get(&reference.name).cloned().unwrap_or(Claim::Free))
    }

    fn listing(&self, owner: &Owner, reference: &ObjectRef) -> Listing {
        let mut listings = self.listings.lock().unwrap_or_else(PoisonError::into_inner);
        listings.retain(|_, listing| listing.begun.elapsed() < FRESH);
        let key = (reference.kind, reference.namespace.clone(), owner.to_string());
        let new = || Listing { begun: Instant::now(), claims: Arc::default() };
        listings.entry(key).or_insert_with(new).clone()
    }
}

fn claim(meta: Meta, owner: &Owner) -> (String, Claim) {
    let claim = match ownership(&meta.object, owner) {
        Ownership::Ours { document } => Claim::Ours { uid: meta.uid, document },
        Ownership::NotOurs { managers, .. } => Claim::Others { uid: meta.uid, managers },
    };
    (meta.reference.name, claim)
}
