//! The bare clone of one source: a cache. Missing, broken or made for another URL, it is made again; losing it
//! loses nothing but time.
//!
//! It is opened for each poll and closed after it (an open one keeps deleted packs on disk), reads no
//! configuration but its own, and never has a work tree.

use std::path::{Path, PathBuf};

use git2::{Config, Repository, RepositoryInitOptions};

/// More packs than this make every lookup slow, and libgit2 cannot repack: the clone is made anew.
const MAX_PACKS: usize = 200;

const URL_KEY: &str = "portfolio.url";

/// The place of a clone.
#[derive(Clone, Debug)]
pub(super) struct Clone {
    dir: PathBuf,
    url: String,
}

impl Clone {
    /// The clone of `url` for the source `name`, below `cache`. Nothing is touched yet.
    pub(super) fn new(cache: &Path, name: &str, url: &str) -> Self {
        Self { dir: cache.join(format!("{name}.git")), url: url.to_owned() }
    }

    /// Where it is.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Opens it; an unusable one is thrown away and made anew, empty.
    pub(super) fn open(&self) -> Result<Repository, git2::Error> {
        if self.dir.exists() {
            match self.open_existing() {
                Ok(Some(repository)) => return Ok(repository),
                Ok(None) => tracing::info!(dir = %self.dir.display(), "the clone is made anew"),
                Err(error) => {
                    tracing::warn!(dir = %self.dir.display(), %error, "the clone is broken, making it anew");
                }
            }
        }
        self.throw_away().map_err(|error| {
            git2::Error::from_str(&format!("cannot remove the old clone: {error}; check who owns the folder"))
        })?;
        self.create()
    }

    /// Removes it from disk.
    pub(super) fn throw_away(&self) -> std::io::Result<()> {
        match std::fs::remove_dir_all(&self.dir) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    fn open_existing(&self) -> Result<Option<Repository>, git2::Error> {
        let repository = Repository::open_bare(&self.dir)?;
        let config = self.isolate(&repository)?;
        let ours = config.get_string(URL_KEY).is_ok_and(|url| url == self.url);
        Ok((ours && self.packs() <= MAX_PACKS).then_some(repository))
    }

    fn create(&self) -> Result<Repository, git2::Error> {
        let mut options = RepositoryInitOptions::new();
        options.bare(true).mkpath(true).no_reinit(true).external_template(false);
        let repository = Repository::init_opts(&self.dir, &options)?;
        self.isolate(&repository)?.set_str(URL_KEY, &self.url)?;
        Ok(repository)
    }

    /// From here on `repository` knows only its own configuration: no `url.*.insteadOf`, `http.proxy` or the
    /// like of whoever's machine this is.
    fn isolate(&self, repository: &Repository) -> Result<Config, git2::Error> {
        let config = Config::open(&self.dir.join("config"))?;
        repository.set_config(&config)?;
        Ok(config)
    }

    /// How many packs there are; what a killed process left of an unfinished one is removed.
    fn packs(&self) -> usize {
        let Ok(entries) = std::fs::read_dir(self.dir.join("objects/pack")) else { return 0 };
        let mut packs = 0;
        for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
            match path.extension() {
                Some(extension) if extension == "pack" => packs += 1,
                Some(_) => {}
                None => drop(std::fs::remove_file(path)),
            }
        }
        packs
    }
}
