//! The docker-archive of an image: a tar of one layer, which is a tar itself, its configuration and a manifest.
//!
//! Source: Docker Image Specification v1.2, "Combined Image JSON + Filesystem Changeset Format". The order of the
//! members is free, so the layer comes first and is hashed while it is written.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tar::{Builder, EntryType, Header};

use super::{Content, Entry, Image};

const LAYER: &str = "layer.tar";

pub(super) fn write(image: &Image, to: &Path) -> Result<()> {
    let mut name = to.as_os_str().to_owned();
    // Of this process alone, should another one write the same image.
    name.push(format!(".{}.unfinished", std::process::id()));
    let unfinished = Path::new(&name);
    let written = write_members(image, unfinished)
        .and_then(|()| fs::rename(unfinished, to).with_context(|| format!("moving to {}", to.display())));
    if written.is_err() {
        // It may not even be there; the first error is the one to tell.
        let _ = fs::remove_file(unfinished);
    }
    written.with_context(|| format!("writing the image {}", image.name))
}

fn write_members(image: &Image, to: &Path) -> Result<()> {
    let file = File::create(to).with_context(|| format!("creating {}", to.display()))?;
    let mut archive = Builder::new(file);
    let digest = write_layer(image, &mut archive)?;
    let config = config(image, &digest);
    let config_name = format!("{}.json", hex::encode(Sha256::digest(&config)));
    let manifest = json!([{"Config": config_name, "RepoTags": [image.name], "Layers": [LAYER]}]);
    append_file(&mut archive, &config_name, 0o644, config.len() as u64, config.as_bytes())?;
    let manifest = manifest.to_string();
    append_file(&mut archive, "manifest.json", 0o644, manifest.len() as u64, manifest.as_bytes())?;
    archive.into_inner()?.flush()?;
    Ok(())
}

/// The image's configuration (OCI Image Specification, "Image Configuration").
fn config(image: &Image, layer_digest: &str) -> String {
    let env: Vec<String> = image.env.iter().map(|(name, value)| format!("{name}={value}")).collect();
    json!({
        "architecture": architecture(),
        "os": "linux",
        "config": {
            "Entrypoint": image.entrypoint,
            "Env": env,
            "User": format!("{0}:{0}", image.user),
            "WorkingDir": "/",
        },
        "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{layer_digest}")]},
    })
    .to_string()
}

/// OCI names architectures as Go does.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// The SHA-256 of what it wrote.
fn write_layer(image: &Image, archive: &mut Builder<File>) -> Result<String> {
    let mut header = header(EntryType::Regular, 0o644);
    let to = archive.append_writer(&mut header, LAYER)?;
    let mut layer = Builder::new(Hashing { to, hash: Sha256::new() });
    for (path, entry) in &image.entries {
        append(&mut layer, path, entry).with_context(|| format!("adding /{path}"))?;
    }
    let Hashing { to, hash } = layer.into_inner()?;
    to.finish()?;
    Ok(hex::encode(hash.finalize()))
}

fn append(layer: &mut Builder<impl Write>, path: &str, entry: &Entry) -> Result<()> {
    match entry {
        Entry::Folder { mode } => {
            layer.append_data(&mut header(EntryType::Directory, *mode), format!("{path}/"), io::empty())?;
        }
        Entry::Link { target } => {
            layer.append_link(&mut header(EntryType::Symlink, 0o777), path, target)?;
        }
        Entry::File { content: Content::Bytes(bytes), mode } => {
            append_file(layer, path, *mode, bytes.len() as u64, bytes.as_slice())?;
        }
        Entry::File { content: Content::At(source), mode } => {
            let file = File::open(source).with_context(|| format!("opening {}", source.display()))?;
            append_file(layer, path, *mode, file.metadata()?.len(), file)?;
        }
    }
    Ok(())
}

fn append_file(
    tar: &mut Builder<impl Write>,
    path: &str,
    mode: u32,
    bytes: u64,
    content: impl io::Read,
) -> io::Result<()> {
    let mut header = header(EntryType::Regular, mode);
    header.set_size(bytes);
    tar.append_data(&mut header, path, content)
}

