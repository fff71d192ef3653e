//! `portfolio schema`: JSON Schemas, derived from the types that read documents and the configuration.
//!
//! The same texts are committed in `schemas/`; a test compares them.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use super::diff::Report;
use super::report::json::Validation;
use super::{CliError, Exit, Ui};
use crate::config;
use crate::document::{DocumentKind, schema};
use crate::record::{Record, Summary};

/// Prints the JSON Schema of a kind of document, of the daemon's configuration, or of what another command prints.
///
/// Editors with yaml-language-server check documents and the configuration against it. Without a kind: the schema of any
/// document.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  portfolio schema PortfolioApp > portfolioapp.json
  # yaml-language-server: $schema=portfolioapp.json      first line of a document
  portfolio schema config > config.json
  # yaml-language-server: $schema=config.json            first line of portfolio.yaml")]
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
    /// The daemon's configuration, `portfolio.yaml`
    #[clap(name = "config")]
    Config,
    /// What is remembered of a document
    #[clap(name = "record")]
    Record,
    /// What is known of a source
    #[clap(name = "summary")]
    Summary,
    /// What `diff --format json` prints
    #[clap(name = "diff")]
    Diff,
    /// What `validate --format json` prints
    #[clap(name = "validate")]
    Validate,
}

pub(super) fn run(args: &Args, ui: Ui) -> Result<Exit, CliError> {
    let found = match args.kind {
        None => any_document(),
        Some(Kind::PortfolioApp) => schema(DocumentKind::PortfolioApp),
        Some(Kind::DatabaseMigration) => schema(DocumentKind::DatabaseMigration),
        Some(Kind::Config) => config::schema(),
        Some(Kind::Record) => schema_of::<Record>(),
        Some(Kind::Summary) => schema_of::<Summary>(),
        Some(Kind::Diff) => schema_of_output::<Report<'_>>(),
        Some(Kind::Validate) => schema_of_output::<Validation<'_>>(),
    };
    ui.data(&format!("{found:#}\n"))?;
    Ok(Exit::Good)
}

fn schema_of<T: JsonSchema>() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    Schema::to_value(generator.into_root_schema_for::<T>())
}

/// Of what is only written: everything that is always there is required.
fn schema_of_output<T: JsonSchema>() -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    Schema::to_value(generator.into_root_schema_for::<T>())
}

/// Either kind of document.
pub(super) fn any_document() -> Value {
    let mut definitions = Map::new();
    let [app, migration] = DocumentKind::ALL.map(|kind| nested(kind, schema(kind), &mut definitions));
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Document",
        "if": {"properties": {"kind": {"const": DocumentKind::DatabaseMigration.name()}}, "required": ["kind"]},
        "then": migration,
        "else": app,
        "$defs": definitions,
    })
}

/// A schema below another: its definitions move to the root, each with the kind in its name. Editors do not follow
/// references within a resource of its own.
fn nested(kind: DocumentKind, mut schema: Value, definitions: &mut Map<String, Value>) -> Value {
    let own = schema.as_object_mut().and_then(|schema| {
        schema.remove("$schema");
        schema.remove("$defs")
    });
    renamed(&mut schema, kind);
    for (name, mut definition) in own.into_iter().flat_map(|own| match own {
        Value::Object(own) => own,
        _ => Map::new(),
    }) {
        renamed(&mut definition, kind);
        definitions.insert(format!("{kind}.{name}"), definition);
    }
    schema
}

fn renamed(schema: &mut Value, kind: DocumentKind) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get_mut("$ref") {
                *reference = reference.replace("#/$defs/", &format!("#/$defs/{kind}."));
            }
            fields.values_mut().for_each(|value| renamed(value, kind));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| renamed(item, kind)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
