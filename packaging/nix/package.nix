# apppw as a package: pkgs.callPackage ./package.nix { }
#
# Built from this repository or from the tarball of `make dist` (src = .../apppw-VERSION.tar.gz), without network: in
# the tarball lies what it is built from, else Cargo.lock says it.
{
  lib,
  rustPlatform,
  pam,
  src ? lib.cleanSource ../..,
}:

rustPlatform.buildRustPackage {
  pname = "apppw";
  version = "0.1.0";
  inherit src;

  cargoLock.lockFile = ../../Cargo.lock;
  cargoBuildFlags = [
    "-p"
    "apppwd"
    "-p"
    "apppw"
    "-p"
    "pam_apppw"
  ];

  buildInputs = [ pam ];

  # The tests start Dovecot and Postfix as root; `make test` runs them.
  doCheck = false;

  # `make install` is the one place that says where files go.
  installPhase = ''
    runHook preInstall
    release=$(dirname "$(find target -path '*/release/apppwd' -type f | head -n 1)")
    make install RELEASE="$release" PREFIX="$out" SBINDIR="$out/bin" PAMDIR="$out/lib/security" \
      ZSHDIR="$out/share/zsh/site-functions"
    runHook postInstall
  '';

  meta = {
    description = "App passwords for services that authenticate through PAM";
    license = with lib.licenses; [
      mit
      asl20
    ];
    platforms = lib.platforms.linux;
    mainProgram = "apppw";
  };
}
