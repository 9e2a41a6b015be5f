use super::*;

fn reader(bytes: &[u8]) -> Reader {
    let mut reader = Reader::new(16, true);
    arrive(&mut reader, bytes);
    reader
}

/// Everything is shown at once.
fn arrive(reader: &mut Reader, bytes: &[u8]) {
    reader.buffer().extend_from_slice(bytes);
    while reader.show(Portion::Raw(usize::MAX)) != Shown::Nothing {}
}

fn line(text: &'static [u8]) -> Found {
    Found::Line(Bytes::from_static(text))
}

#[test]
fn any_mixture_of_line_ends() {
    let mut reader = reader(b"\r\n\r\nA\r\n\nB\nC\r\r\nD\r");
    for expected in [b"A", b"B", b"C", b"D"] {
        assert_eq!(reader.take_line(), line(expected));
    }
    assert_eq!(reader.take_line(), Found::Nothing);
}

#[test]
fn a_body_behind_a_header_may_start_with_a_line_feed() {
    let mut reader = reader(b"#X: 2\r");
    assert_eq!(reader.take_line(), line(b"#X: 2"));
    assert!(!reader.settle());
    arrive(&mut reader, b"\n\nB\r\n");
    assert!(reader.settle());
    assert_eq!(reader.take_raw(2).unwrap(), &b"\nB"[..]);
}

#[test]
fn a_body_may_begin_right_behind_the_end_of_its_header() {
    for (header, body) in [(&b"#X: 2\r"[..], b"AB"), (b"#X: 2\n", b"\nB"), (b"#X: 2\r\n", b"\r\n")] {
        let mut reader = reader(&[header, body].concat());
        assert_eq!(reader.take_line(), line(b"#X: 2"));
        assert!(reader.settle());
        assert_eq!(reader.take_raw(2).unwrap(), &body[..]);
    }
}

#[test]
fn an_overlong_line_is_thrown_away_and_the_next_one_found() {
    let mut reader = reader(b"0123456789abcdef0");
    assert_eq!(reader.take_line(), Found::Overlong);
    assert!(reader.is_empty());
    for rest in [&b"rest"[..], b""] {
        arrive(&mut reader, rest);
        assert!(!reader.settle());
    }
    assert_eq!(reader.take_discarded(), 21);
    arrive(&mut reader, b"\r\nOK\r\n");
    assert!(reader.settle());
    assert_eq!(reader.take_line(), line(b"OK"));
    assert_eq!(reader.take_discarded(), 0);
}

#[test]
fn an_overlong_line_that_comes_in_one_piece_is_thrown_away_too() {
    let mut reader = reader(b"0123456789abcdef\r\n0123456789abcdef0\r\nOK\r\n");
    assert_eq!(reader.take_line(), line(b"0123456789abcdef"));
    assert_eq!(reader.take_line(), Found::Overlong);
    assert_eq!(reader.take_discarded(), 17);
    assert!(reader.settle());
    assert_eq!(reader.take_line(), line(b"OK"));
}

#[test]
fn consumed_bytes_are_reported_once() {
    let mut reader = reader(b"\r\nOK\r\n");
    assert_eq!(reader.take_line(), line(b"OK"));
    assert!(reader.settle());
    assert_eq!(reader.take_consumed().unwrap(), b"\r\nOK\r\n");
    assert_eq!(reader.take_consumed(), None);
}

#[test]
fn the_memory_of_lines_that_were_all_passed_is_free() {
    let mut reader = Reader::new(16, false);
    reader.buffer().extend_from_slice(b"\r\nOK\r\n");
    let mut run = reader.take_run().unwrap();
    let place = reader.next_line(&mut run).unwrap();
    let line = run.cut(place);
    reader.keep_run(run);
    *reader.buffer() = BytesMut::new();
    assert_eq!(line, "OK");
    assert!(line.is_unique(), "nothing else holds it");
}
