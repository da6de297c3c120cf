//! The bytes of a window counter's node.
//!
//! | bytes | content |
//! | --- | --- |
//! | 4 | `zkw` and the version of this format, 1 |
//! | 8 | the window in microseconds, big-endian |
//! | 4 | the number of buckets, big-endian |
//! | 2 to 20 for each bucket that holds events, starting with the oldest | the distance from the previous bucket (for the first: from 0), and the count |
//!
//! Distances and counts are encoded in groups of 7 bits, the lowest group first. The high bit is set in all groups of a number
//! but the last.

use std::time::Duration;

use super::events::{Events, Window};

const MAGIC: [u8; 4] = *b"zkw\x01";

/// Encodes the node of a window with these events.
pub(super) fn write(window: &Window, events: &Events) -> Vec<u8> {
    let mut data = header(window);
    let mut before = 0;
    for (bucket, count) in &events.buckets {
        write_number(&mut data, bucket - before);
        write_number(&mut data, *count);
        before = *bucket;
    }
    data
}

fn header(window: &Window) -> Vec<u8> {
    [&MAGIC[..], &window.micros.to_be_bytes(), &window.buckets.to_be_bytes()].concat()
}

/// Decodes a node of any window. Returns `None` if these are not the bytes of a window counter.
pub(super) fn read(data: &[u8]) -> Option<(Window, Events)> {
    let data = data.strip_prefix(&MAGIC)?;
    let (micros, data) = data.split_first_chunk()?;
    let (buckets, mut data) = data.split_first_chunk()?;
    let (micros, buckets) = (u64::from_be_bytes(*micros), u32::from_be_bytes(*buckets));
    let window = Window::new(Duration::from_micros(micros), buckets).ok()?;
    let mut events = Events::default();
    let mut bucket = 0u64;
    while !data.is_empty() {
        let (distance, count) = (read_number(&mut data)?, read_number(&mut data)?);
        if count == 0 || (distance == 0 && !events.is_empty()) {
            return None;
        }
        bucket = bucket.checked_add(distance)?;
        events.total.checked_add(count)?;
        events.record(bucket, count);
    }
    Some((window, events))
}

/// Appends a number in groups of 7 bits, the lowest first. The high bit is set in all groups but the last.
fn write_number(data: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        data.push(number as u8 | 0x80);
        number >>= 7;
    }
    data.push(number as u8);
}

/// Reads a number and removes it from the front of `data`.
fn read_number(data: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = data.split_first()?;
        *data = rest;
        let bits = u64::from(byte & 0x7f);
        // The tenth group has room for one bit.
        if bits << shift >> shift != bits {
            return None;
        }
        number |= bits << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;
    use crate::ledger::Model;

    #[test]
    fn numbers_of_all_sizes_decode_to_themselves() {
        for number in (0..64).flat_map(|shift| [1 << shift, (1 << shift) - 1]).chain([u64::MAX]) {
            let mut data = Vec::new();
            write_number(&mut data, number);
            let mut rest = data.as_slice();
            assert_eq!((read_number(&mut rest), rest), (Some(number), &[][..]));
        }
    }

    #[test]
    fn foreign_bytes_are_refused() {
        let window = Window::new(Duration::from_secs(1), 10).unwrap();
        let mut events = Events::default();
        events.record(17_900_000_000, 300);
        let good = write(&window, &events);
        let mut damaged: Vec<Vec<u8>> = (1..good.len()).map(|length| good[..length].to_vec()).collect();
        // The header alone is a window without events.
        damaged.retain(|data| data.len() != header(&window).len());
        let with = |rest: &[u8]| [header(&window), rest.to_vec()].concat();
        damaged.extend([
            b"12345678".to_vec(),
            vec![0; 5000],
            [b"zkw\x02", &good[4..]].concat(),
            with(&[5, 0]),
            with(&[5, 1, 0, 1]),
            with(&[0xff; 11]),
            with(&[&[0xff; 9][..], &[1, 1], &[1, 1]].concat()),
            with(&[&[1], &[0xff; 9][..], &[1], &[1, 1]].concat()),
        ]);
        for data in damaged {
            let error = window.decode("/w", &data).unwrap_err();
            assert_eq!(error.code(), ErrorCode::BadData, "{data:?}");
            assert!(error.message().contains("/w") && error.message().len() < 250, "{error}");
        }
        assert_eq!(window.decode("/w", &with(&[])).unwrap(), Events::default());
        assert_eq!(window.decode("/w", b"").unwrap(), Events::default());
    }
}
