//! The sample mails, each with what is read from it.

use crate::support::{assert_presentable, read, samples};

#[test]
fn each_sample_is_read_as_recorded() {
    let samples = samples();
    assert!(samples.len() >= 8);
    for (name, raw) in samples {
        let parsed = read(&raw);
        assert_presentable(&parsed);
        assert_eq!(parsed.incomplete, None, "{name}");
        insta::assert_json_snapshot!(name, (&parsed.email, parsed.date));
    }
}

#[test]
fn samples_have_the_line_ends_of_the_wire() {
    for (name, raw) in samples() {
        let lines = raw.split_inclusive(|&byte| byte == b'\n').collect::<Vec<_>>();
        assert!(lines.iter().all(|line| line.ends_with(b"\r\n")), "{name}");
    }
}

#[test]
fn line_ends_do_not_matter() {
    for (name, raw) in samples() {
        let unix = raw.iter().copied().filter(|&byte| byte != b'\r').collect::<Vec<_>>();
        let old_mac = raw.iter().copied().filter(|&byte| byte != b'\n').collect::<Vec<_>>();
        assert_eq!(read(&unix), read(&raw), "{name}");
        assert_eq!(read(&old_mac), read(&raw), "{name}");
    }
}

#[test]
fn a_sample_cut_off_anywhere_is_still_from_its_sender() {
    for (name, raw) in samples() {
        let whole = read(&raw);
        let header = raw.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        for end in header..raw.len() {
            let cut = read(&raw[..end]);
            assert_presentable(&cut);
            let (cut, whole) = (&cut.email, &whole.email);
            assert_eq!((&cut.sender_label, &cut.subject), (&whole.sender_label, &whole.subject), "{name}");
            // The part that it breaks off in may lack the field that says what it is.
            assert!(cut.attachment_count <= whole.attachment_count + 1, "{name}");
        }
    }
}
