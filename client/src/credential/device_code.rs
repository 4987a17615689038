//! Sign in on any device with a code.

use super::cache::Entry;
use super::{Request, Seeker, prompt};
use crate::diagnosis::Finding;
use crate::oauth::device_code::DeviceCodeCredential;

impl Seeker<'_> {
    pub(super) async fn by_device_code(&self) -> Result<Entry, Box<Finding>> {
        let credential = self.device_code()?;
        let signed_in = credential.authenticate(&self.scopes()).await;
        prompt::done();
        let entry = self.entry(
            "device-code",
            signed_in.map_err(|error| self.explain(&error))?,
        );
        prompt::signed_in(entry.user.as_deref(), self.user, self.output);
        Ok(entry)
    }

    pub(super) fn device_code(&self) -> Result<DeviceCodeCredential, Box<Finding>> {
        let Request {
            authority,
            tenant,
            client_id,
            ..
        } = self.request;
        let output = self.output;
        DeviceCodeCredential::new(self.client()?, authority, tenant, client_id, move |code| {
            prompt::device_code(code, output)
        })
        .map_err(|error| self.explain(&error))
    }
}
