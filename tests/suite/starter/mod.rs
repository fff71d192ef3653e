//! What `portfolio init` writes for pipelines, run as the pipelines run it: the shell steps of both, the hook by
//! pre-commit itself, against a forge that is played by a server on this machine.

mod forge;
mod github;
mod gitlab;
mod pre_commit;
mod work_tree;
