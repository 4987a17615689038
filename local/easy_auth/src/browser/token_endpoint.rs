//! Codes and refresh tokens, redeemed at the issuer's token endpoint.

use serde::Deserialize;

use super::{Browser, Context};

/// A token endpoint's answer is a few KiB.
const MAX_ANSWER: usize = 1 << 20;

/// What the token endpoint answers. No `Debug`: these are secrets.
#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "RFC 6749's names")]
pub(super) struct Granted {
    pub(super) access_token: Option<String>,
    pub(super) id_token: Option<String>,
    pub(super) refresh_token: Option<String>,
}

impl Browser {
    /// Hands `form` in, as the client that the settings name.
    ///
    /// # Errors
    /// Why there are no tokens, in words.
    pub(super) async fn redeem(
        &self,
        gate: Context<'_>,
        form: &[(&str, String)],
    ) -> Result<Granted, String> {
        let published = gate.issuer.published(None).await?;
        let endpoint = published
            .token_endpoint
            .as_deref()
            .ok_or("the issuer's discovery document names no token_endpoint")?;
        let mut form = form.to_vec();
        form.push((
            "client_id",
            gate.settings.provider().registration.client_id.clone(),
        ));
        if let Some(secret) = &self.secret {
            form.push(("client_secret", secret.clone()));
        }
        let mut response = self
            .http
            .post(endpoint)
            .form(&form)
            .send()
            .await
            .map_err(|error| {
                format!(
                    "the token endpoint was not reached: {}",
                    error.without_url()
                )
            })?;
        let ok = response.status().is_success();
        let mut body = Vec::new();
        while let Ok(Some(chunk)) = response.chunk().await {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_ANSWER {
                return Err("the token endpoint's answer is over 1 MiB".into());
            }
        }
        if ok {
            // serde's message could quote a token.
            return serde_json::from_slice(&body)
                .map_err(|_| "the token endpoint's answer is not a token response".into());
        }
        #[derive(Deserialize)]
        struct Refusal {
            error: String,
            #[serde(default)]
            error_description: String,
        }
        Err(serde_json::from_slice::<Refusal>(&body).map_or_else(
            |_| "the token endpoint refused, without a reason".to_owned(),
            |refusal| {
                let first = refusal
                    .error_description
                    .lines()
                    .next()
                    .unwrap_or("")
                    .to_owned();
                format!("{}: {first}", refusal.error)
            },
        ))
    }
}
