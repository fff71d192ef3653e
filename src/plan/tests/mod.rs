//! What plans come to when they are carried out, one behaviour a test, and all of it together in [`model`].

mod autoscaling;
mod backup;
mod drift;
mod fighting;
mod gates;
mod held;
mod jobs;
mod migration;
mod model;
mod narrowing;
mod removal;
mod rollout;
mod volumes;
mod window;
mod world;
