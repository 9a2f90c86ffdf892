//! Links libpam for the driver in `src/pam/`.

include!("../pam_apppw/build/libpam.rs");

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../pam_apppw/build/libpam.rs");
    link_libpam();
}
