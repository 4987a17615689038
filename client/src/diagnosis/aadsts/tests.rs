use super::*;

#[test]
fn the_table_is_whole_and_in_order() {
    let numbers: Vec<u64> = table().map(|(number, _)| number).collect();
    assert!(
        numbers.windows(2).all(|pair| pair[0] < pair[1]),
        "{numbers:?}"
    );
    assert_eq!(numbers.len(), include_str!("../aadsts.tsv").lines().count());
    for (number, KnownCode { name, meaning }) in table() {
        assert!(!meaning.is_empty() && meaning.len() <= 80, "{number}");
        assert!(name.is_none_or(|name| !name.is_empty()), "{number}");
    }
    assert_eq!(look_up(50011).unwrap().name, Some("InvalidReplyTo"));
    assert_eq!(look_up(1), None);
}

#[test]
fn no_number_stands_twice_in_the_catalogue() {
    for row in AADSTS {
        let same = AADSTS.iter().filter(|other| other.number == row.number);
        assert_eq!(same.count(), 1, "{}", row.number);
    }
}
