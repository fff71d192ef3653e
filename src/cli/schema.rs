//! `portfolio schema`: JSON Schemas, derived from the types that read the documents.
//!
//! The same texts are committed in `schemas/`; a test compares them.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

use super::{CliError, Exit, Ui};
use crate::document::{DocumentKind, schema};
use crate::record::{Record, Summary};

/// Prints the JSON Schema of a kind of document.
///
/// Editors with yaml-language-server check documents against it. Without a kind: the schema of any document.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  portfolio schema PortfolioApp > portfolioapp.json
  # yaml-language-server: $schema=portfolioapp.json      first line of a document")]
pub struct Args {
    /// Of what.
    #[arg(value_enum, ignore_case = true)]
    kind: Option<Kind>,
}

/// What has a schema.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
#[clap(rename_all = "verbatim")]
enum Kind {
    PortfolioApp,
    DatabaseMigration,
    /// What is remembered of a document
    #[clap(name = "record")]
    Record,
    /// What is known of a source
    #[clap(name = "summary")]
    Summary,
}

pub(super) fn run(args: &Args, ui: Ui) -> Result<Exit, CliError> {
    let found = match args.kind {
        None => any_document(),
        Some(Kind::PortfolioApp) => schema(DocumentKind::PortfolioApp),
        Some(Kind::DatabaseMigration) => schema(DocumentKind::DatabaseMigration),
        Some(Kind::Record) => schema_of::<Record>(),
        Some(Kind::Summary) => schema_of::<Summary>(),
    };
    ui.data(&format!("{found:#}\n"))?;
    Ok(Exit::Good)
}

fn schema_of<T: JsonSchema>() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    Schema::to_value(generator.into_root_schema_for::<T>())
}

/// Either kind of document.
fn any_document() -> Value {
    let [app, migration] = DocumentKind::ALL.map(schema);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Document",
        "if": {"properties": {"kind": {"const": DocumentKind::DatabaseMigration.name()}}, "required": ["kind"]},
        "then": nested("migration", migration),
        "else": nested("app", app),
    })
}

/// A schema below another: it keeps its own `$defs` by being one resource of its own.
fn nested(name: &str, mut schema: Value) -> Value {
    schema["$id"] = json!(format!("https://portfolio.dev/schemas/{name}.json"));
    schema
}
