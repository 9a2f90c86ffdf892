# NixOS: services.apppwd.enable = true; services.apppwd.pamServices = [ "imap" "smtp" ];
{
  config,
  lib,
  pkgs,
  ...
}:

let
  cfg = config.services.apppwd;
  toml = pkgs.formats.toml { };
  module = "${cfg.package}/lib/security/pam_apppw.so";
in
{
  options.services.apppwd = {
    enable = lib.mkEnableOption "apppwd, which checks app passwords for services that authenticate through PAM";

    package = lib.mkOption {
      type = lib.types.package;
      default = pkgs.callPackage ./package.nix { };
      defaultText = lib.literalExpression "pkgs.callPackage ./package.nix { }";
      description = "The package with apppwd, apppw and pam_apppw.so.";
    };

    settings = lib.mkOption {
      inherit (toml) type;
      default = { };
      example = {
        policy.primary = "refuse-enrolled";
        limits.per_account = 10;
      };
      description = "What stands in {file}`/etc/apppw/apppwd.toml`: {manpage}`apppwd.toml(5)`. Checked when the system is built.";
    };

    pamServices = lib.mkOption {
      type = lib.types.listOf lib.types.str;
      default = [ ];
      example = [
        "imap"
        "smtp"
      ];
      description = ''
        PAM services that app passwords open, and nothing else: their whole stack is the one of
        {file}`packaging/pam/app-passwords-only`. For another stack set `security.pam.services.NAME.text`
        yourself, with the module `''${config.services.apppwd.package}/lib/security/pam_apppw.so`.
      '';
    };
  };

  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ cfg.package ];

    environment.etc."apppw/apppwd.toml" = lib.mkIf (cfg.settings != { }) {
      source =
        pkgs.runCommand "apppwd.toml" { given = toml.generate "apppwd-given.toml" cfg.settings; }
          ''
            ${cfg.package}/bin/apppwd --check --config "$given"
            cp "$given" "$out"
          '';
    };

    users.users.apppwd = {
      isSystemUser = true;
      group = "apppwd";
      description = "App password daemon";
      home = "/var/lib/apppwd";
    };
    users.groups = {
      apppwd = { };
      apppw-auth = { };
      apppw-admin = { };
      apppw-helpdesk = { };
    };

    # Its own units, as they are; NixOS adds what it enables.
    systemd.packages = [ cfg.package ];
    systemd.sockets.apppwd.wantedBy = [ "sockets.target" ];
    systemd.sockets.apppwd-admin.wantedBy = [ "sockets.target" ];
    systemd.services.apppwd = {
      wantedBy = [ "multi-user.target" ];
      restartTriggers = [ config.environment.etc."apppw/apppwd.toml".source or "" ];
      # Where NixOS has libraries and NSS modules.
      serviceConfig.ExecPaths = [ "/nix/store" ];
    };
    systemd.tmpfiles.rules = [ "d /run/apppwd 0755 root root -" ];

    security.pam.services = lib.genAttrs cfg.pamServices (_: {
      text = ''
        auth [success=done default=die] ${module}
        account required ${module}
      '';
    });
  };
}
