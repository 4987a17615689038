use proptest::prelude::*;

use super::*;

fn of(body: &str) -> Option<String> {
    lines(&Answer {
        body: body.into(),
        ..Answer::default()
    })
}

#[test]
fn a_page_is_read_as_a_person_reads_it() {
    assert_eq!(
        of("<html><style>p{}</style><!-- <b> --><head><title>403 Forbidden</title></head>\r\n<script>x</script><h1>The request is&nbsp;blocked.</h1>").unwrap(),
        "403 Forbidden The request is blocked."
    );
    assert_eq!(
        of("{\"title\": \"Not  you\"}\n").unwrap(),
        "{\"title\": \"Not you\"}"
    );
    assert_eq!(of("  \n"), None);
    assert_eq!(of(&"a ".repeat(500)).unwrap().chars().count(), 241);
}

#[test]
fn a_token_that_comes_back_is_not_shown() {
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJyIn0.c2lnbmF0dXJl";
    let shown = of(&format!("you sent Bearer {token}, which is wrong")).unwrap();
    assert_eq!(shown, "you sent Bearer (not shown), which is wrong");
    let answer = Answer {
        tells: vec![("x-ms-echo".into(), token.into())],
        ..Answer::default()
    };
    assert_eq!(of_itself(&answer)[0].1, "(not shown)");
}

proptest! {
    #[test]
    fn nothing_panics(body in "\\PC*", page in "(<|>|é|<!--|-->|<style|</style|eyJ|a|&amp;)*") {
        let _ = of(&body);
        let _ = of(&format!("<{page}"));
    }
}
