//! A connection that speaks in lines, shared by the clients.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use super::{Answer, Outcome};

/// Longer than any answer that a healthy server gives here, shorter than a hanging test is bearable. The failure
/// delay of an untuned Dovecot (2 s, up to 15 s with its penalty) isn't meant to fit: test configurations switch it off.
const PATIENCE: Duration = Duration::from_secs(12);

pub(super) struct Wire {
    stream: BufReader<TcpStream>,
    last_line: String,
}

impl Wire {
    pub(super) fn connect(to: SocketAddr, from: Option<IpAddr>) -> io::Result<Wire> {
        // socket2, because std can't bind before connecting.
        let socket = Socket::new(Domain::for_address(to), Type::STREAM, None)?;
        let from = from.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        if from.is_ipv4() == to.is_ipv4() {
            socket.bind(&SocketAddr::new(from, 0).into())?;
        }
        socket.connect_timeout(&to.into(), PATIENCE)?;
        let stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Wire { stream: BufReader::new(stream), last_line: String::new() })
    }

    /// The next line without its end, or `None` if the server hung up (which servers do on hostile input: that is an
    /// answer, not an error).
    pub(super) fn read(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        match self.stream.read_until(b'\n', &mut line) {
            Ok(0) => return Ok(None),
            Ok(_) => {}
            Err(e) if hung_up(&e) => return Ok(None),
            Err(e) => return Err(e),
        }
        while matches!(line.last(), Some(b'\r' | b'\n')) {
            line.pop();
        }
        self.last_line = String::from_utf8_lossy(&line).into_owned();
        Ok(Some(self.last_line.clone()))
    }

    /// Read until `wanted` says yes; `None` if the server hung up before that.
    pub(super) fn read_until(&mut self, wanted: impl Fn(&str) -> bool) -> io::Result<Option<String>> {
        loop {
            match self.read()? {
                Some(line) if wanted(&line) => return Ok(Some(line)),
                Some(_) => {}
                None => return Ok(None),
            }
        }
    }

    /// Read until one of these ends what has come, for what doesn't speak in lines; `None` if the server hung up before
    /// that.
    pub(super) fn read_through(&mut self, ends: &[&str]) -> io::Result<Option<String>> {
        let mut read = Vec::new();
        let mut byte = [0];
        loop {
            match self.stream.read_exact(&mut byte) {
                Ok(()) => read.extend(byte),
                Err(e) if hung_up(&e) => return Ok(None),
                Err(e) => return Err(e),
            }
            if ends.iter().any(|end| read.ends_with(end.as_bytes())) {
                self.last_line = String::from_utf8_lossy(&read).into_owned();
                return Ok(Some(self.last_line.clone()));
            }
        }
    }

    pub(super) fn write(&mut self, parts: &[&[u8]]) -> io::Result<()> {
        match self.stream.get_mut().write_all(&parts.concat()) {
            // What it said before hanging up is still to be read.
            Err(e) if hung_up(&e) => Ok(()),
            other => other,
        }
    }

    /// Write a line and read the answer to it.
    pub(super) fn ask(
        &mut self,
        parts: &[&[u8]],
        wanted: impl Fn(&str) -> bool,
    ) -> io::Result<Option<String>> {
        self.write(&[&parts.concat(), b"\r\n"])?;
        self.read_until(wanted)
    }

    pub(super) fn answer(&self, outcome: Outcome) -> Answer {
        Answer { outcome, last_line: self.last_line.clone() }
    }

    pub(super) fn closed(&self) -> Answer {
        self.answer(Outcome::ProtocolRefused(format!("connection closed after {:?}", self.last_line)))
    }
}

fn hung_up(e: &io::Error) -> bool {
    matches!(
        e.kind(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof
    )
}

/// RFC 4648 base64, with padding.
pub(super) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits =
            chunk.iter().enumerate().fold(0u32, |bits, (i, byte)| bits | u32::from(*byte) << (16 - 8 * i));
        for i in 0..4 {
            let sextet = (bits >> (18 - 6 * i)) & 63;
            text.push(if i <= chunk.len() { char::from(ALPHABET[sextet as usize]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn base64_of_rfc_4648() {
        for (plain, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(super::base64(plain.as_bytes()), coded);
        }
        assert_eq!(super::base64(&[0xff, 0xfe, 0]), "//4A");
    }
}
