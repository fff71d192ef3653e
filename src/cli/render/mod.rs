//! `portfolio render`: to the terminal or into a folder, once or with every change.

mod again;
mod output_dir;

use std::path::PathBuf;

use clap::ValueEnum;
use serde_json::json;

use super::input::{self, Input, InputArgs, counted};
use super::report::diagnostic;
use super::{CliError, Exit, Ui, names};
use crate::document::{Diagnostic, DocumentId, LoadedDocument, visible};
use crate::object::{Kind, Object, ObjectRef, Owner};
use crate::render::{RUNNER_IMAGE, RendererVersion, Run, render_document, to_yaml};

/// Shows the Kubernetes objects of documents.
///
/// What the daemon would apply, sorted and always the same for the same documents, as `kubectl apply -f -` reads
/// it. Nothing is shown when a document is in error, since the rest could be taken for all of it; `--keep-going`
/// shows the rest.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  portfolio render apps --environment prod
  portfolio render --only PortfolioApp/shop/web --format json
  portfolio render apps --output-dir rendered          a file an object
  portfolio render apps --watch                        again with every change
  portfolio render apps | kubectl diff --server-side --field-manager portfolio-reconciler -f -")]
pub struct Args {
    #[command(flatten)]
    input: InputArgs,

    /// Only this document: `Kind/namespace/name`, or as much of it as is needed. May be repeated.
    #[arg(long, value_name = "DOCUMENT")]
    only: Vec<String>,

    /// Show what can be shown, even when a document is in error.
    #[arg(long)]
    keep_going: bool,

    /// In which form.
    #[arg(long, default_value = "yaml")]
    format: Format,

    /// Write a file an object into this folder, `<namespace>/<kind>-<name>.yaml`, and remove those that an earlier run
    /// wrote there and this one does not.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["only", "keep_going"])]
    output_dir: Option<PathBuf>,

    /// Do it again whenever the files change, until Ctrl-C.
    #[arg(long)]
    watch: bool,

    /// As this version of the renderer makes them.
    #[arg(long, value_name = "VERSION", default_value = "v1")]
    renderer_version: Version,

    /// Image that runs migrations which name none, as the daemon's `runnerImage`.
    #[arg(long, value_name = "IMAGE", default_value = RUNNER_IMAGE)]
    runner_image: String,

    /// Name of the source that the objects belong to.
    #[arg(long, value_name = "NAME", default_value = "main")]
    source: String,

    /// Namespace of the daemon that the objects belong to.
    #[arg(long, value_name = "NAMESPACE", default_value = "portfolio-system")]
    owner_namespace: String,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// YAML documents
    Yaml,
    /// A List
    Json,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Version {
    V1,
}

impl From<Version> for RendererVersion {
    fn from(version: Version) -> Self {
        match version {
            Version::V1 => RendererVersion::V1,
        }
    }
}

pub(super) async fn run(args: &Args, ui: Ui) -> Result<Exit, CliError> {
    if args.watch {
        return again::watch(args, ui).await;
    }
    let input = input::read(&args.input)?;
    let rendered = render(args, &input, ui)?;
    give(args, &rendered.objects, ui)?;
    if rendered.is_partial {
        let left_out: Vec<String> = input.blocked.keys().map(DocumentId::to_string).collect();
        ui.warning(format_args!("left out because of errors: {}", left_out.join(", ")));
    }
    Ok(Exit::good_if(!rendered.is_partial))
}

/// What became of the documents.
struct Rendered {
    /// In order of creation.
    objects: Vec<Object>,
    /// Documents were left out because of errors.
    is_partial: bool,
}

fn render(args: &Args, input: &Input, ui: Ui) -> Result<Rendered, CliError> {
    input.warn(ui);
    let chosen = choose(args, input)?;
    let errors: Vec<Diagnostic> = input.diagnostics.iter().filter(|one| one.is_error()).cloned().collect();
    ui.talk_text(&diagnostic::full(&errors, &input.files, ui.talk_paint(), ui.width()));
    let is_partial = args.only.is_empty() && !errors.is_empty();
    if is_partial && !args.keep_going {
        let good: Vec<String> = chosen.iter().map(|located| located.document.id().to_string()).collect();
        let error = CliError::refused(format!(
            "nothing is rendered: {} in {}",
            counted(errors.len(), "error", "errors"),
            counted(input.count, "document", "documents")
        ));
        return Err(if good.is_empty() || args.output_dir.is_some() {
            error
        } else {
            error.with_hint(format!("--keep-going renders the good ones: {}", good.join(", ")))
        });
    }
    let owner = Owner { namespace: args.owner_namespace.clone(), source: args.source.clone() };
    let mut objects: Vec<Object> = Vec::new();
    for located in chosen {
        let run = Run { image: &args.runner_image, ..Run::default() };
        objects.extend(render_document(&located.document, &owner, run, args.renderer_version.into()));
    }
    objects.sort_by(|one, other| one.reference.cmp(&other.reference));
    Ok(Rendered { objects, is_partial })
}

/// Hands the objects on, to where they were asked for.
fn give(args: &Args, objects: &[Object], ui: Ui) -> Result<(), CliError> {
    let Some(folder) = &args.output_dir else {
        return ui.data(&match args.format {
            Format::Yaml => to_yaml(objects),
            Format::Json => {
                let items: Vec<_> = objects.iter().map(|object| &object.content).collect();
                format!("{:#}\n", json!({"apiVersion": "v1", "kind": "List", "items": items}))
            }
        });
    };
    let done = output_dir::write(folder, &objects.iter().map(|object| file(args.format, object)).collect())?;
    for path in &done.kept {
        let path = path.display().to_string();
        ui.warning(format_args!("{} was changed since it was written, so it stays", visible(&path)));
    }
    ui.talk(format_args!(
        "{} in {}: {} written, {} unchanged, {} removed",
        counted(objects.len(), "file", "files"),
        folder.display(),
        done.written,
        done.unchanged,
        done.removed
    ));
    Ok(())
}

/// The name and the content of an object's file.
fn file(format: Format, object: &Object) -> (String, String) {
    let (extension, text) = match format {
        Format::Yaml => ("yaml", to_yaml(std::slice::from_ref(object))),
        Format::Json => ("json", format!("{:#}\n", object.content)),
    };
    let ObjectRef { kind, namespace, name } = &object.reference;
    let mut words = kind.name().to_ascii_lowercase();
    // A kind of somebody else's may have the name of one of Kubernetes' own.
    if matches!(kind, Kind::Other(_)) && !kind.group().is_empty() {
        words = format!("{words}.{}", kind.group());
    }
    (format!("{namespace}/{words}-{name}.{extension}"), text)
}

/// The documents to render.
fn choose<'a>(args: &Args, input: &'a Input) -> Result<Vec<&'a LoadedDocument>, CliError> {
    if args.only.is_empty() {
        return Ok(input.documents.values().collect());
    }
    let known = || input.documents.keys().chain(input.blocked.keys());
    args.only
        .iter()
        .map(|text| {
            let id = names::find(text, known())?;
            match (input.documents.get(id), input.blocked.get(id)) {
                (Some(document), _) => Ok(document),
                (None, blocked) => Err(CliError::refused(format!(
                    "{id} is in error: {}",
                    blocked.map_or("it cannot be read", |blocked| blocked.message.as_str())
                ))),
            }
        })
        .collect()
}
