//! On which nodes the pods run, as whom, and how their images get there.

use super::metadata::label_syntax;
use super::{Rules, names};
use crate::document::diagnostic::quoted;
use crate::document::{Code, TaintEffect, Toleration, TolerationOperator};

impl Rules<'_> {
    pub(super) fn placement(&mut self) {
        self.account();
        self.pull();
        let Some(placement) = &self.app.spec.placement else { return };
        for (key, value) in &placement.node_selector {
            label_syntax(key, value, &["placement", "nodeSelector"], self.places, self.diagnostics);
        }
        if let Some(class) = &placement.priority_class {
            self.reference("a PriorityClass", &["placement", "priorityClass"], class);
        }
        if let Some(spread) = &placement.spread
            && spread.iter().enumerate().any(|(at, key)| spread.iter().take(at).any(|before| before == key))
        {
            self.key_error(
                Code::InvalidValue,
                &["placement", "spread"],
                "`spread` names something twice",
                "write `[zone, node]`, one of them, or `[]`",
            );
        }
        for (number, toleration) in placement.tolerations.iter().enumerate() {
            self.toleration(&number.to_string(), toleration);
        }
    }

    /// Source: k8s.io/kubernetes `ValidateTolerations`.
    fn toleration(&mut self, number: &str, toleration: &Toleration) {
        let exists = toleration.operator == TolerationOperator::Exists;
        let problem = match (&toleration.key, &toleration.value) {
            (Some(key), _) if !names::is_qualified_name(key) => Some((
                "key",
                format!("{} cannot be the key of a taint", quoted(key)),
                "write it as the node has it",
            )),
            (None, _) if !exists && self.whole => Some((
                "key",
                "a toleration without a key is for every taint".to_owned(),
                "write `operator: Exists` if it is meant to be, else the `key`",
            )),
            (_, Some(value)) if exists && !value.is_empty() => Some((
                "value",
                "with `operator: Exists` the value does not count".to_owned(),
                "remove `value`",
            )),
            (_, Some(value)) if !names::is_label_value(value) => Some((
                "value",
                format!("{} cannot be the value of a taint", quoted(value)),
                "at most 63 letters, digits, `-`, `_` and `.`",
            )),
            (_, _)
                if toleration.toleration_seconds.is_some()
                    && toleration.effect != Some(TaintEffect::NoExecute)
                    && self.whole =>
            {
                Some((
                    "tolerationSeconds",
                    "`tolerationSeconds` is for taints that send pods away".to_owned(),
                    "write `effect: NoExecute`, or remove `tolerationSeconds`",
                ))
            }
            (_, _) => None,
        };
        if let Some((field, message, help)) = problem {
            let path = ["placement", "tolerations", number, field];
            self.error(Code::InvalidToleration, &path, message, help);
        }
    }

    fn pull(&mut self) {
        let Some(pull) = &self.app.spec.pull else { return };
        for (number, secret) in pull.secrets.iter().enumerate() {
            let number = number.to_string();
            self.reference("a Secret", &["pull", "secrets", &number], secret);
            self.twice(Code::InvalidReference, &["pull", "secrets", &number], &pull.secrets);
        }
    }

    fn account(&mut self) {
        let Some(account) = &self.app.spec.service_account else { return };
        if let Some(name) = &account.name {
            self.reference("a ServiceAccount", &["serviceAccount", "name"], name);
        }
        self.object_annotations(&account.annotations, &["serviceAccount", "annotations"]);
    }
}
