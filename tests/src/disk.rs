//! A small disk below a site that outlives its daemon: it can be filled, emptied, and is there after
//! a restart.

use crate::apppwd::Site;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// Puts the disk over the folder and keeps the namespace until its input ends, which it does with the
/// test, however that ends.
const HOLD: &str =
    "mount -t tmpfs -o \"size=$3,mode=0700,uid=$2,gid=$2\" apppw \"$1\" && echo here && exec cat";

/// A mount namespace with the disk in it.
pub struct SmallDisk {
    holder: Child,
    dir: PathBuf,
}

impl SmallDisk {
    /// Over the folder `dir`, which is new, for a daemon of that uid. Root only.
    pub(crate) fn over(site: &Site, dir: &str, uid: u32, size: &str) -> Self {
        let dir = site.path(dir);
        fs::create_dir(&dir).expect("a new folder");
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private", "sh", "-c", HOLD, "sh"]);
        command.arg(&dir).arg(uid.to_string()).arg(size);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut holder = command.spawn().expect("unshare (util-linux) runs");
        let mut line = String::new();
        let output = holder.stdout.take().expect("it is piped");
        BufReader::new(output).read_line(&mut line).expect("a word of it");
        assert_eq!(line, "here\n", "a small disk can be mounted");
        Self { holder, dir }
    }

    /// Has a command run where the disk is.
    pub(crate) fn enter(&self) -> [String; 4] {
        let namespace = format!("--mount=/proc/{}/ns/mnt", self.holder.id());
        // Inside, the working directory would be the one outside.
        ["nsenter".to_owned(), namespace, "--wd=/".to_owned(), "--".to_owned()]
    }

    /// A program's command there.
    pub fn command(&self, program: &std::path::Path) -> Command {
        let [enter, rest @ ..] = self.enter();
        let mut command = Command::new(enter);
        command.args(rest).arg(program);
        command
    }

    /// The file that fills it.
    fn filler(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{}", self.holder.id(), self.dir.join("filler").display()))
    }

    /// Fills it to its last byte.
    pub fn fill(&self) {
        let mut file = fs::File::options()
            .create(true)
            .append(true)
            .open(self.filler())
            .expect("a file on the small disk");
        while file.write_all(&[0; 4096]).is_ok() {}
    }

    /// Makes room again.
    pub fn empty(&self) {
        fs::remove_file(self.filler()).expect("room again");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
