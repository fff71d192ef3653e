//! The settings of libgit2 that are for the whole process, that git2 offers as `unsafe` or not at all, and that we
//! cannot do without: a server that goes silent would block a thread for ever, and an ssh connection would look
//! into the home of whoever runs this. The calls live in a crate of their own, so that the product's crate keeps
//! `unsafe_code = "forbid"`.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

static HOME: OnceLock<PathBuf> = OnceLock::new();

/// Sets how long libgit2 waits for a connection and for the next byte of a server, and which folder it takes for
/// the user's home: there it looks for `.ssh/known_hosts`, to ask ssh servers for the types of key that stand in
/// it. The first call wins; gives the home that it set.
///
/// libgit2 keeps all of these in plain C variables that every new connection reads, so call it before the first
/// one.
pub fn set_once(connect: Duration, silence: Duration, home: &Path) -> &'static Path {
    HOME.get_or_init(|| {
        let millis = |of: Duration| i32::try_from(of.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: git2 marks these unsafe because they write C globals without a lock. `OnceLock` lets one thread
        // through and holds the others until it is done; every connection of this process is opened after it.
        // The values are aligned ints without an invariant. Neither call can fail.
        #[allow(unsafe_code)]
        let timeouts = unsafe {
            git2::opts::set_server_connect_timeout_in_milliseconds(millis(connect))
                .and_then(|()| git2::opts::set_server_timeout_in_milliseconds(millis(silence)))
        };
        debug_assert!(timeouts.is_ok());
        // The calls above have initialised libgit2, which would otherwise set the home anew.
        if let Ok(text) = CString::new(home.as_os_str().as_bytes()) {
            let key = libgit2_sys::GIT_OPT_SET_HOMEDIR as std::os::raw::c_int;
            // SAFETY: as above; `GIT_OPT_SET_HOMEDIR` takes one C string, which is alive here and is copied.
            #[allow(unsafe_code)]
            let set = unsafe { libgit2_sys::git_libgit2_opts(key, text.as_ptr()) };
            debug_assert_eq!(set, 0);
        }
        home.to_owned()
    })
}
