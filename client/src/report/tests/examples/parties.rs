//! Who refused: rows that look alike stand beside each other. Pages and headers are as public
//! captures have them, shortened.

use serde_json::json;

use super::{Call, TENANT};
use crate::diagnosis::{self, Sent};
use crate::gate_log::Row;
use crate::http::Answer;
use crate::report::Report;

fn page(answer: &mut Answer, body: &str) {
    answer.content_type = Some("text/html".into());
    answer.body = body.into();
}

fn tell(answer: &mut Answer, name: &str, value: &str) {
    answer.tells.push((name.into(), value.into()));
}

fn restricted(answer: &mut Answer, address: &str) {
    tell(answer, "x-ms-forbidden-ip", address);
    page(
        answer,
        "<html><h1 id=\"unavailable\">Error 403 - Forbidden</h1><p id=\"tryAgain\">The web app you have attempted to reach has blocked your access.</p></html>",
    );
}

fn good() -> Call {
    Call::with(json!({}))
}

pub(super) fn examples() -> Vec<(&'static str, Report)> {
    let forbidden = |change: fn(&mut Answer)| good().answered(403, change).report();
    let challenge = |status: u16, challenge: &str, body: &str| {
        good().met().answered(status, |answer| {
            answer.challenges = vec![challenge.into()];
            answer.body = body.into();
        })
    };
    vec![
        // The platform.
        ("access-restricted", forbidden(|answer| restricted(answer, "203.0.113.7"))),
        ("access-restricted network", forbidden(|answer| restricted(answer, "[fd00::1002:7a3e]"))),
        ("access-restricted unnamed", forbidden(|answer| page(answer, "The web app you have attempted to reach has blocked your access."))),
        ("access-restricted no token", Call::sending(Sent::Nothing).answered(403, |answer| restricted(answer, "203.0.113.7")).report()),
        ("client-certificate", forbidden(|answer| page(answer, "<h1>Error 403: Forbidden: Client Certificate Required</h1>"))),
        ("client-certificate no token", Call::sending(Sent::Nothing).answered(403, |answer| page(answer, "<h1>Error 403: Forbidden: Client Certificate Required</h1>")).report()),
        ("client-certificate gateway", good().answered(400, |answer| {
            answer.server = Some("Microsoft-Azure-Application-Gateway/v2".into());
            page(answer, "<center><h1>400 Bad Request</h1></center><center>No required SSL certificate was sent</center><hr><center>Microsoft-Azure-Application-Gateway/v2</center>");
        }).report()),
        // In front: nginx writes the same page as Application Gateway, under its own name.
        ("front-refused", forbidden(|answer| {
            answer.server = Some("Microsoft-Azure-Application-Gateway/v2".into());
            page(answer, "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n<center><h1>403 Forbidden</h1></center><hr><center>Microsoft-Azure-Application-Gateway/v2</center></body></html>");
        })),
        ("front-refused nginx", forbidden(|answer| {
            answer.server = Some("nginx/1.27.1".into());
            page(answer, "<html><head><title>403 Forbidden</title></head><body><center><h1>403 Forbidden</h1></center><hr><center>nginx/1.27.1</center></body></html>");
        })),
        // An app behind nginx is no nginx that refuses.
        ("app-refused behind nginx", good().met().answered(403, |answer| {
            answer.server = Some("nginx/1.27.1".into());
            answer.body = "{\"error\":\"not your todo list\"}".into();
        }).report()),
        ("front-refused gateway down", good().answered(502, |answer| {
            answer.server = Some("Microsoft-Azure-Application-Gateway/v2".into());
            page(answer, "<h1>502 Bad Gateway</h1>");
        }).report()),
        ("front-refused front door", forbidden(|answer| {
            tell(answer, "x-azure-ref", "20260814T130846Z-r1888f7546fphkdhhC1IADy33g");
            tell(answer, "x-cache", "CONFIG_NOCACHE");
            page(answer, "<title>Service unavailable</title><h2>The request is blocked.</h2><div id='errorref'><span>20260814T130846Z-r1888f7546fphkdhhC1IADy33g</span></div>");
        })),
        ("front-refused edge", forbidden(|answer| {
            tell(answer, "x-msedge-ref", "Ref A: 1 Ref B: 2 Ref C: 2026-08-14T13:08:46Z");
            page(answer, "<h2>The request is blocked.</h2>");
        })),
        // Front Door stands before every app of its own: only its page refuses.
        ("app-refused behind front door", good().met().answered(403, |answer| {
            tell(answer, "x-azure-ref", "20260814T130846Z-r1888f7546fphkdhhC1IADy33g");
            answer.body = "no such list".into();
        }).report()),
        ("front-refused cloudflare", forbidden(|answer| {
            answer.server = Some("cloudflare".into());
            tell(answer, "cf-ray", "8f1a2b3c4d5e6f70-FRA");
            page(answer, "<title>Attention Required! | Cloudflare</title><h1>Sorry, you have been blocked</h1>");
        })),
        // API Management's key, under its usual name and under the owner's.
        ("subscription-key", challenge(401, "AzureApiManagementKey realm=\"https://contoso.azure-api.net/todo\",name=\"Ocp-Apim-Subscription-Key\",type=\"header\"", "{ \"statusCode\": 401, \"message\": \"Access denied due to missing subscription key. Make sure to include subscription key when making requests to an API.\" }").report()),
        ("subscription-key authorization", challenge(401, "AzureApiManagementKey realm=\"https://contoso.azure-api.net/todo\",name=\"Authorization\",type=\"header\"", "").report()),
        // The same bare 401: after the gate's challenge the host's, else nobody's that is known.
        ("function-key", good().met().answered(401, |_| ()).report()),
        ("not-easy-auth bare", good().answered(401, |_| ()).report()),
        // The app's own, with its words.
        ("app-refused", good().met().answered(403, |answer| {
            answer.from_gate = true;
            answer.content_type = Some("application/problem+json".into());
            answer.body = "{\"type\":\"about:blank\",\"title\":\"Forbidden\",\"status\":403,\"detail\":\"Only the owner of a list may read it.\"}".into();
        }).report()),
        ("app-refused 401", challenge(401, "Bearer error=\"invalid_token\", error_description=\"The audience 'x' is invalid\"", "").report()),
        ("app-refused 401 body", good().met().answered(401, |answer| answer.body = "session expired, please sign in again".into()).report()),
        // The same to a call without a token: with words it is somebody's own.
        (
            "app-refused no token",
            Call::sending(Sent::Nothing)
                .answered(403, |answer| answer.body = "members only".into())
                .report(),
        ),
        // Scopes of any API.
        ("missing-scope todo", challenge(403, "Bearer error=\"insufficient_scope\", scope=\"Todo.Read\"", "").report()),
        ("scope-present", Call::with(json!({"scp": "Todo.Read Todo.Write"})).met().answered(403, |answer| {
            answer.challenges = vec!["Bearer error=\"insufficient_scope\", scope=\"Todo.Read\"".into()];
        }).report()),
        // A claims challenge, and a challenge of which nothing decodes.
        ("claims-required", challenge(401, "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", error=\"insufficient_claims\", claims=\"eyJhY2Nlc3NfdG9rZW4iOnsiYWNycyI6eyJlc3NlbnRpYWwiOnRydWUsInZhbHVlIjoiYzEifX19\"", "").report()),
        ("app-refused claims unread", challenge(401, "Bearer realm=\"\", error=\"insufficient_claims\", claims=\"?\"", "").report()),
        // As the gate's own log has it: it says so to nobody else.
        ("cross-site", Report {
            findings: diagnosis::logged(&Row { status: Some(403), substatus: Some(60), message: "Cross-site request.".into(), ..Row::default() }).into_iter().collect(),
            ..Call::sending(Sent::Nothing).answered(403, |_| ()).report()
        }),
        ("rate-limited", good().answered(429, |answer| {
            answer.retry_after = Some(std::time::Duration::from_secs(4));
            answer.body = "{ \"statusCode\": 429, \"message\": \"Rate limit is exceeded. Try again in 4 seconds.\" }".into();
        }).report()),
        ("rate-limited unsaid", good().answered(429, |_| ()).report()),
        ("headers-too-large", Call::with(json!({"groups": vec![TENANT; 180]})).answered(431, |answer| answer.server = Some("Kestrel".into())).report()),
        ("headers-too-large nginx", Call::with(json!({"groups": vec![TENANT; 180]})).answered(400, |answer| {
            answer.server = Some("nginx".into());
            page(answer, "<center><h1>400 Bad Request</h1></center><center>Request Header Or Cookie Too Large</center><hr><center>nginx</center>");
        }).report()),
        ("headers-too-large unsaid", Call::with(json!({"groups": vec![TENANT; 180]})).answered(400, |_| ()).report()),
        ("unexpected-answer 400", good().answered(400, |answer| answer.body = "no such list".into()).report()),
        // A 200 that is a page, and one that is the answer.
        ("unexpected-answer sign-in page", good().answered(200, |answer| page(answer, "<title>Sign in</title><form action=\"/login\"><input type=\"password\"></form>")).report()),
        ("unexpected-answer landing page", Call { url: "https://contoso-greeting.azurewebsites.net/", ..good() }.answered(200, |answer| page(answer, "<title>Welcome</title><h1>Your app is up and running</h1>")).report()),
    ]
}
