//! Links the module so that a login stays cheap in its host (docs/adr/0002-panic-unwind.md).
// Printing is how a build script talks to cargo.
#![allow(clippy::print_stdout)]

include!("build/libpam.rs");

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build/libpam.rs");
    link_libpam();

    // libpam loads and unloads its modules at every login; mapping and relocating ours anew
    // costs more than the whole rest of a login.
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");

    // A profile's `strip` doesn't reach a package that has a profile override of its own.
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo::rustc-cdylib-link-arg=-Wl,--strip-all");
    }

    // The unwinder from the static archive instead of libgcc_s.so.1: one library less that a C
    // host has to load. All of it, so that rustc's own `-lgcc_s` finds nothing left to do.
    match compiler_finds("libgcc_eh.a").as_deref().and_then(std::path::Path::parent) {
        Some(directory) => {
            println!("cargo::rustc-link-search=native={}", directory.display());
            println!("cargo::rustc-link-lib=static:+whole-archive=gcc_eh");
        }
        None => println!("cargo::warning=libgcc_eh.a was not found: the module will need libgcc_s.so.1"),
    }
}
