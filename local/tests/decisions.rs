//! The control room's decisions from outside: filtered, and one with all that is known of it; what
//! is copied; where the link to the function leads; and mistakes of the mint form, each by its field.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use harness::control_room::{between, page, post, send};
use harness::{GREETING, Up, program, wait_for};
use serde_json::{Value, json};

/// One call that is let in, one without a token, one without the scope, and a fetch of the keys.
async fn call_each_way(up: &Up) {
    let answer = up.call_with(&up.mint(&[])).await;
    assert_eq!(answer.text().await.unwrap(), GREETING);
    assert_eq!(up.call(&[]).await.status(), 401);
    let answer = up.call_with(&up.mint(&["--no-scope"])).await;
    assert_eq!(answer.status(), 403);
    let keys = format!(
        "{}/{}/discovery/v2.0/keys",
        up.text("authority_host"),
        up.text("tenant_id")
    );
    assert_eq!(up.client.get(keys).send().await.unwrap().status(), 200);
    // The handler's events come by their own way.
    wait_for(|| {
        let log = up.run("log", &["--output", "json"]);
        let log = String::from_utf8(log.stdout).unwrap();
        (log.matches(r#""source":"handler""#).count() == 2).then_some(())
    });
}

/// What the list without the script shows: who, and the status.
async fn filtered(up: &Up, outcome: &str, text: &str) -> Vec<(String, String)> {
    let form = [("outcome", outcome), ("text", text)];
    let answer = post(up, "/control-room/decisions", &form).await;
    assert_eq!(answer.status(), 200);
    let html = answer.text().await.unwrap();
    let rows = html.split("<li class=\"event\"").skip(1);
    rows.map(|row| {
        let field = |class: &str| between(row, &format!("class=\"{class}\">"), "<").unwrap();
        (field("source").to_owned(), field("status").to_owned())
    })
    .collect()
}

#[tokio::test]
async fn point_11_the_list_is_filtered_by_outcome_and_by_text_without_a_script() {
    let up = Up::start(&[]);
    call_each_way(&up).await;
    let row = |source: &str, status: &str| (source.to_owned(), status.to_owned());
    let sorted = |mut rows: Vec<(String, String)>| {
        rows.sort();
        rows
    };
    for (outcome, text, rows) in [
        (
            "let-in",
            "",
            vec![row("gate", "200"), row("handler", "200")],
        ),
        ("401", "", vec![row("gate", "401")]),
        ("403", "", vec![row("gate", "403"), row("handler", "403")]),
        (
            "403",
            "no greeting.read SCOPE ",
            vec![row("handler", "403")],
        ),
        ("", "no-token", vec![row("gate", "401")]),
        ("failed", "", vec![]),
        ("", "nothing is like this", vec![]),
    ] {
        let shown = sorted(filtered(&up, outcome, text).await);
        assert_eq!(shown, rows, "{outcome} {text:?}");
    }
    // All of them are the decisions; what decides nothing is shown where it is asked for.
    let all = filtered(&up, "", "").await;
    assert!(
        all.iter().all(|(source, _)| source != "authority"),
        "{all:?}"
    );
    let routine = filtered(&up, "routine", "keys").await;
    assert!(routine.contains(&row("authority", "200")), "{routine:?}");

    // What somebody pastes there is in no address, in no log, and stays text.
    let pasted = [("outcome", ""), ("text", "<b>eyJhbGciOiJub25lIn0.e30.</b>")];
    let html = post(&up, "/control-room/decisions", &pasted)
        .await
        .text()
        .await
        .unwrap();
    assert!(!html.contains("<b>"));
    assert!(html.contains("method=\"post\""), "{html}");
    let log = String::from_utf8(up.run("log", &["-v"]).stdout).unwrap();
    assert!(!log.contains("eyJhbG") && !up.said().contains("eyJhbG"));
    // Another site's form learns nothing.
    let answer = send(
        &up,
        "/control-room/decisions",
        &pasted,
        "https://evil.example",
    )
    .await;
    assert_eq!(answer.status(), 403);

    // The front page's list has each kind for its script, and shows decisions.
    let front = page(&up, "/").await;
    let rows: Vec<&str> = front.split("<li class=\"event\"").skip(1).collect();
    for row in &rows {
        let is_hidden = between(row, "", ">").unwrap().contains("hidden");
        assert_eq!(is_hidden, row.contains("data-class=\"routine\""), "{row}");
    }
    assert!(
        rows.iter()
            .any(|row| row.contains("data-class=\"routine\""))
    );
}

#[tokio::test]
async fn point_11_one_decision_has_everything_that_is_known_of_it() {
    let up = Up::start(&[]);
    call_each_way(&up).await;
    let front = page(&up, "/").await;
    let of = |source: &str, status: &str| {
        let rows = front.split("<li class=\"event\"").skip(1);
        let mut rows = rows.filter(|row| {
            row.contains(&format!("class=\"source\">{source}<"))
                && row.contains(&format!("class=\"status\">{status}<"))
        });
        between(rows.next().unwrap(), "href=\"", "\"")
            .unwrap()
            .to_owned()
    };
    let handler = of("handler", "403");
    let html = page(&up, &handler).await;
    let log = String::from_utf8(up.run("log", &["--output", "json"]).stdout).unwrap();
    let line = log
        .lines()
        .find(|line| line.contains("\"handler\"") && line.contains("403"))
        .unwrap();
    let event: Value = serde_json::from_str(line).unwrap();
    for (name, value) in event.as_object().unwrap() {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        assert!(html.contains(&text), "{name}: {text} is not in {html}");
    }
    assert!(html.contains(&line.replace('"', "&quot;")), "{html}");
    assert!(html.contains("greeting-cli explain --log -"), "{html}");
    // The gate's event of the same call is a link away, and back.
    let gate = of("gate", "403");
    assert!(html.contains(&format!("href=\"{gate}\"")), "{html}");
    assert!(
        page(&up, &gate)
            .await
            .contains(&format!("href=\"{handler}\""))
    );

    // Its script copies and connects nowhere.
    let url = format!("{}{gate}", up.text("authority_host"));
    let answer = up.client.get(&url).send().await.unwrap();
    let policy = answer.headers()["content-security-policy"]
        .to_str()
        .unwrap();
    assert!(policy.contains("script-src 'self'"), "{policy}");
    assert!(
        !policy.contains("connect-src") && !policy.contains("unsafe"),
        "{policy}"
    );

    // Of another run, or not kept: words, and a way back.
    let (run, _) = gate.rsplit_once('/').unwrap();
    for path in [
        format!("{run}/999999"),
        "/control-room/decisions/00000000-0000-0000-0000-000000000000/1".to_owned(),
    ] {
        let url = format!("{}{path}", up.text("authority_host"));
        let answer = up.client.get(url).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
        let html = answer.text().await.unwrap();
        assert!(html.contains("no longer kept") && html.contains("href=\"/#decisions\""));
    }
}

#[tokio::test]
async fn point_11_a_minted_token_and_its_command_are_copied_by_a_script_of_their_own() {
    let up = Up::start(&[]);
    let answer = post(&up, "/control-room/mint", &[("show-token", "on")]).await;
    let policy = answer.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    // It can read the token, so it can't send it anywhere.
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"));
    assert!(
        !policy.contains("connect-src") && !policy.contains("unsafe"),
        "{policy}"
    );
    let html = answer.text().await.unwrap();
    let token = between(&html, "data-copy=\"the token\">", "<").unwrap();
    assert_eq!(up.call_with(token).await.status(), 200);
    let command = between(&html, "data-copy=\"the command\">", "<").unwrap();
    assert!(
        command.contains("greeting-local mint") && command.contains("greeting-cli call http"),
        "{command}"
    );
    let scripts: Vec<&str> = html.split("<script src=\"").skip(1).collect();
    assert_eq!(scripts.len(), 1, "{html}");
    let script = page(&up, between(scripts[0], "", "\"").unwrap()).await;
    // A browser may refuse the clipboard; then the text is selected, and the page says so.
    for part in ["clipboard.writeText", "catch", "selectAllChildren"] {
        assert!(script.contains(part), "{part}");
    }
    // No token, nothing of one to copy.
    let html = post(&up, "/control-room/mint", &[])
        .await
        .text()
        .await
        .unwrap();
    assert!(!html.contains("data-copy=\"the token\""));
}

/// A browser that the gate refuses shows a blank page: there is nothing to read in the answer.
#[tokio::test]
async fn point_11_the_link_to_the_function_shows_the_sign_in_or_the_refusal() {
    let action =
        |action: &str| json!({"globalValidation": {"unauthenticatedClientAction": action}});
    let browser = [("accept", "text/html"), ("user-agent", "Mozilla/5.0")];
    for (settings, refusal) in [
        (action("Return401"), Some("401")),
        (action("Return403"), Some("403")),
        (action("Return404"), Some("404")),
        (action("AllowAnonymous"), None),
        (json!({"platform": {"enabled": false}}), None),
        (action("RedirectToLoginPage"), None),
    ] {
        let up = Up::with_settings(&settings, &[]);
        let front = page(&up, "/").await;
        let link = between(&front, "<dt>Function</dt><dd><a href=\"", "\"").unwrap();
        let answer = up.call(&browser).await;
        let Some(status) = refusal else {
            assert_eq!(link, up.text("function_url"), "{settings}");
            // The sign-in, or the function's own words.
            let is_sign_in = answer.status() == 302;
            let text = answer.text().await.unwrap();
            assert!(is_sign_in || !text.is_empty(), "{settings}");
            continue;
        };
        assert_eq!(link, "/control-room/function", "{settings}");
        assert_eq!(answer.status().as_str(), status, "{settings}");
        assert_eq!(answer.text().await.unwrap(), "", "{settings}");
        let html = page(&up, link).await;
        let says = format!("data-status=\"{status}\"");
        assert!(html.contains(&says) && html.contains("no-token"), "{html}");
        let call = format!("greeting-cli call {}", up.text("function_url"));
        assert!(html.contains(&call), "{html}");
    }
}

#[tokio::test]
async fn point_12_an_id_that_is_no_guid_is_told_by_its_field() {
    let up = Up::start(&[]);
    for (field, other, value) in [
        ("client", "tenant", "greeting-cli"),
        ("client", "tenant", "c41d7e9506fb4a388d2eb7390f5a6e22"),
        ("tenant", "client", "contoso.onmicrosoft.com"),
    ] {
        let answer = post(&up, "/control-room/mint", &[(field, value)]).await;
        assert_eq!(answer.status(), 400, "{field} {value}");
        let html = answer.text().await.unwrap();
        let input = |name: &str| between(&html, &format!("<input id=\"{name}\""), ">").unwrap();
        assert!(input(field).contains("aria-invalid=\"true\""), "{html}");
        assert!(input(field).contains(&format!("aria-describedby=\"{field}-hint\"")));
        assert!(!input(other).contains("aria-invalid"), "{html}");
        let hint = between(&html, &format!("id=\"{field}-hint\""), "</small>").unwrap();
        assert!(hint.contains("This is no GUID."), "{hint}");
        // What was typed is still there, to be put right.
        assert!(input(field).contains(&format!("value=\"{value}\"")));
        for words in ["error:", "For more information", "--help"] {
            assert!(!html.contains(words), "{words}");
        }
    }
    let ids = [
        ("client", "872cd9fa-d31f-45e0-9eab-6e460a02d1f1"),
        ("tenant", " 11111111-2222-3333-4444-555555555555 "),
    ];
    assert_eq!(post(&up, "/control-room/mint", &ids).await.status(), 200);
}

#[test]
fn point_12_a_misspelled_user_of_auto_approve_is_an_error_at_start_with_the_nearest_name() {
    let folder = tempfile::tempdir().unwrap();
    for (user, meant) in [
        ("alcie", Some("alice@greeting.test")),
        ("Gitta@greeting.test", Some("gita@greeting.test")),
        ("zzzzzz", None),
        // Whose account is disabled is no way out.
        ("dan", None),
    ] {
        let output = program()
            .args([
                "up",
                "--port",
                "0",
                "--authority-port",
                "0",
                "--auto-approve",
                user,
            ])
            .args(["--state-dir", folder.path().to_str().unwrap()])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{user}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            said.contains(&format!("--auto-approve {user} can't sign in")),
            "{said}"
        );
        let line = meant.map(|meant| format!("greeting-local up --auto-approve {meant}"));
        match line {
            Some(line) => assert!(said.contains(&line), "{said}"),
            None => assert!(said.contains("name one of alice@greeting.test"), "{said}"),
        }
    }
}
