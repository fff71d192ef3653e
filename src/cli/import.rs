//! `portfolio import`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::report::diagnostic::{self, Files};
use super::report::import as report;
use super::{CliError, Exit, Ui};
use crate::document::MAX_FILE_BYTES;
use crate::import::{File, Imported, ImportedApp, Options, import, references};
use crate::redact::Redactor;

/// Makes documents of Kubernetes manifests and compose files.
///
/// Reads YAML or JSON as `kubectl get -o yaml`, `helm template` and `kustomize build` write it, and compose files, and
/// writes one document for each Deployment or service. Rendered, it gives back the same objects: what no field of a
/// document says is kept by a patch, and so is the absence of what portfolio would add, so that adopting what runs
/// changes nothing. What looks like a secret is not copied: the document names a Secret for it. What did not fit is told,
/// with file and line; then the exit code is 1.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  portfolio import deployment.yaml service.yaml > apps/shop.yaml
  kubectl get deployment,service,ingress,configmap -n shop -o yaml | portfolio import - --output-dir apps
  helm template shop ./chart | portfolio import - --namespace shop
  portfolio import compose.yaml --harden --output-dir apps")]
pub struct Args {
    /// Files with manifests, or compose files; `-` for standard input.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// Namespace of what names none. Default: `default`, or the name of the compose project.
    #[arg(long, short, value_name = "NAME")]
    namespace: Option<String>,

    /// Write each document into a file of its own in this folder, instead of all to standard output.
    #[arg(long, short, value_name = "FOLDER")]
    output_dir: Option<PathBuf>,

    /// Take portfolio's defaults wherever nothing is said: no root, a read-only file system, limits, probes. It changes
    /// how things run, so try it where nobody is hurt.
    #[arg(long)]
    harden: bool,
}

pub(super) fn run(args: &Args, ui: Ui) -> Result<Exit, CliError> {
    let mut paths: BTreeMap<String, PathBuf> = BTreeMap::new();
    let mut files = Vec::new();
    for path in &args.files {
        let (name, bytes) = read(path)?;
        if paths.insert(name.clone(), path.clone()).is_none() {
            files.push(File { name, bytes });
        }
    }
    let beside = beside(&files, &paths);
    let options = Options { namespace: args.namespace.clone(), harden: args.harden, beside };
    let imported = import(&files, &options);
    if !imported.errors.is_empty() {
        return Err(refuse(&files, &imported, ui));
    }
    match &args.output_dir {
        Some(folder) => write(folder, &imported.apps, ui)?,
        None => ui.data(&report::documents(&imported.apps))?,
    }
    ui.talk_text(&report::report(&imported, ui.talk_paint()));
    if imported.apps.is_empty() {
        return Err(CliError::refused("there is nothing in it that an app could be made of").with_hint(
            "an app is made of a Deployment, a StatefulSet of one pod, or a service of a compose file",
        ));
    }
    Ok(Exit::good_if(imported.is_complete()))
}

/// A file, or standard input, as far as it may go.
fn read(path: &Path) -> Result<(String, Vec<u8>), CliError> {
    let mut bytes = Vec::new();
    // One byte more tells that there is more.
    let most = MAX_FILE_BYTES + 1;
    if path.as_os_str() == "-" {
        let read = std::io::stdin().lock().take(most).read_to_end(&mut bytes);
        read.map_err(|error| CliError::io("standard input", error))?;
        return Ok(("-".to_owned(), bytes));
    }
    let file = fs::File::open(path).map_err(|error| CliError::file(path, error))?;
    file.take(most).read_to_end(&mut bytes).map_err(|error| CliError::file(path, error))?;
    Ok((path.display().to_string(), bytes))
}

/// Files that compose files refer to, as far as they are there.
fn beside(files: &[File], paths: &BTreeMap<String, PathBuf>) -> BTreeMap<(String, String), Vec<u8>> {
    let found = references(files).into_iter().filter_map(|(file, path)| {
        let folder = paths.get(&file)?.parent()?;
        let full = folder.join(&path);
        let is_small = full.metadata().is_ok_and(|meta| meta.is_file() && meta.len() <= MAX_FILE_BYTES);
        let bytes = if is_small { fs::read(&full).ok()? } else { return None };
        Some(((file, path), bytes))
    });
    found.collect()
}

fn refuse(files: &[File], imported: &Imported, ui: Ui) -> CliError {
    let mut texts = Files::default();
    for file in files {
        texts.add_text(&file.name, &String::from_utf8_lossy(&file.bytes));
    }
    let mut redactor = Redactor::default();
    texts.redact(&mut redactor);
    let errors = diagnostic::redacted(&imported.errors, &mut redactor);
    ui.talk_text(&diagnostic::full(&errors, &texts, ui.talk_paint(), ui.width()));
    CliError::usage("nothing is imported: the input cannot be read")
}

/// Writes each document into a file of its own. Nothing is written if one of them is there already.
fn write(folder: &Path, apps: &[ImportedApp], ui: Ui) -> Result<(), CliError> {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    let is_twice: BTreeSet<&str> =
        apps.iter().map(|app| app.id.name.as_str()).filter(|name| !names.insert(name)).collect();
    let file = |app: &ImportedApp| {
        let name = &app.id.name;
        let stem = if is_twice.contains(name.as_str()) {
            format!("{}-{name}", app.id.namespace)
        } else {
            name.clone()
        };
        folder.join(format!("{stem}.yaml"))
    };
    if let Some(there) = apps.iter().map(file).find(|path| path.exists()) {
        return Err(CliError::usage(format!("{} is there already", there.display()))
            .with_hint("nothing is written; name another folder, or remove it"));
    }
    fs::create_dir_all(folder).map_err(|error| CliError::file(folder, error))?;
    for app in apps {
        let path = file(app);
        fs::write(&path, &app.text).map_err(|error| CliError::file(&path, error))?;
        ui.talk(format_args!("wrote {}", path.display()));
    }
    Ok(())
}
