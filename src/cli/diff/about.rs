//! [`About`]: what was compared with what, for the reports that outlive the command.

/// What was compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct About {
    /// What there is now: a revision, or the cluster.
    pub(super) from: String,
    /// What there would be.
    pub(super) to: String,
    /// Name of the source.
    pub(super) source: String,
    /// The environment whose overlays were merged.
    pub(super) environment: Option<String>,
    /// Folder with the documents, from the repository's root; empty for all of it.
    pub(super) path: String,
    /// The command, without a format.
    pub(super) command: String,
}

impl About {
    /// The sticky comment's first line. It names what the comment is about, so that comments about several
    /// environments stand side by side.
    pub(super) fn marker(&self) -> String {
        let mut text = format!("portfolio diff source={}", self.source);
        for (name, value) in
            [("environment", self.environment.as_deref()), ("path", Some(self.path.as_str()))]
        {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                text.push_str(&format!(" {name}={value}"));
            }
        }
        // Neither an end of the comment nor a second one.
        let plain = |char: char| char.is_ascii_alphanumeric() || "._/= -".contains(char);
        let text: String = text.chars().map(|char| if plain(char) { char } else { '_' }).collect();
        format!("<!-- {} -->", text.replace("--", "-_"))
    }
}

/// An argument as a shell takes it.
pub(super) fn quoted(text: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "._/=:@%+,~^-".contains(char);
    if !text.is_empty() && text.chars().all(plain) && !text.starts_with('~') {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marker_names_source_environment_and_folder_and_cannot_be_broken() {
        let about = About { source: "main".into(), environment: Some("prod".into()), ..About::default() };
        assert_eq!(about.marker(), "<!-- portfolio diff source=main environment=prod -->");
        let about = About {
            source: "main".into(),
            environment: Some("a--><script>".into()),
            path: "apps/shop".into(),
            ..About::default()
        };
        assert_eq!(
            about.marker(),
            "<!-- portfolio diff source=main environment=a-___script_ path=apps/shop -->"
        );
    }

    #[test]
    fn arguments_are_quoted_where_a_shell_would_change_them() {
        assert_eq!(quoted("origin/main...HEAD~1"), "origin/main...HEAD~1");
        assert_eq!(quoted("it's here"), r"'it'\''s here'");
        assert_eq!(quoted("$(x)"), "'$(x)'");
    }
}
