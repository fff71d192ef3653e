//! [`ConfigWatch`]: the configuration as it changes. An invalid new file is told and changes nothing.

use std::path::{Path, PathBuf};

use crate::source::FolderWatch;

use super::load::{ConfigError, parse, read};
use super::{Config, Overrides};

/// A configuration file that is watched.
#[derive(Debug)]
pub struct ConfigWatch {
    path: PathBuf,
    overrides: Overrides,
    folder: FolderWatch,
    /// What the file held when it was last looked at.
    seen: Result<String, ConfigError>,
}

impl ConfigWatch {
    /// Reads the file for the first time and watches its directory from then on.
    pub fn start(path: &Path, overrides: Overrides) -> Result<(Config, Self), ConfigError> {
        let directory = match path.parent() {
            Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
            Some(parent) => parent,
            None => return Err(ConfigError::new(path.display().to_string(), "is not a file")),
        };
        // First the watch, then the look: a change between them is seen.
        let folder = FolderWatch::flat(directory)
            .map_err(|error| ConfigError::new(path.display().to_string(), error.to_string()))?;
        let text = read(path)?;
        let config = parse(&path.display().to_string(), &text, &overrides)?;
        Ok((config, Self { path: path.to_owned(), overrides, folder, seen: Ok(text) }))
    }

    /// Waits for the file to hold something else. Can be dropped at any time.
    pub async fn next(&mut self) -> Result<Config, ConfigError> {
        loop {
            self.folder.changed().await;
            let now = read(&self.path);
            if now == self.seen {
                continue;
            }
            self.seen.clone_from(&now);
            return parse(&self.path.display().to_string(), &now?, &self.overrides);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;
    use std::time::Duration;

    use tempfile::TempDir;
    use tokio::time::timeout;

    use super::ConfigWatch;
    use crate::config::{Config, ConfigError, Overrides};

    fn text(level: &str) -> String {
        format!("sources: [{{name: main, url: ./apps}}]\nlogging: {{level: {level}}}\n")
    }

    async fn next(watch: &mut ConfigWatch) -> Result<Config, ConfigError> {
        timeout(Duration::from_secs(10), watch.next()).await.unwrap()
    }

    #[tokio::test]
    async fn an_invalid_file_is_told_and_the_next_good_one_taken() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("portfolio.yaml");
        fs::write(&path, text("info")).unwrap();
        let (config, mut watch) = ConfigWatch::start(&path, Overrides::default()).unwrap();
        assert_eq!(config.logging.level.as_str(), "info");
        fs::write(&path, "sources: [").unwrap();
        let error = next(&mut watch).await.unwrap_err();
        assert!(error.place.is_some(), "{error}");
        fs::remove_file(&path).unwrap();
        assert!(next(&mut watch).await.unwrap_err().to_string().contains("cannot be read"));
        fs::write(&path, text("debug")).unwrap();
        assert_eq!(next(&mut watch).await.unwrap().logging.level.as_str(), "debug");
    }

    #[tokio::test]
    async fn a_touch_or_another_file_is_no_change() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("portfolio.yaml");
        fs::write(&path, text("info")).unwrap();
        let (_, mut watch) = ConfigWatch::start(&path, Overrides::default()).unwrap();
        fs::write(&path, text("info")).unwrap();
        fs::write(folder.path().join("other"), "x").unwrap();
        assert!(timeout(Duration::from_millis(900), watch.next()).await.is_err());
    }

    /// Writes a version as the kubelet mounts a `ConfigMap`: a new folder, then `..data` swapped to it.
    fn publish(mount: &Path, version: &str, text: &str) {
        fs::create_dir(mount.join(version)).unwrap();
        fs::write(mount.join(version).join("portfolio.yaml"), text).unwrap();
        symlink(version, mount.join("..data_tmp")).unwrap();
        fs::rename(mount.join("..data_tmp"), mount.join("..data")).unwrap();
    }

    #[tokio::test]
    async fn a_config_map_that_is_swapped_is_seen() {
        let mount = TempDir::new().unwrap();
        publish(mount.path(), "..v1", &text("info"));
        symlink("..data/portfolio.yaml", mount.path().join("portfolio.yaml")).unwrap();
        let path = mount.path().join("portfolio.yaml");
        let (_, mut watch) = ConfigWatch::start(&path, Overrides::default()).unwrap();
        publish(mount.path(), "..v2", &text("debug"));
        fs::remove_dir_all(mount.path().join("..v1")).unwrap();
        assert_eq!(next(&mut watch).await.unwrap().logging.level.as_str(), "debug");
    }
}
