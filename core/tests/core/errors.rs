//! docs/errors.md has the same rows as the table of error codes.

use zkcoord::ErrorCode;

#[test]
fn the_page_has_the_rows_of_the_table() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/errors.md");
    let page = std::fs::read_to_string(page).unwrap();
    let rows: Vec<Vec<String>> = page
        .lines()
        .skip_while(|line| !line.starts_with("| --- | --- | --- | --- | --- |"))
        .skip(1)
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect())
        .collect();
    let documented: Vec<_> =
        rows.iter().map(|row| (&*row[0], row[1].parse().unwrap(), &*row[2], &*row[4])).collect();
    let table: Vec<_> =
        ErrorCode::ALL.iter().map(|code| (code.name(), code.value(), code.class(), code.meaning())).collect();
    assert_eq!(documented, table);
}
