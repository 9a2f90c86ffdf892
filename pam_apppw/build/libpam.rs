// Shared by pam_apppw/build.rs and tests/build.rs by `include!`: what a build script needs to
// ask the C compiler where a library lies.

/// Where the C compiler finds `file`; `None` if it doesn't.
fn compiler_finds(file: &str) -> Option<std::path::PathBuf> {
    println!("cargo::rerun-if-env-changed=CC");
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let output = std::process::Command::new(compiler).arg(format!("-print-file-name={file}")).output().ok()?;
    let path = std::path::PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    // A file that is not found comes back as the bare name that was asked for.
    path.is_absolute().then_some(path).filter(|path| path.exists())
}

/// Makes `-lpam` link also where only libpam itself is installed and not its development
/// package: that package's `libpam.so` is nothing but a symbolic link, so make one in `OUT_DIR`.
fn link_libpam() {
    if compiler_finds("libpam.so").is_some() {
        return;
    }
    let Some(library) = compiler_finds("libpam.so.0") else {
        println!("cargo::warning=libpam.so.0 was not found; linking with -lpam will probably fail");
        return;
    };
    let out_dir = std::env::var("OUT_DIR").unwrap_or_default();
    let link = std::path::Path::new(&out_dir).join("libpam.so");
    let _ = std::fs::remove_file(&link);
    match std::os::unix::fs::symlink(&library, &link) {
        Ok(()) => println!("cargo::rustc-link-search=native={out_dir}"),
        Err(error) => println!("cargo::warning={}: {error}", link.display()),
    }
}