/// Root's, from the epoch: nothing of the machine that writes it.
fn header(kind: EntryType, mode: u32) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(0);
    header
}

struct Hashing<W> {
    to: W,
    hash: Sha256,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or(bytes));
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Read as _;

    use serde_json::Value;
    use tar::Archive;

    use super::*;

    fn members(archive: &[u8]) -> BTreeMap<String, Vec<u8>> {
        let mut archive = Archive::new(archive);
        let read = |entry: io::Result<tar::Entry<'_, &[u8]>>| {
            let mut entry = entry.unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            (entry.path().unwrap().to_str().unwrap().to_owned(), content)
        };
        archive.entries().unwrap().map(read).collect()
    }

    fn written(image: &Image) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("image.tar");
        image.write(&to).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing but the archive is left");
        fs::read(to).unwrap()
    }

    fn sample() -> Image {
        Image::new("docker.io/local/sample:1")
            .text("/opt/deep/hello.txt", "hello", 0o640)
            .link("/bin/sh", "busybox")
            .entrypoint(&["/bin/sh", "-c"])
            .env("GREETING", "hello")
    }

    #[test]
    fn the_same_content_gives_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let with_file = |name: &str| {
            let source = folder.path().join(name);
            fs::write(&source, "content").unwrap();
            written(&sample().file(&source, "/bin/busybox", 0o755))
        };
        let first = with_file("first");
        assert_eq!(first, with_file("second"), "name and age of a source do not count");
        assert_ne!(first, written(&sample()));
    }

    #[test]
    fn names_and_digests_fit() {
        let members = members(&written(&sample()));
        let manifest: Value = serde_json::from_slice(&members["manifest.json"]).unwrap();
        assert_eq!(manifest[0]["RepoTags"], json!(["docker.io/local/sample:1"]));
        let layer = &members[manifest[0]["Layers"][0].as_str().unwrap()];
        let config_name = manifest[0]["Config"].as_str().unwrap();
        let config = &members[config_name];
        assert_eq!(config_name, format!("{}.json", hex::encode(Sha256::digest(config))));
        let config: Value = serde_json::from_slice(config).unwrap();
        let digest = format!("sha256:{}", hex::encode(Sha256::digest(layer)));
        assert_eq!(config["rootfs"]["diff_ids"], json!([digest]));
        assert_eq!(
            config["config"],
            json!({
                "Entrypoint": ["/bin/sh", "-c"],
                "Env": ["GREETING=hello", "PATH=/bin"],
                "User": "10001:10001",
                "WorkingDir": "/",
            })
        );
    }

    #[test]
    fn a_layer_holds_the_folders_of_its_files_and_belongs_to_root() {
        let archive = written(&sample());
        let layer = members(&archive).remove(LAYER).unwrap();
        let mut seen = Vec::new();
        for entry in Archive::new(layer.as_slice()).entries().unwrap() {
            let entry = entry.unwrap();
            let header = entry.header();
            assert_eq!((header.uid().unwrap(), header.gid().unwrap(), header.mtime().unwrap()), (0, 0, 0));
            let path = entry.path().unwrap().to_str().unwrap().to_owned();
            let link = entry.link_name().unwrap().map(|target| target.to_str().unwrap().to_owned());
            seen.push(format!("{:o} {path}{}", header.mode().unwrap(), link.unwrap_or_default()));
        }
        let expected = [
            "755 bin/",
            "777 bin/shbusybox",
            "755 etc/",
            "644 etc/group",
            "644 etc/passwd",
            "755 opt/",
            "755 opt/deep/",
            "640 opt/deep/hello.txt",
            "1777 tmp/",
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_missing_source_is_named_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let image = sample().file(Path::new("/no/such/file"), "/bin/x", 0o755);
        let error = format!("{:#}", image.write(&folder.path().join("image.tar")).unwrap_err());
        assert!(error.contains("adding /bin/x: opening /no/such/file"), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
