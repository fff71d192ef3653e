//! How much of a source is read into memory at all, whatever the repository holds.

/// Files and folders below a source's path.
const MAX_ENTRIES: u64 = 100_000;
/// Bytes of all files together.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// Counts what was read, up to the limit.
#[derive(Debug, Default)]
pub(super) struct Budget {
    entries: u64,
    bytes: u64,
}

impl Budget {
    /// One more file or folder; an error says which limit is passed.
    pub(super) fn count_entry(&mut self) -> Result<(), String> {
        self.entries += 1;
        if self.entries > MAX_ENTRIES {
            Err(format!("more than {MAX_ENTRIES} files and folders"))
        } else {
            Ok(())
        }
    }

    /// That many more bytes; an error says which limit is passed.
    pub(super) fn count_bytes(&mut self, bytes: u64) -> Result<(), String> {
        self.bytes += bytes;
        if self.bytes > MAX_BYTES {
            Err(format!("its files are more than {} MiB", MAX_BYTES / 1024 / 1024))
        } else {
            Ok(())
        }
    }
}
