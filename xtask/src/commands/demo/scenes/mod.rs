//! The scenes. Each does what a person would do and waits for what the product answers.

mod played;
mod real;

use anyhow::Result;

use super::narrator::Narrator;
use super::stage::Stage;

/// A scene.
pub(super) type Scene = fn(&mut Stage, &Narrator) -> Result<()>;

pub(super) use played::ALL as PLAYED;
pub(super) use real::ALL as REAL;
