use url::Url;

use super::*;
use crate::diagnosis;
use crate::http::{Unreached, UnreachedKind};

#[test]
fn every_failure_says_what_to_do() {
    let url = Url::parse("http://localhost:1/api/greeting").unwrap();
    let unreached = Unreached {
        kind: UnreachedKind::Refused,
        why: "Connection refused".into(),
        proxy: None,
    };
    let error = || io::Error::other("full");
    let not_reached = Failure::NotReached {
        url: url.to_string(),
        why: unreached.why.clone(),
        finding: Box::new(diagnosis::unreached(&url, &unreached)),
    };
    for (failure, exit) in [
        (Failure::Usage(Usage::UserInUrl), 2),
        (
            Failure::UnknownCode {
                code: "x".into(),
                near: String::new(),
                fix: "f".into(),
            },
            2,
        ),
        (
            Failure::LogNotRead {
                path: "l".into(),
                error: error(),
            },
            2,
        ),
        (Failure::NotALog("l".into()), 2),
        (Failure::NotACall("c".into()), 2),
        (Failure::NoTokenOnStdin, 2),
        (Failure::NoKeptToken, 3),
        (not_reached, 7),
        (Failure::NotRemoved(error()), 1),
        (
            Failure::ManPages {
                dir: "d".into(),
                error: error(),
            },
            1,
        ),
        (Failure::NotStarted(error()), 1),
    ] {
        assert!(!failure.fix().is_empty(), "{failure}");
        assert_eq!(failure.exit(), exit, "{failure}");
    }
}
