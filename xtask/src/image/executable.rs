//! What an executable of this machine needs in order to run in an image, and how it gets smaller.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

/// The shared libraries and the loader that it names, each by the path at which it is looked for; none when it is
/// statically linked.
///
/// The paths may be symbolic links. A library that is found only by the cache of this machine's loader, out of its
/// default folders (`ld.so(8)`), would not be found in an image.
pub fn libraries(executable: &Path) -> Result<Vec<PathBuf>> {
    let ldd = Command::new("ldd").arg(executable).env("LC_ALL", "C").output().context("running ldd")?;
    let complaint = String::from_utf8_lossy(&ldd.stderr);
    if complaint.contains("not a dynamic executable") {
        return Ok(Vec::new());
    }
    ensure!(ldd.status.success(), "`ldd {}` failed: {}", executable.display(), complaint.trim());
    parse(&String::from_utf8_lossy(&ldd.stdout))
        .with_context(|| format!("looking for the libraries of {}", executable.display()))
}

/// Lines are `name => path (address)`, `path (address)` of the loader, and `name (address)` of what the kernel brings.
fn parse(output: &str) -> Result<Vec<PathBuf>> {
    let mut libraries = Vec::new();
    for line in output.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if line == "statically linked" {
            continue;
        }
        if line.ends_with("=> not found") {
            bail!("a library is missing: {line}");
        }
        let (name, place) = line.split_once(" => ").unwrap_or((line, line));
        // The kernel looks for the loader by the name that the executable gives, wherever that leads.
        let path = if name.starts_with('/') { name } else { place };
        let path = path.split_once(" (").map_or(path, |(path, _)| path);
        if path.starts_with('/') {
            libraries.push(PathBuf::from(path));
        } else if line.contains(" => ") {
            bail!("not understood: {line}");
        }
    }
    Ok(libraries)
}

/// A copy without symbols and debug information, which are most of a debug build; made beside the executable when
/// that has changed. The executable itself where there is no `strip`.
pub fn stripped(executable: &Path) -> Result<PathBuf> {
    let beside = |suffix: &str| {
        let mut name = executable.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let modified = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified());
    let age = modified(executable).with_context(|| format!("looking at {}", executable.display()))?;
    let copy = beside(".stripped");
    // Equal and not newer: a build that ends while another is being stripped is noticed.
    if modified(&copy).is_ok_and(|copied| copied == age) {
        return Ok(copy);
    }
    let unfinished = beside(&format!(".stripped.{}", std::process::id()));
    match Command::new("strip").arg("-o").arg(&unfinished).arg(executable).output() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(executable.to_path_buf()),
        Err(error) => return Err(error).context("running strip"),
        Ok(output) if !output.status.success() => {
            let _ = fs::remove_file(&unfinished);
            let complaint = String::from_utf8_lossy(&output.stderr);
            bail!("`strip {}` failed: {}", executable.display(), complaint.trim());
        }
        Ok(_) => {}
    }
    // Opened for reading: one that is open for writing cannot be executed (`execve(2)`, ETXTBSY).
    let dated = File::open(&unfinished).and_then(|file| file.set_modified(age));
    dated
        .and_then(|()| fs::rename(&unfinished, &copy))
        .with_context(|| format!("making {}", copy.display()))?;
    Ok(copy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_and_loader_are_read_from_what_ldd_prints() {
        let output = "\tlinux-vdso.so.1 (0x00007f9d89651000)\n\
                      \tlibssl.so.3 => /lib/x86_64-linux-gnu/libssl.so.3 (0x00007f9d89596000)\n\
                      \tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f9d85c1e000)\n\
                      \t/lib64/ld-linux-x86-64.so.2 (0x00007f9d89653000)\n";
        let expected = [
            "/lib/x86_64-linux-gnu/libssl.so.3",
            "/lib/x86_64-linux-gnu/libc.so.6",
            "/lib64/ld-linux-x86-64.so.2",
        ];
        assert_eq!(parse(output).unwrap(), expected.map(PathBuf::from));
    }

    #[test]
    fn a_loader_that_is_found_elsewhere_keeps_the_name_that_the_kernel_looks_for() {
        let output =
            "\t/lib64/ld-linux-x86-64.so.2 => /usr/lib64/ld-linux-x86-64.so.2 (0x00007f9d89653000)\n";
        assert_eq!(parse(output).unwrap(), [PathBuf::from("/lib64/ld-linux-x86-64.so.2")]);
    }

    #[test]
    fn a_static_executable_needs_nothing() {
        assert!(parse("\tstatically linked\n").unwrap().is_empty());
    }

    #[test]
    fn a_library_that_is_missing_is_named() {
        let error = parse("\tlibssl.so.3 => not found\n").unwrap_err().to_string();
        assert!(error.contains("libssl.so.3"), "{error}");
    }

    #[test]
    fn an_executable_is_stripped_again_when_it_changed() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        fs::copy("/bin/true", &program).unwrap();
        let first = stripped(&program).unwrap();
        assert!(Command::new(&first).status().unwrap().success());
        assert_eq!(stripped(&program).unwrap(), first);
        fs::copy("/bin/false", &program).unwrap();
        assert_eq!(Command::new(stripped(&program).unwrap()).status().unwrap().code(), Some(1));
        assert!(!libraries(&program).unwrap().is_empty());
    }
}
