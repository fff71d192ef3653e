//! Names that people give documents: `web`, `shop/web`, `PortfolioApp/shop/web`.

use super::CliError;
use crate::document::DocumentId;

/// The one document that a person means.
pub(super) fn find<'a>(
    text: &str,
    known: impl IntoIterator<Item = &'a DocumentId>,
) -> Result<&'a DocumentId, CliError> {
    let known: Vec<&DocumentId> = known.into_iter().collect();
    let found: Vec<&DocumentId> = known.iter().copied().filter(|id| matches(text, id)).collect();
    match found.as_slice() {
        [one] => Ok(one),
        [] => {
            let error = CliError::usage(format!("there is no document `{text}`"));
            Err(match near(text, &known) {
                Some(id) => error.with_hint(format!("did you mean `{}/{}`?", id.namespace, id.name)),
                None => error.with_hint("write `name`, `namespace/name` or `Kind/namespace/name`"),
            })
        }
        several => {
            let names: Vec<String> = several.iter().map(|id| format!("`{id}`")).collect();
            Err(CliError::usage(format!("`{text}` could be {}", names.join(" or ")))
                .with_hint("write the one that is meant in full"))
        }
    }
}

/// Whether a person may mean this document.
fn matches(text: &str, id: &DocumentId) -> bool {
    match text.split('/').collect::<Vec<_>>().as_slice() {
        [name] => *name == id.name,
        [namespace, name] => *namespace == id.namespace && *name == id.name,
        [kind, namespace, name] => {
            id.kind.name().eq_ignore_ascii_case(kind) && *namespace == id.namespace && *name == id.name
        }
        _ => false,
    }
}

fn near<'a>(text: &str, known: &[&'a DocumentId]) -> Option<&'a DocumentId> {
    let name = text.rsplit('/').next().unwrap_or(text);
    known
        .iter()
        .copied()
        .map(|id| (strsim::damerau_levenshtein(name, &id.name), id))
        .filter(|(distance, id)| *distance <= 1.max(id.name.len() / 3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, id)| id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids() -> Vec<DocumentId> {
        [
            "PortfolioApp/shop/web",
            "PortfolioApp/blog/web",
            "PortfolioApp/shop/cart",
            "DatabaseMigration/shop/cart",
        ]
        .iter()
        .map(|text| text.parse().unwrap())
        .collect()
    }

    #[test]
    fn a_document_is_found_by_as_much_of_its_name_as_is_needed() {
        let ids = ids();
        assert_eq!(find("shop/web", &ids).unwrap(), &ids[0]);
        assert_eq!(find("portfolioapp/shop/cart", &ids).unwrap(), &ids[2]);
        assert_eq!(find("DatabaseMigration/shop/cart", &ids).unwrap(), &ids[3]);
    }

    #[test]
    fn a_name_that_could_be_several_is_refused_with_all_of_them() {
        let error = find("web", &ids()).unwrap_err();
        assert_eq!(error.to_string(), "`web` could be `PortfolioApp/shop/web` or `PortfolioApp/blog/web`");
    }

    #[test]
    fn a_typo_is_answered_with_the_nearest_name() {
        let error = find("wep", &ids()).unwrap_err();
        assert!(error.hint().unwrap().contains("did you mean"), "{error}");
        let error = find("payments", &ids()).unwrap_err();
        assert!(error.hint().unwrap().contains("namespace/name"), "{error}");
    }
}
