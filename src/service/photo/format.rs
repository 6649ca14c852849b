//! The structure of image files, read before a decoder sees them: what it will cost, and that they
//! are what they say.

/// How many scans a JPEG has; `None` without any, or without an end-of-image marker: decoders fill
/// missing rows with grey. An embedded thumbnail has markers of its own, so segments are skipped
/// (ITU-T T.81, B.1.1). Within and between scans, what begins a scan counts wherever it stands, so
/// none can be hidden; data after the end is ignored.
pub fn jpeg_scans(bytes: &[u8]) -> Option<usize> {
    const START_OF_SCAN: u8 = 0xda;
    const END: u8 = 0xd9;
    const FILL: u8 = 0xff;
    let begins_scan = |pair: &[u8]| pair == [0xff, START_OF_SCAN];
    let (mut at, mut scans) = (2, 0);
    while let Some(pair) = bytes.get(at..at + 2) {
        let marker = match pair {
            [0xff, marker] if is_marker(*marker) => *marker,
            // Data of a scan.
            _ if scans > 0 => {
                at += 1;
                continue;
            }
            _ => return None,
        };
        at += match marker {
            END => return (scans > 0).then_some(scans),
            FILL => 1,
            _ => {
                let &[high, low] = bytes.get(at + 2..at + 4)? else { return None };
                let length = 2 + usize::from(u16::from_be_bytes([high, low]));
                if scans > 0 || marker == START_OF_SCAN {
                    scans +=
                        bytes.get(at..at + length)?.windows(2).filter(|w| begins_scan(w)).count();
                }
                length
            }
        };
    }
    None
}

/// Whether this byte after 0xff begins a segment or is the end. Others stand in the data of a scan
/// only, where decoders go over those of a file with a fault.
const fn is_marker(byte: u8) -> bool {
    // Frames, tables, scans and the end, segments of programs, a comment, a fill byte.
    matches!(byte, 0xc0..=0xcf | 0xd9..=0xdf | 0xe0..=0xef | 0xfe | 0xff)
}

/// Whether a WebP is one still picture that is as large as its canvas: decoders look at the canvas
/// first and at the picture only when it is decoded.
pub fn is_plain_webp(bytes: &[u8]) -> bool {
    const ANIMATED: u8 = 0b10;
    let number =
        |bytes: &[u8]| bytes.iter().rev().fold(0_u32, |n, byte| (n << 8) | u32::from(*byte));
    let (mut at, mut canvas, mut pictures) = (12, None, Vec::new());
    while let Some(head) = bytes.get(at..at + 8) {
        let length = number(&head[4..]) as usize;
        let data = &bytes[at + 8..];
        match &head[..4] {
            b"VP8X" => match data.get(..10) {
                Some(data) if data[0] & ANIMATED == 0 => {
                    canvas = Some((1 + number(&data[4..7]), 1 + number(&data[7..10])));
                }
                _ => return false,
            },
            b"VP8 " => match data.get(..10) {
                Some([_, _, _, 0x9d, 0x01, 0x2a, size @ ..]) => {
                    pictures.push((number(&size[..2]) & 0x3fff, number(&size[2..]) & 0x3fff));
                }
                _ => return false,
            },
            b"VP8L" => match data.get(..5) {
                Some([0x2f, size @ ..]) => {
                    let size = number(size);
                    pictures.push((1 + (size & 0x3fff), 1 + ((size >> 14) & 0x3fff)));
                }
                _ => return false,
            },
            b"ANIM" | b"ANMF" => return false,
            _ => {}
        }
        // Chunks begin at even places.
        at = at.saturating_add(8 + length + length % 2);
    }
    matches!(pictures[..], [size] if canvas.is_none_or(|canvas| canvas == size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scan_counts() {
        // As many scans as a file has room for, also where none belongs.
        let scan = [&[0xff, 0xda, 0, 2][..], &[0; 8]].concat();
        let scans = |n: usize| [&[0xff, 0xd8][..], &scan.repeat(n), &[0xff, 0xd9]].concat();
        assert_eq!(jpeg_scans(&scans(40)), Some(40));
        let hidden =
            [&[0xff, 0xd8, 0xff, 0xda, 0, 2, 0xff, 0xfe, 0, 8][..], &[0xff, 0xda].repeat(3)];
        assert_eq!(jpeg_scans(&[&hidden.concat()[..], &[0xff, 0xd9]].concat()), Some(4));
        for odd in [&[0xff, 0xd8, 0xff, 0, 0xff, 0xd9][..], &[0xff, 0xd8, 0xff, 0xd9]] {
            assert_eq!(jpeg_scans(odd), None, "no scan");
        }
    }

    #[test]
    fn a_webp_is_as_large_as_it_says() {
        let chunk = |name: &[u8; 4], data: &[u8]| {
            let length = u32::try_from(data.len()).unwrap().to_le_bytes();
            [&name[..], &length, data].concat()
        };
        let file = |chunks: &[Vec<u8>]| [&b"RIFF\0\0\0\0WEBP"[..], &chunks.concat()].concat();
        let canvas =
            |flags: u8, side: u8| chunk(b"VP8X", &[flags, 0, 0, 0, side - 1, 0, 0, side - 1, 0, 0]);
        let lossy = |side: u8| chunk(b"VP8 ", &[0, 0, 0, 0x9d, 0x01, 0x2a, side, 0, side, 0]);
        assert!(is_plain_webp(&file(&[lossy(8)])));
        assert!(is_plain_webp(&file(&[canvas(0, 8), lossy(8)])));
        for other in [
            file(&[canvas(0, 1), lossy(8)]),
            file(&[canvas(0b10, 8), lossy(8)]),
            file(&[canvas(0, 8), lossy(8), lossy(8)]),
            file(&[canvas(0, 8), chunk(b"ANMF", &[0; 16])]),
            file(&[canvas(0, 8)]),
        ] {
            assert!(!is_plain_webp(&other), "{other:?}");
        }
    }
}
