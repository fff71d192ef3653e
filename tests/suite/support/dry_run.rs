//! What the API server would do with an object: a server-side apply that stores nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::stream::{self, StreamExt as _};
use http::header::{CONTENT_TYPE, WARNING};
use http::{Method, Request};
use kube::client::Body;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use portfolio::document::built_in_kind;
use portfolio::object::{FIELD_MANAGER, Manifest, Object};
use serde_json::Value;
use url::Url;

use super::Sandbox;

/// So long for an answer.
const PATIENCE: Duration = Duration::from_mins(1);
/// So many at a time.
const CONCURRENCY: usize = 8;

/// What became of an object.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It would be stored like this, and this would be said.
    Taken { stored: Value, warnings: Vec<String> },
    /// Why it would not.
    Refused(String),
}

impl Verdict {
    /// Why this is not all right: it is refused, there is a warning, or it would be stored otherwise than it was written.
    /// What is stored in another form, every later apply would change again.
    pub fn complaints(&self, object: &Object) -> Vec<String> {
        match self {
            Self::Refused(message) => vec![message.clone()],
            Self::Taken { stored, warnings } => {
                let warnings = warnings.iter().map(|warning| format!("it warns: {warning}"));
                let mut complaints: Vec<String> = warnings.collect();
                changed(&object.content, stored, "", &mut complaints);
                complaints
            }
        }
    }
}

/// What was written and is stored otherwise.
fn changed(written: &Value, stored: &Value, path: &str, complaints: &mut Vec<String>) {
    match (written, stored) {
        _ if written == stored || path == "/metadata/namespace" => {}
        (Value::Object(written), Value::Object(stored)) => {
            for (key, value) in written {
                let path = format!("{path}/{key}");
                changed(value, stored.get(key).unwrap_or(&Value::Null), &path, complaints);
            }
        }
        (Value::Array(written), Value::Array(stored)) if written.len() == stored.len() => {
            for (written, stored) in written.iter().zip(stored) {
                changed(written, stored, &format!("{path}/*"), complaints);
            }
        }
        // The server leaves out what says as much as nothing.
        (Value::String(text), Value::Null) if text.is_empty() => {}
        _ => complaints.push(format!("{path} is stored as {stored}, not {written}")),
    }
}

/// Asks for each of these objects, in the sandbox's namespace in the place of their own. Answers come in the order of
/// the objects; of two that are the same, one is asked for.
pub fn dry_run(sandbox: &Sandbox, objects: &[&Object]) -> Vec<Verdict> {
    let mut kept: Vec<&Object> = Vec::new();
    let mut place: BTreeMap<&str, usize> = BTreeMap::new();
    let places: Vec<usize> = objects
        .iter()
        .map(|object| {
            *place.entry(&object.hash).or_insert_with(|| {
                kept.push(object);
                kept.len() - 1
            })
        })
        .collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let verdicts: Vec<Verdict> = runtime.block_on(async {
        let client = client(sandbox).await;
        let requests: Vec<_> = kept.iter().map(|object| (client.clone(), request(sandbox, object))).collect();
        stream::iter(requests)
            .map(|(client, request)| async move { tokio::spawn(ask(client, request)).await.unwrap() })
            .buffered(CONCURRENCY)
            .collect()
            .await
    });
    places.into_iter().map(|place| verdicts[place].clone()).collect()
}

async fn client(sandbox: &Sandbox) -> kube::Client {
    let kubeconfig = Kubeconfig::read_from(sandbox.kubeconfig()).unwrap();
    let options = KubeConfigOptions { context: Some("admin".to_owned()), ..KubeConfigOptions::default() };
    kube::Client::try_from(Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap()).unwrap()
}

fn request(sandbox: &Sandbox, object: &Object) -> Request<Body> {
    let mut content = Value::clone(&object.content);
    content["metadata"]["namespace"] = sandbox.namespace.as_str().into();
    let kind = object.reference.kind;
    let root = if kind.group().is_empty() { "api" } else { "apis" };
    let mut url = Url::parse("http://server").unwrap();
    url.path_segments_mut().unwrap().extend([root]).extend(kind.api_version().split('/')).extend([
        "namespaces",
        &sandbox.namespace,
        &built_in_kind(&kind.api_version(), kind.name()).unwrap().plural,
        &object.reference.name,
    ]);
    url.query_pairs_mut()
        .append_pair("dryRun", "All")
        .append_pair("fieldManager", FIELD_MANAGER)
        .append_pair("fieldValidation", "Strict")
        .append_pair("force", "true");
    let path = &url[url::Position::BeforePath..];
    Request::builder()
        .method(Method::PATCH)
        .uri(path)
        .header(CONTENT_TYPE, "application/apply-patch+yaml")
        .body(Body::from(Manifest::from(content).apply_body()))
        .unwrap()
}

async fn ask(client: kube::Client, request: Request<Body>) -> Verdict {
    let what = request.uri().to_string();
    let answer = tokio::time::timeout(PATIENCE, client.send(request)).await;
    let answer = answer.unwrap_or_else(|_| panic!("no answer to {what}")).unwrap();
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = answer.into_body().collect_bytes().await.unwrap();
    if !status.is_success() {
        let message = serde_json::from_slice::<Value>(&body).ok();
        let message = message.and_then(|status| Some(status["message"].as_str()?.to_owned()));
        return Verdict::Refused(message.unwrap_or_else(|| format!("{status}")));
    }
    let warnings = headers.get_all(WARNING).iter().map(|warning| warning.to_str().unwrap().to_owned());
    Verdict::Taken { stored: serde_json::from_slice(&body).unwrap(), warnings: warnings.collect() }
}
