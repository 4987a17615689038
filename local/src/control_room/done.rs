//! What a form has done, shown once on the page that follows.

/// A form that was answered.
#[derive(Debug, Clone, Copy)]
pub(super) enum Done {
    Policy,
    Keys,
    Failed,
}

impl Done {
    const ALL: [Self; 3] = [Self::Policy, Self::Keys, Self::Failed];

    /// The page that says so.
    pub(super) fn url(self) -> &'static str {
        match self {
            Self::Policy => "/?done=policy",
            Self::Keys => "/?done=keys",
            Self::Failed => "/?done=failed",
        }
    }

    /// The one that the page's query names.
    pub(super) fn named(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|done| done.url().ends_with(&format!("={name}")))
    }

    /// What the page says.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Policy => "The policy is changed.",
            Self::Keys => {
                "A new key signs from now on. The previous key stays published until the tokens that it signed have expired."
            }
            Self::Failed => "That was not done; the list of decisions says why.",
        }
    }
}
