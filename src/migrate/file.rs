//! [`MigrationFile`]: the SQL files of a folder, as a ConfigMap is mounted or as they lie in a checkout.

use std::fs;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use flate2::read::GzDecoder;
use sha2::{Digest as _, Sha256};

use super::MigrateError;
use crate::document::{FilePurpose, MigrationFileName, MigrationPhase};

/// More than a ConfigMap holds, however well it is packed, and little enough to be read into memory.
const MAX_BYTES: u64 = 64 << 20;

/// A migration as it is read from a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationFile {
    /// Its place in the order.
    pub version: u64,
    /// What it is for.
    pub name: String,
    /// When it may run.
    pub phase: MigrationPhase,
    /// The file's name, without `.gz`.
    pub file: String,
    /// The statements.
    pub sql: String,
    /// SHA-256 of the statements as they were written, in hexadecimal.
    pub sha256: String,
}

impl MigrationFile {
    /// One with this content; none if the name is not that of a migration that goes forward.
    pub fn new(file: &str, sql: &str) -> Option<Self> {
        let parsed = MigrationFileName::parse(file)?;
        let FilePurpose::Up(phase) = parsed.purpose else { return None };
        Some(Self {
            version: parsed.version,
            name: parsed.name.to_owned(),
            phase,
            file: file.to_owned(),
            // Editors of other systems put it there; the server does not know it.
            sql: sql.strip_prefix('\u{feff}').unwrap_or(sql).to_owned(),
            sha256: hex::encode(Sha256::digest(sql.as_bytes())),
        })
    }
}

/// The migrations of a folder, by ascending version. Whatever is not called `.sql` or `.sql.gz` is somebody else's.
pub fn read(dir: &Path) -> Result<Vec<MigrationFile>, MigrateError> {
    let unreadable = |path: &Path, error: std::io::Error| {
        let hint = match error.kind() {
            ErrorKind::InvalidData => "save it as UTF-8",
            _ => "is --dir the folder of the SQL files?",
        };
        MigrateError::refused(format!("cannot read {}: {error}", path.display()), hint)
    };
    let mut files: Vec<MigrationFile> = Vec::new();
    for entry in fs::read_dir(dir).map_err(|error| unreadable(dir, error))? {
        let path = entry.map_err(|error| unreadable(dir, error))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        // A mounted ConfigMap has its files twice: `..data` is a link to the folder that holds them.
        if name.starts_with('.') {
            continue;
        }
        let plain = name.strip_suffix(".gz").unwrap_or(name);
        if !plain.to_ascii_lowercase().ends_with(".sql") {
            continue;
        }
        let sql = content(&path, plain != name).map_err(|error| unreadable(&path, error))?;
        if MigrationFileName::parse(plain).is_none() {
            return Err(MigrateError::refused(
                format!("`{plain}` is not the name of a migration file"),
                "write `0007_add_total.sql`, with `.backfill`, `.contract` or `.down` before `.sql`",
            ));
        }
        files.extend(MigrationFile::new(plain, &sql));
    }
    files.sort_by(|one, other| (one.version, &one.file).cmp(&(other.version, &other.file)));
    for pair in files.windows(2) {
        if let [one, other] = pair
            && one.version == other.version
        {
            return Err(MigrateError::refused(
                format!("`{}` and `{}` have the same version {}", one.file, other.file, one.version),
                "give each migration a version of its own",
            ));
        }
    }
    Ok(files)
}

fn content(path: &Path, packed: bool) -> std::io::Result<String> {
    let file = fs::File::open(path)?;
    let mut bytes = Vec::new();
    if packed {
        GzDecoder::new(file).take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    } else {
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    }
    if bytes.len() as u64 > MAX_BYTES {
        return Err(std::io::Error::other("it is larger than 64 MiB"));
    }
    match String::from_utf8(bytes) {
        // The server would take the text to end there. UTF-16 looks like that.
        Ok(text) if text.contains('\0') => {
            Err(std::io::Error::new(ErrorKind::InvalidData, "it has a character NUL"))
        }
        Ok(text) => Ok(text),
        Err(_) => Err(std::io::Error::new(ErrorKind::InvalidData, "it is not UTF-8")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    #[test]
    fn a_mounted_config_map_is_read_once_and_packed_files_are_the_same_files() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("..2026_01_01");
        fs::create_dir(&data).unwrap();
        fs::write(data.join("0002_b.sql"), "SELECT 2;").unwrap();
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        packed.write_all(b"SELECT 1;").unwrap();
        fs::write(data.join("0001_a.sql.gz"), packed.finish().unwrap()).unwrap();
        std::os::unix::fs::symlink("..2026_01_01", folder.path().join("..data")).unwrap();
        for name in ["0001_a.sql.gz", "0002_b.sql"] {
            std::os::unix::fs::symlink(format!("..data/{name}"), folder.path().join(name)).unwrap();
        }
        fs::write(folder.path().join("README.md"), "not SQL").unwrap();
        fs::write(folder.path().join("0001_a.down.sql"), "SELECT 0;").unwrap();
        let expected = [("0001_a.sql", "SELECT 1;"), ("0002_b.sql", "SELECT 2;")];
        let expected = expected.map(|(file, sql)| MigrationFile::new(file, sql).unwrap());
        assert_eq!(read(folder.path()).unwrap(), expected);
    }

    #[test]
    fn what_is_not_utf_8_is_refused_and_a_byte_order_mark_is_no_part_of_the_sql() {
        for bytes in [b"SELECT '\xfc';".as_slice(), b"S\0E\0L\0", b"\xff\xfeS\0"] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("1_a.sql"), bytes).unwrap();
            let error = read(folder.path()).unwrap_err();
            assert!(error.to_string().contains("1_a.sql") && error.hint().contains("UTF-8"), "{error}");
        }
        assert_eq!(MigrationFile::new("1_a.sql", "\u{feff}SELECT 1;").unwrap().sql, "SELECT 1;");
    }

    #[test]
    fn two_files_of_one_version_and_names_that_say_nothing_are_refused() {
        for names in [["1_a.sql", "01_b.sql"], ["1_a.sql", "b.sql"]] {
            let folder = tempfile::tempdir().unwrap();
            for name in names {
                fs::write(folder.path().join(name), "SELECT 1;").unwrap();
            }
            assert!(matches!(read(folder.path()), Err(MigrateError::Refused { .. })), "{names:?}");
        }
    }
}
