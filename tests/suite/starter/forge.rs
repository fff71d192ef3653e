//! A forge that only knows comments: the parts of GitHub's and GitLab's APIs that the pipelines ask for.
//!
//! Sources: <https://docs.github.com/en/rest/issues/comments>, <https://docs.gitlab.com/api/notes/#merge-requests>.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, patch, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// What both forges ask for as a token.
pub const TOKEN: &str = "a-token";

/// A server until it is dropped.
pub struct Forge {
    address: SocketAddr,
    comments: Comments,
    _runtime: Runtime,
}

type Comments = Arc<Mutex<Vec<Comment>>>;

#[derive(Clone)]
struct Comment {
    body: String,
    is_bot: bool,
}

#[derive(Deserialize)]
struct Page {
    per_page: usize,
    page: usize,
}

#[derive(Deserialize)]
struct Body {
    body: String,
}

impl Forge {
    pub fn start() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let address = listener.local_addr().unwrap();
        let comments = Comments::default();
        let router = Router::new()
            .route("/github/repos/team/apps/issues/7/comments", get(list_github).post(add))
            .route("/github/repos/team/apps/issues/comments/{id}", patch(change))
            .route("/gitlab/projects/42/merge_requests/7/notes", get(list_gitlab).post(add))
            .route("/gitlab/projects/42/merge_requests/7/notes/{id}", put(change))
            .with_state(Arc::clone(&comments));
        runtime.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, comments, _runtime: runtime }
    }

    /// Where the API of a forge begins.
    pub fn api(&self, forge: &str) -> String {
        format!("http://{}/{forge}", self.address)
    }

    /// Somebody has said something already.
    pub fn says(&self, body: &str) {
        self.comments.lock().unwrap().push(Comment { body: body.to_owned(), is_bot: false });
    }

    /// The texts of all comments, oldest first.
    pub fn comments(&self) -> Vec<String> {
        self.comments.lock().unwrap().iter().map(|comment| comment.body.clone()).collect()
    }
}

fn is_allowed(headers: &HeaderMap) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    header("authorization") == Some(&format!("Bearer {TOKEN}")) || header("private-token") == Some(TOKEN)
}

fn listed(comments: &Comments, page: &Page, of: impl Fn(usize, &Comment) -> Value) -> Json<Value> {
    let comments = comments.lock().unwrap();
    let from = (page.page - 1) * page.per_page;
    Json(
        comments
            .iter()
            .enumerate()
            .skip(from)
            .take(page.per_page)
            .map(|(id, comment)| of(id, comment))
            .collect(),
    )
}

async fn list_github(State(comments): State<Comments>, Query(page): Query<Page>) -> Json<Value> {
    listed(&comments, &page, |id, comment| {
        let user = if comment.is_bot { "Bot" } else { "User" };
        json!({"id": id, "body": comment.body, "user": {"type": user}})
    })
}

async fn list_gitlab(State(comments): State<Comments>, Query(page): Query<Page>) -> Json<Value> {
    listed(&comments, &page, |id, comment| json!({"id": id, "body": comment.body, "system": false}))
}

async fn add(State(comments): State<Comments>, headers: HeaderMap, body: String) -> StatusCode {
    let Ok(Body { body }) = serde_json::from_str(&body) else { return StatusCode::UNPROCESSABLE_ENTITY };
    if !is_allowed(&headers) {
        return StatusCode::UNAUTHORIZED;
    }
    comments.lock().unwrap().push(Comment { body, is_bot: true });
    StatusCode::CREATED
}

async fn change(
    State(comments): State<Comments>,
    Path(id): Path<usize>,
    headers: HeaderMap,
    body: String,
) -> StatusCode {
    let Ok(Body { body }) = serde_json::from_str(&body) else { return StatusCode::UNPROCESSABLE_ENTITY };
    if !is_allowed(&headers) {
        return StatusCode::UNAUTHORIZED;
    }
    match comments.lock().unwrap().get_mut(id) {
        Some(comment) => {
            comment.body = body;
            StatusCode::OK
        }
        None => StatusCode::NOT_FOUND,
    }
}
