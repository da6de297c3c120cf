//! Splits one direction of a connection into frames: a length of four bytes, and as many bytes.

/// The reason why a connection is cut. It becomes the text of an error and of a log line.
pub(crate) type Reason = &'static str;

/// Capacity that is kept for the next frame that arrives in pieces.
const KEPT_CAPACITY: usize = 16 * 1024;

/// Receives the frames of one direction.
pub(crate) trait Sink {
    /// Returns the largest length that the next frame may have.
    fn max_length(&self) -> usize;

    /// Takes the next frame, without its length.
    fn frame(&mut self, frame: &[u8]) -> Result<(), Reason>;
}

/// Finds frames in a stream of bytes. A frame that arrives in one piece is not copied.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    /// The first bytes of the frame that is still incomplete, with its length.
    partial: Vec<u8>,
}

impl Frames {
    /// Passes each frame that `bytes` completes to `sink`.
    ///
    /// # Errors
    /// If a frame is refused: the number of bytes before it, or before the piece of it that is in `bytes`, and the reason. An
    /// excessive length is refused before the frame arrives.
    pub(crate) fn feed(&mut self, bytes: &[u8], sink: &mut dyn Sink) -> Result<(), (usize, Reason)> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let at = bytes.len() - rest.len();
            let taken = self.next(rest, sink).map_err(|reason| (at, reason))?;
            rest = &rest[taken..];
        }
        Ok(())
    }

    /// Takes the first frame of `bytes`, or the piece of a frame, and returns its length.
    fn next(&mut self, bytes: &[u8], sink: &mut dyn Sink) -> Result<usize, Reason> {
        if self.partial.is_empty()
            && let Some(end) = end(bytes, sink)?
            && let Some(frame) = bytes.get(4..end)
        {
            sink.frame(frame)?;
            return Ok(end);
        }
        let missing = end(&self.partial, sink)?.unwrap_or(4) - self.partial.len();
        let taken = missing.min(bytes.len());
        self.partial.extend_from_slice(&bytes[..taken]);
        if end(&self.partial, sink)? == Some(self.partial.len()) {
            sink.frame(&self.partial[4..])?;
            self.partial.clear();
            self.partial.shrink_to(KEPT_CAPACITY);
        }
        Ok(taken)
    }
}

/// Returns where the frame that starts with `bytes` ends. `None` if its length is still incomplete.
fn end(bytes: &[u8], sink: &dyn Sink) -> Result<Option<usize>, Reason> {
    let Some(length) = bytes.first_chunk().map(|length| i32::from_be_bytes(*length)) else {
        return Ok(None);
    };
    match usize::try_from(length) {
        Ok(length) if length <= sink.max_length() => Ok(Some(4 + length)),
        Ok(_) => Err("a frame longer than any honest one"),
        Err(_) => Err("a frame with a negative length"),
    }
}
