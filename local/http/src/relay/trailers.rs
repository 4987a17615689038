//! Trailers of a request, less those that would change what was decided.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::HeaderName;

use crate::arrival::letters;

/// A request's body, less the trailers that would change what was decided: servers merge trailers
/// into headers, where the gate did not read them.
pub(crate) struct TrailersKept<B>(pub(super) B);

/// Fields that frame, route, authenticate or say what the content is: not for trailers
/// (RFC 9110 section 6.5.1).
const NO_TRAILERS: [&str; 12] = [
    "authorization",
    "connection",
    "contentencoding",
    "contentlength",
    "contenttype",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "te",
    "transferencoding",
    "upgrade",
];

/// Beginnings of the names of the headers that a front end sets for the app.
const FRONT_END: [&str; 5] = ["xms", "xforwarded", "xoriginal", "xazure", "xarr"];

/// Whether a caller's trailer goes on. Names are compared by letters and digits, as the gate
/// compares headers.
pub(crate) fn travels(name: &HeaderName) -> bool {
    let name: String = letters(name).map(char::from).collect();
    !NO_TRAILERS.contains(&name.as_str()) && !FRONT_END.iter().any(|start| name.starts_with(start))
}

impl<B: Body<Data = Bytes> + Unpin> Body for TrailersKept<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        Pin::new(&mut self.0).poll_frame(context).map_ok(|frame| {
            frame.into_trailers().map_or_else(
                |data| data,
                |trailers| {
                    let kept = trailers.iter().filter(|(name, _)| travels(name));
                    Frame::trailers(
                        kept.map(|(name, value)| (name.clone(), value.clone()))
                            .collect(),
                    )
                },
            )
        })
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn point_2_no_trailer_is_a_header_that_was_decided_on() {
        for (name, expected) in [
            ("x-sum", true),
            ("content-digest", true),
            ("grpc-status", true),
            ("x-ms-client-principal", false),
            ("x.ms.client.principal", false),
            ("x_ms_token_aad_id_token", false),
            ("x-forwarded-for", false),
            ("authorization", false),
            ("content-length", false),
            ("host", false),
        ] {
            assert_eq!(travels(&HeaderName::from_static(name)), expected, "{name}");
        }
    }
}
