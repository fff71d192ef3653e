//! [`survey`]: what the documents of a revision hang on, for whoever waits for a change of it or asks for something
//! that none of them has.

use std::collections::BTreeSet;

use super::diagnostic::{all_of, did_you_mean, quoted};
use super::folder::entries;
use super::ignore::IGNORE_FILE;
use super::load::{config_folders, files};
use super::node::Node;
use super::{Cache, Options, Tree};

/// What the documents of a revision hang on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// Files that make a difference: those that are read as documents, `.portfolioignore`, and what lies in folders
    /// that documents refer to.
    pub inputs: BTreeSet<String>,
    /// Environments that some document has an overlay for.
    pub environments: BTreeSet<String>,
}

impl Survey {
    /// What to say when an environment is asked for that no document knows, though some know others: then every
    /// document is what its base is, and a name is easily misspelt.
    pub fn unknown_environment(&self, name: &str) -> Option<String> {
        if self.environments.is_empty() || self.environments.contains(name) {
            return None;
        }
        let known = || self.environments.iter().map(String::as_str);
        let meant = did_you_mean(name, known()).map(|meant| format!("; {meant}")).unwrap_or_default();
        let name = quoted(name);
        let known = all_of(known().take(FEW));
        Some(format!("no document has an overlay for the environment {name}: they have {known}{meant}"))
    }
}

/// Environments that are named.
const FEW: usize = 10;

/// Looks at the documents that [`load`](super::load) reads with the same arguments.
pub fn survey(tree: &Tree, options: &Options, cache: &mut Cache) -> Survey {
    let files = files(tree, options, cache);
    let mut inputs: BTreeSet<String> = files.keys().map(|path| (*path).to_owned()).collect();
    let is_ignore_file = |path: &&String| path.rsplit('/').next() == Some(IGNORE_FILE);
    inputs.extend(tree.entries.keys().filter(is_ignore_file).cloned());
    for folder in config_folders(&files) {
        inputs.extend(entries(tree, &folder).map(|(path, _)| path.to_owned()));
    }
    let documents = files.values().flat_map(|file| &file.documents);
    let overlays = documents.filter_map(|document| document.root.get("spec")?.get("environments"));
    let environments = overlays.flat_map(Node::entries);
    Survey { inputs, environments: environments.map(|overlay| overlay.key.text.clone()).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::tests::tree;

    #[test]
    fn what_makes_a_difference_is_told_from_what_lies_beside_it() {
        let app = "apiVersion: portfolio.dev/v1alpha1\nkind: PortfolioApp\nmetadata: {name: web}\n\
                   spec: {configFrom: ./config, environments: {prod: {replicas: 3}}}\n";
        let tree = tree(&[
            ("apps/web.yaml", app),
            ("apps/config/app.toml", ""),
            ("apps/.portfolioignore", "charts/\n"),
            ("apps/charts/web.yaml", ""),
            ("apps/.web.yaml.swp", ""),
            ("apps/validate.log", ""),
        ]);
        let options = Options { path: "apps".to_owned(), ..Options::new(crate::render::judge) };
        let survey = survey(&tree, &options, &mut Cache::default());
        let inputs: Vec<&str> = survey.inputs.iter().map(String::as_str).collect();
        assert_eq!(inputs, ["apps/.portfolioignore", "apps/config/app.toml", "apps/web.yaml"]);
        assert_eq!(survey.environments, BTreeSet::from(["prod".to_owned()]));
    }
}
