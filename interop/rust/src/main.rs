//! A token of the app's managed identity, as azure_identity's own page gets one.

use azure_core::credentials::TokenCredential;
use azure_identity::ManagedIdentityCredential;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let scope = std::env::args().nth(1).ok_or("name a scope")?;
    let credential = ManagedIdentityCredential::new(None)?;
    let token = credential.get_token(&[&scope], None).await?;
    println!("{}", token.token.secret());
    Ok(())
}
