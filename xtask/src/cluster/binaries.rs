//! Where the executables of the control plane come from.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::go_tools;

/// The folders in which to look for an executable, best first.
#[derive(Debug, Clone)]
pub(super) struct Binaries {
    folders: Vec<PathBuf>,
}

/// What envtest's folder must hold; the rest of the control plane may be there.
const ENVTEST: [&str; 3] = ["etcd", "kube-apiserver", "kubectl"];
const CONTROLLERS: [&str; 2] = ["kube-controller-manager", "kube-scheduler"];
const AGENTS: [&str; 2] = ["kubelet", "kube-proxy"];

/// What is to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// With a played node.
    ControlPlane,
    /// With a real one.
    Node,
}

impl Binaries {
    /// Finds all that it takes, building what is not there.
    ///
    /// `KUBEBUILDER_ASSETS` comes first when it is set: the convention of
    /// <https://book.kubebuilder.io/reference/envtest.html> for a folder of
    /// one's own, for instance with another version of Kubernetes.
    pub(super) fn find(size: Size) -> Result<Self> {
        let mut folders = Vec::new();
        let assets = std::env::var_os("KUBEBUILDER_ASSETS").filter(|folder| !folder.is_empty());
        if let Some(assets) = assets.map(PathBuf::from) {
            for program in ENVTEST {
                let path = assets.join(program);
                anyhow::ensure!(
                    path.is_file(),
                    "KUBEBUILDER_ASSETS is set, but {} is no file",
                    path.display()
                );
            }
            folders.push(assets);
        }
        if !folders.iter().any(|folder| has_all(folder, &CONTROLLERS)) {
            folders.push(go_tools::KUBERNETES.built()?);
        }
        match size {
            Size::ControlPlane if folders.iter().any(|folder| has_all(folder, &["kwok"])) => {}
            Size::ControlPlane => folders.push(go_tools::KWOK.built()?),
            Size::Node => {
                if !folders.iter().any(|folder| has_all(folder, &AGENTS)) {
                    folders.push(go_tools::KUBERNETES.built()?);
                }
                folders.push(go_tools::NODE.built()?);
            }
        }
        Ok(Self { folders })
    }

    /// Where they are, best first.
    pub(super) fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// The path of `program`; its bare name, so that the error names it, if it is nowhere.
    pub(super) fn path(&self, program: &str) -> PathBuf {
        let mut candidates = self.folders.iter().map(|folder| folder.join(program));
        candidates.find(|path| path.is_file()).unwrap_or_else(|| PathBuf::from(program))
    }
}

fn has_all(folder: &Path, programs: &[&str]) -> bool {
    programs.iter().all(|program| folder.join(program).is_file())
}
