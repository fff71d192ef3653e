//! libgit2's network timeouts, the only thing of it that git2 offers as `unsafe` and that we cannot do without:
//! a server that goes silent would block a thread for ever. The two calls live in a crate of their own, so that
//! the product's crate keeps `unsafe_code = "forbid"`.

use std::sync::Once;
use std::time::Duration;

/// Sets how long libgit2 waits for a connection and for the next byte of a server. The first call wins.
///
/// libgit2 keeps both in plain C integers that every new connection reads, so call it before the first one.
pub fn set_once(connect: Duration, silence: Duration) {
    static SET: Once = Once::new();
    SET.call_once(|| {
        let millis = |of: Duration| i32::try_from(of.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: git2 marks these unsafe because they write C globals without a lock. `Once` lets one thread
        // through and holds the others until it is done; every connection of this process is opened after it.
        // The values are aligned ints without an invariant. Neither call can fail.
        #[allow(unsafe_code)]
        let result = unsafe {
            git2::opts::set_server_connect_timeout_in_milliseconds(millis(connect))
                .and_then(|()| git2::opts::set_server_timeout_in_milliseconds(millis(silence)))
        };
        debug_assert!(result.is_ok());
    });
}
