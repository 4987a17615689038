//! The control room, as a browser asks for its pages.

use reqwest::Response;

use super::Up;

/// A form of the page, as a browser sends it.
pub(crate) async fn send(up: &Up, path: &str, form: &[(&str, &str)], origin: &str) -> Response {
    up.client
        .post(format!("{}{path}", up.text("authority_host")))
        .header("origin", origin)
        .form(form)
        .send()
        .await
        .unwrap()
}

pub(crate) async fn post(up: &Up, path: &str, form: &[(&str, &str)]) -> Response {
    let origin = up.text("authority_host").to_owned();
    send(up, path, form, &origin).await
}

pub(crate) async fn page(up: &Up, path: &str) -> String {
    let url = format!("{}{path}", up.text("authority_host"));
    let answer = up.client.get(url).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.text().await.unwrap()
}

/// What stands between two texts.
pub(crate) fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.split_once(start)?
        .1
        .split_once(end)
        .map(|(found, _)| found)
}
