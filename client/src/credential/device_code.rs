//! Sign in on any device with a code.

use super::cache::KeptToken;
use super::{Credential, TokenRequest, TokenSource, prompt};
use crate::diagnosis::Finding;
use crate::oauth::device_code::DeviceCodeCredential;

impl TokenSource<'_> {
    pub(super) async fn by_device_code(&self) -> Result<KeptToken, Box<Finding>> {
        let credential = self.device_code().await?;
        let credential = match self.claims {
            Some(claims) => credential.with_claims(claims),
            None => credential,
        };
        let signed_in = credential.authenticate(&self.scopes()).await;
        prompt::done();
        let entry = self.kept_token(
            Credential::DeviceCode,
            match signed_in {
                Ok(tokens) => tokens,
                Err(error) => return Err(Box::new(self.explain(&error).await)),
            },
        );
        prompt::signed_in(entry.user.as_deref(), self.user, self.output);
        Ok(entry)
    }

    pub(super) async fn device_code(&self) -> Result<DeviceCodeCredential, Box<Finding>> {
        let TokenRequest {
            authority,
            tenant,
            client_id,
            ..
        } = self.request;
        let output = self.output;
        let new =
            DeviceCodeCredential::new(self.client()?, authority, tenant, client_id, move |code| {
                prompt::device_code(code, output);
            });
        match new {
            Ok(credential) => Ok(credential),
            Err(error) => Err(Box::new(self.explain(&error).await)),
        }
    }
}
