//! Runtime orders: an annotation on a source's summary `ConfigMap`, which the daemon takes away once it has
//! carried it out. Shared by `approve` and `reconcile`.

use std::collections::BTreeMap;

use super::progress::Deadline;
use super::{CliError, Ui};
use crate::cluster::{Cluster, Records, Shard};

/// An order to one source.
pub(super) struct Order<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) namespace: &'a str,
    pub(super) source: &'a str,
}

impl Order<'_> {
    /// Writes the annotation and waits until the daemon has taken it away. False when it did not in time.
    pub(super) async fn give(
        &self,
        annotation: &str,
        value: &str,
        deadline: Deadline,
        ui: Ui,
    ) -> Result<bool, CliError> {
        let records = Records::new(self.cluster, self.namespace, self.source);
        records.annotate(&BTreeMap::from([(annotation.to_owned(), Some(value.to_owned()))])).await?;
        if deadline.is_zero() {
            ui.talk("ordered");
            return Ok(true);
        }
        loop {
            let summary = records.read(Shard::Summary).await?;
            if summary.is_none_or(|state| !state.annotations.contains_key(annotation)) {
                return Ok(true);
            }
            if !deadline.pause().await {
                let words = deadline.in_words();
                ui.warning(format_args!("no daemon has taken the order {words}; it stays until one does"));
                ui.hint(format_args!("is it running? `kubectl -n {} get pods`", self.namespace));
                return Ok(false);
            }
        }
    }
}
