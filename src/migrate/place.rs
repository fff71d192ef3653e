//! [`Place`]: line and column of a byte of a file.

/// A place in a file. Both count from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: u32,
    pub(super) column: u32,
}

impl Place {
    /// The place of a byte; the file's end for what lies past it.
    pub(super) fn at_byte(file: &str, byte: usize) -> Self {
        let before = file.get(..byte).unwrap_or(file);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
        }
    }

    /// The line itself, without its end.
    pub(super) fn line_of(self, file: &str) -> &str {
        file.lines().nth(self.line.saturating_sub(1) as usize).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_file_is_a_place_too() {
        let file = "a\r\nbü\n";
        assert_eq!(Place::at_byte(file, 0), Place { line: 1, column: 1 });
        assert_eq!(Place::at_byte(file, 3), Place { line: 2, column: 1 });
        assert_eq!(Place::at_byte(file, 99), Place { line: 3, column: 1 });
        assert_eq!(Place { line: 2, column: 1 }.line_of(file), "bü");
        assert_eq!(Place { line: 9, column: 1 }.line_of(file), "");
    }
}
