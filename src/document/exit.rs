//! How a run of a migration ends, as its exit code: what `portfolio migrate exec` and a team's own tool can say.

/// There was nothing to do; only for who asked to be told.
pub const NOTHING_TO_DO: i32 = 10;
/// Nothing was changed: the database cannot be reached, or the lock is held by another run. Worth trying again.
pub const NOT_REACHED: i32 = 11;
/// A migration failed and left nothing changed.
pub const FAILED: i32 = 20;
/// It was interrupted, and it is safe to run it again.
pub const INTERRUPTED: i32 = 21;
/// A migration failed part-way: a person must look at the database.
pub const PART_WAY: i32 = 22;
