//! `apppw completion`.

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  apppw completion bash > ~/.local/share/bash-completion/completions/apppw
  apppw completion zsh > DIR/_apppw   DIR: one of $fpath, before compinit
  apppw completion fish > ~/.config/fish/completions/apppw.fish

Where apppw is installed by `make install` they are in their places already.")]
pub struct Completion {
    /// Which shell
    pub shell: Shell,
}

/// A shell that can complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
}
