//! Names that compose allows and Kubernetes does not, and command lines that stand in one text.

/// The name of a thing in Kubernetes: lower case, `-` for what is not allowed, a letter first. Empty if nothing is left.
pub(super) fn label(name: &str) -> String {
    let lower =
        name.chars().map(|char| if char.is_ascii_alphanumeric() { char.to_ascii_lowercase() } else { '-' });
    let lower: String = lower.take(63).collect();
    let trimmed = lower.trim_matches('-');
    match trimmed.chars().next() {
        Some(first) if first.is_ascii_digit() => format!("s{}", trimmed.chars().take(62).collect::<String>()),
        Some(_) | None => trimmed.to_owned(),
    }
}

/// The words of a command line, as a POSIX shell divides them, without anything that a shell would do beyond that.
pub(super) fn split(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(char) = chars.next() {
        match char {
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '\'' => break,
                        char => word.push(char),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '"' => break,
                        '\\' => match chars.next()? {
                            char @ ('"' | '\\' | '$' | '`') => word.push(char),
                            char => word.extend(['\\', char]),
                        },
                        char => word.push(char),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(chars.next()?),
            char if char.is_whitespace() => words.extend(word.take()),
            char => word.get_or_insert_default().push(char),
        }
    }
    words.extend(word);
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_labels() {
        assert_eq!(label("my_App.web"), "my-app-web");
        assert_eq!(label("7zip"), "s7zip");
        assert_eq!(label("___"), "");
        assert_eq!(label(&"é".repeat(3)), "");
    }

    #[test]
    fn command_lines_are_divided_as_a_shell_does_it() {
        for (line, words) in [
            ("npm run start", &["npm", "run", "start"][..]),
            (r#"sh -c "echo \"$A\" 'b'""#, &["sh", "-c", r#"echo "$A" 'b'"#]),
            (r"a\ b ''", &["a b", ""]),
            ("", &[]),
            (r#""a\nb""#, &[r"a\nb"]),
        ] {
            assert_eq!(split(line).unwrap(), words, "{line}");
        }
        assert_eq!(split("'a"), None);
        assert_eq!(split("a\\"), None);
    }
}
