//! The status page: sources, then their documents, what is bad first. Readable without its script and at any
//! width, light or dark as the reader's system is.

use jiff::Timestamp;
use maud::{DOCTYPE, Markup, html};

use super::Role;
use crate::cli::report::age;
use crate::document::Revision;
use crate::engine::{DocumentView, SourceView, View};
use crate::record::{Approval, Phase, SourceState};

/// `/style.css`
pub(super) const STYLE: &str = include_str!("style.css");
/// `/refresh.js`
pub(super) const SCRIPT: &str = include_str!("refresh.js");

/// The whole page. Addresses are relative, so that it may lie below any path of a proxy.
pub(super) fn page(role: &Role, now: Timestamp) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "portfolio" }
                link rel="stylesheet" href="style.css";
                script src="refresh.js" defer {}
            }
            body {
                header { h1 { "portfolio" } p #when { (now.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()) } }
                main #main { (content(role, now)) }
            }
        }
    }
}

fn content(role: &Role, now: Timestamp) -> Markup {
    match role {
        Role::Starting(why) => html! { p .note { "Starting: " (why) } },
        Role::Standby => {
            html! { p .note { "Another daemon leads; this one takes over when that one goes." } }
        }
        Role::Leading(view) => view_content(&view.borrow(), now),
    }
}

fn view_content(view: &View, now: Timestamp) -> Markup {
    html! {
        @if !view.listed {
            p .note { "The cluster is being listed; what is shown is what was remembered." }
        }
        @if view.sources.is_empty() {
            p .note { "There is nothing to show yet." }
        }
        @for source in &view.sources {
            (source_section(source, now))
        }
    }
}

fn source_section(source: &SourceView, now: Timestamp) -> Markup {
    let summary = &source.summary;
    let mut documents: Vec<&DocumentView> = source.documents.iter().collect();
    documents.sort_by_key(|document| (rank(document.phase), &document.id));
    html! {
        section {
            h2 {
                (summary.source) " "
                span class={ "badge " (state_class(summary.state)) } { (state_word(summary.state)) }
            }
            p .where {
                code { (Revision(summary.observed_revision.clone()).short()) } " "
                @if !summary.subject.is_empty() { q { (summary.subject) } " " }
                (summary.reference) " of " (summary.url)
                @if let Some(environment) = &summary.environment { ", environment " (environment) }
                @if let Some(since) = summary.since { ", " (age::text(since, now)) }
            }
            @if !summary.message.is_empty() { p .note { (summary.message) } }
            @for approval in summary.approvals() { (approval_note(approval)) }
            @if !summary.findings.is_empty() {
                details open {
                    summary { (summary.findings.len()) " findings in the files" }
                    ul .findings {
                        @for finding in &summary.findings {
                            li { code { (finding.place) } " " b { (finding.code) } " " (finding.message) }
                        }
                    }
                }
            }
            p .counts {
                @for phase in Phase::ALL {
                    @let count = source.documents.iter().filter(|document| document.phase == phase).count();
                    @if count > 0 { span class={ "badge " (phase_class(phase)) } { (count) " " (phase) } " " }
                }
            }
            @if !documents.is_empty() { (document_table(&documents)) }
        }
    }
}

fn document_table(documents: &[&DocumentView]) -> Markup {
    html! {
        table {
            thead { tr { th { "Document" } th { "Phase" } th { "Revision" } th { "Message" } } }
            tbody {
                @for document in documents {
                    tr {
                        td { b { (document.id.namespace) "/" (document.id.name) } " " small { (document.id.kind) } }
                        td { span class={ "badge " (phase_class(document.phase)) } { (document.phase) } }
                        td { code { (Revision(document.revision.clone()).short()) } }
                        td .message { (document.message) }
                    }
                }
            }
        }
    }
}

fn approval_note(approval: &Approval) -> Markup {
    html! {
        div .note {
            p { "A removal waits for a person (" (approval.reason) "): " (approval.objects) " objects of "
                (approval.documents.join(", ")) }
            p { code { "portfolio approve " (approval.hash) } }
        }
    }
}

/// What needs a look comes first.
const fn rank(phase: Phase) -> u8 {
    match phase {
        Phase::Failed | Phase::Degraded | Phase::Fighting => 0,
        Phase::RolledBack | Phase::Held => 1,
        Phase::Pending | Phase::Waiting | Phase::Applying | Phase::Progressing | Phase::Deleting => 2,
        Phase::Suspended => 3,
        Phase::Ready => 4,
    }
}

const fn phase_class(phase: Phase) -> &'static str {
    match phase {
        Phase::Failed | Phase::Degraded | Phase::Fighting => "bad",
        Phase::RolledBack | Phase::Held | Phase::Suspended => "warn",
        Phase::Pending | Phase::Waiting | Phase::Applying | Phase::Progressing | Phase::Deleting => "busy",
        Phase::Ready => "good",
    }
}

const fn state_class(state: SourceState) -> &'static str {
    match state {
        SourceState::Pending => "busy",
        SourceState::Ready => "good",
        SourceState::Incomplete => "warn",
        SourceState::Unreachable => "bad",
    }
}

const fn state_word(state: SourceState) -> &'static str {
    match state {
        SourceState::Pending => "not read yet",
        SourceState::Ready => "in order",
        SourceState::Incomplete => "files in error",
        SourceState::Unreachable => "cannot be read",
    }
}
