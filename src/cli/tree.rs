//! `portfolio tree`: a document, its objects, and what its Deployment made, drawn.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::Value;

use super::access::{find_record, known_sources};
use super::live::{self, Live, ReplicaSet, pod_state, restarts, text};
use super::report::age;
use super::status::detail::{cause_text, health_words};
use super::ui::{BAD, BOLD, BUSY, DIM, GOOD};
use super::{Access, CliError, Exit, Paint, Ui};
use crate::object::Kind;
use crate::record::Record;

/// Draws a document, its objects, replica sets and pods with their health.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Example:\n  portfolio tree shop/web")]
pub struct Args {
    /// A document: `name`, `namespace/name` or `Kind/namespace/name`.
    #[arg(value_name = "APP")]
    document: String,

    #[command(flatten)]
    access: Access,
}

pub(super) async fn run(args: &Args, ui: Ui) -> Result<Exit, CliError> {
    let cluster = args.access.connect().await?;
    let sources = known_sources(&cluster, &args.access.namespace, ui).await?;
    let (_, record) = find_record(&args.document, &sources)?;
    let live = live::read(&cluster, record, ui).await?;
    let mut drawn = draw(&tree(record, &live, ui.paint(), Timestamp::now()));
    if let Some(cause) = live.cause().filter(|_| !record.phase.is_good()) {
        drawn.push('\n');
        drawn.push_str(&cause_text(&cause, ui.paint()));
    }
    ui.data(&drawn)?;
    Ok(Exit::Good)
}

/// A line and what hangs below it.
struct Node {
    line: String,
    children: Vec<Node>,
}

fn tree(record: &Record, live: &Live, paint: Paint, now: Timestamp) -> Node {
    let children = record.inventory.items.iter().map(|(reference, item)| {
        let (health, message) = health_words(live, reference, now);
        let mut title = format!("{}/{}  {}", reference.kind, reference.name, styled(health, paint));
        if !message.is_empty() {
            // Writing into a String cannot fail.
            let _ = write!(title, "  {message}");
        }
        if item.stale {
            let _ = write!(title, "  {}", paint.paint(DIM, "(goes once the rollout is healthy)"));
        }
        let children = if reference.kind == Kind::Deployment {
            live.replica_sets.iter().map(|set| replica_set(set, paint, now)).collect()
        } else {
            live.runs.get(reference).into_iter().flatten().map(|one| pod(one, paint, now)).collect()
        };
        Node { line: title, children }
    });
    let title =
        format!("{}  {}", paint.paint(BOLD, &record.document), styled(&record.phase.to_string(), paint));
    Node { line: title, children: children.collect() }
}

fn replica_set(set: &ReplicaSet, paint: Paint, now: Timestamp) -> Node {
    let ready = set.pods.iter().filter(|pod| super::cause::is_ready(pod)).count();
    let pods = set.pods.iter().map(|one| pod(one, paint, now));
    let line = format!(
        "ReplicaSet/{}  {} of {} ready  {}",
        set.name,
        ready,
        set.wanted,
        paint.paint(DIM, format_args!("revision {}", set.revision))
    );
    Node { line, children: pods.collect() }
}

fn pod(pod: &Value, paint: Paint, now: Timestamp) -> Node {
    let mut line = format!("Pod/{}  {}", text(pod, "/metadata/name"), styled(&pod_state(pod), paint));
    if let Ok(started) = text(pod, "/metadata/creationTimestamp").parse() {
        let _ = write!(line, "  {}", age::text(started, now));
    }
    if restarts(pod) > 0 {
        let _ = write!(line, "  {} restarts", restarts(pod));
    }
    let node = text(pod, "/spec/nodeName");
    if !node.is_empty() {
        let _ = write!(line, "  {}", paint.paint(DIM, format_args!("on {node}")));
    }
    Node { line, children: Vec::new() }
}

fn styled(word: &str, paint: Paint) -> String {
    let style = match word {
        "Healthy" | "Ready" | "Running" | "Succeeded" => GOOD,
        "Progressing" | "Pending" | "Waiting" | "Applying" | "Deleting" | "ContainerCreating"
        | "Terminating" | "NotReady" => BUSY,
        "Unknown" | "Held" | "Suspended" => DIM,
        _ => BAD,
    };
    paint.paint(style, word)
}

fn draw(root: &Node) -> String {
    fn below(node: &Node, indent: &str, text: &mut String) {
        for (number, child) in node.children.iter().enumerate() {
            let is_last = number + 1 == node.children.len();
            let (branch, rest) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            let _ = writeln!(text, "{indent}{branch}{}", child.line);
            below(child, &format!("{indent}{rest}"), text);
        }
    }
    let mut text = format!("{}\n", root.line);
    below(root, "", &mut text);
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::document::DocumentId;
    use crate::object::ObjectRef;
    use crate::record::{Item, Phase};

    #[test]
    fn a_document_is_drawn_down_to_its_pods() {
        let mut record = Record::new(DocumentId::app("shop", "web"));
        record.phase = Phase::Degraded;
        let (deployment, service) =
            (ObjectRef::new(Kind::Deployment, "shop", "web"), ObjectRef::new(Kind::Service, "shop", "web"));
        let (scaler, job) = (
            ObjectRef::new(Kind::HorizontalPodAutoscaler, "shop", "web"),
            ObjectRef::new(Kind::CronJob, "shop", "web-tidy"),
        );
        for reference in [&deployment, &service, &scaler, &job] {
            record.inventory.items.insert(reference.clone(), Item::default());
        }
        let pod = json!({
            "metadata": {"name": "web-1-a", "creationTimestamp": "2026-11-02T10:00:00Z"},
            "spec": {"nodeName": "node-1"},
            "status": {"phase": "Running", "containerStatuses": [
                {"name": "app", "restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff"}}},
            ]},
        });
        let mut live = Live::default();
        live.objects.insert(service, None);
        live.objects.insert(
            scaler,
            Some(json!({"spec": {"minReplicas": 2, "maxReplicas": 5}, "status": {"currentReplicas": 2}})),
        );
        let failed = json!({"status": {"lastScheduleTime": "2026-11-02T03:00:00Z"}});
        live.objects.insert(job, Some(failed));
        let status = json!({"spec": {"replicas": 2}, "status": {"replicas": 2, "updatedReplicas": 2}});
        live.objects.insert(deployment, Some(status));
        live.replica_sets.push(ReplicaSet {
            name: "web-1".to_owned(),
            revision: 4,
            wanted: 2,
            pods: vec![pod],
        });
        let now = "2026-11-02T10:05:00Z".parse().unwrap();
        insta::assert_snapshot!(draw(&tree(&record, &live, Paint(false), now)));
    }
}
