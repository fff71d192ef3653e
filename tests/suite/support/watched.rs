//! Every state that objects went through, by `kubectl get --watch`.

use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Duration;

use super::{Sandbox, eventually};

/// A watch, until it is dropped.
pub struct Watched {
    child: Child,
    output: PathBuf,
}

impl Watched {
    /// Watches an object (`deployment/shop`) or all of a kind, of which one must be there; of each state it notes what
    /// this template (kubectl, "`JSONPath` support") says.
    pub fn start(sandbox: &Sandbox, what: &str, path: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("watch-").tempdir_in(sandbox.path()).unwrap().keep();
        let output = folder.join("seen");
        let mut kubectl = sandbox.cluster().kubectl();
        kubectl.args(["get", what, "--watch", "--namespace", &sandbox.namespace]);
        kubectl.arg(format!("--output=jsonpath={path}{{\"\\n\"}}"));
        kubectl.stdin(Stdio::null()).stdout(File::create(&output).unwrap()).process_group(0);
        let child = kubectl.spawn().unwrap();
        sandbox.cluster().take_along(&format!("watch-{}", child.id()), &child).unwrap();
        let watched = Self { child, output };
        eventually(Duration::from_secs(30), "the watch has begun", || !watched.seen().is_empty());
        watched
    }

    /// A line for each state so far.
    pub fn seen(&self) -> Vec<String> {
        fs::read_to_string(&self.output).unwrap().lines().map(ToOwned::to_owned).collect()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
