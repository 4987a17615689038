use proptest::prelude::*;

use super::*;

fn refused() -> Row {
    Row {
        time: Some("2026-11-28T10:00:00Z".into()),
        status: Some(401),
        substatus: Some(83),
        message: "JWT validation failed: IDX10223: expired, long ago".into(),
        id: Some("id-1".into()),
    }
}

#[test]
fn one_row_in_every_form_is_the_same_row() {
    let object = r#"{"TimeGenerated":"2026-11-28T10:00:00Z","StatusCode":401,"SubStatusCode":"83","Message":"JWT validation failed:","Details":"IDX10223: expired, long ago","CorrelationId":"id-1"}"#;
    let inner = object.replace('"', "\\\"");
    for text in [
        object.to_owned(),
        format!("\u{feff}[{object}]"),
        format!("{}\n", object.replace("StatusCode", "StatusCode_d").replace("Message", "Message_s").replace("CorrelationId", "CorrelationId_g")),
        format!("{{\"time\":\"x\",\"properties\":{object}}}"),
        format!("{{\"category\":\"AppServiceAuthenticationLogs\",\"properties\":\"{inner}\"}}"),
        "{\"tables\":[{\"columns\":[{\"name\":\"TimeGenerated\"},{\"name\":\"SubStatusCode\"},{\"name\":\"StatusCode\"},{\"name\":\"Message\"},{\"name\":\"CorrelationId\"}],\"rows\":[[\"2026-11-28T10:00:00Z\",83,401,\"JWT validation failed: IDX10223: expired, long ago\",\"id-1\"]]}]}".to_owned(),
        "StatusCode,SubStatusCode,TimeGenerated,Message,CorrelationId\r\n401,83,2026-11-28T10:00:00Z,\"JWT validation failed: IDX10223: expired, long ago\",id-1\r\n".to_owned(),
        "TimeGenerated\tStatusCode\tSubStatusCode\tMessage\tCorrelationId\n2026-11-28T10:00:00Z\t401\t83\tJWT validation failed: IDX10223: expired, long ago\tid-1".to_owned(),
        // The local gate's own.
        r#"{"time":"2026-11-28T10:00:00Z","source":"gate","status":401,"substatus":83,"reason":"JWT validation failed: IDX10223: expired, long ago","invocation":"id-1"}"#.to_owned(),
    ] {
        let mut rows = rows(&text);
        if text.contains("\"time\":\"x\"") {
            rows[0].time = refused().time;
        }
        assert_eq!(rows, [refused()], "{text}");
    }
}

#[test]
fn http_logs_and_the_log_stream_are_read() {
    let w3c = "#Software: Microsoft Internet Information Services 8.0\n#Fields: date time s-sitename cs-uri-stem sc-status sc-substatus sc-win32-status\n2026-11-28 10:00:00 CONTOSO /api/greeting 401 71 0\n2026-11-28 10:00:01 CONTOSO / 200 0 0\n";
    let rows = super::rows(w3c);
    assert_eq!(rows[0].time.as_deref(), Some("2026-11-28T10:00:00Z"));
    assert_eq!(
        (rows[0].status, rows[0].substatus, rows.len()),
        (Some(401), Some(71), 2)
    );

    let stream = "2016-07-19T14:44:59  PID[11640] Verbose     Received request: GET https://x/api/Test\n2016-07-19T14:44:59  PID[11640] Warning     JWT validation failed: IDX10214: Audience validation failed.\n";
    let rows = super::rows(stream);
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].time.as_deref(), Some("2016-07-19T14:44:59"));
    assert!(rows[0].message.contains("IDX10214") && rows[0].status.is_none());
    assert_eq!(super::rows("nothing of the kind\n"), []);
}

proptest! {
    #[test]
    fn no_log_panics(text in "\\PC*", begin in "(\\[|\\{|#Fields: sc-status\n|StatusCode,Message\n|)") {
        let _ = rows(&format!("{begin}{text}"));
    }
}
