//! What [`authorize`](super::authorize) needs of a principal, read without keeping a claim.
//!
//! It refuses exactly what [`Principal`](crate::principal::Principal) refuses: the same derived
//! readers, of the same members, with the same types.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, de};

use super::{SCOPE, SCOPE_CLAIMS};

/// The members of a principal, each as the answer that decides, or as none.
#[derive(Deserialize)]
pub(super) struct Needed {
    auth_typ: Text<IsEntra>,
    claims: Claims,
    #[serde(default, rename = "name_typ")]
    _name_typ: Text<Anything>,
    #[serde(default, rename = "role_typ")]
    _role_typ: Text<Anything>,
}

impl Needed {
    /// Whether the identity provider is Entra ID.
    pub(super) fn is_entra(&self) -> bool {
        self.auth_typ.holds
    }

    /// Whether one of the scope claims has the scope.
    pub(super) fn has_scope(&self) -> bool {
        self.claims.scope
    }
}

#[derive(Deserialize)]
struct Claim {
    typ: Text<IsScopeClaim>,
    val: Text<HasScope>,
}

/// The list of claims, of which none is kept.
struct Claims {
    scope: bool,
}

impl<'de> Deserialize<'de> for Claims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;

        impl<'de> Visitor<'de> for Each {
            type Value = Claims;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of claims")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut claims: A) -> Result<Claims, A::Error> {
                let mut scope = false;
                while let Some(claim) = claims.next_element::<Claim>()? {
                    scope |= claim.typ.holds && claim.val.holds;
                }
                Ok(Claims { scope })
            }
        }

        deserializer.deserialize_seq(Each)
    }
}

/// A question that a string answers.
trait Question {
    fn holds(text: &str) -> bool;
}

/// A string, of which only the answer to `Q` is kept.
struct Text<Q> {
    holds: bool,
    question: PhantomData<Q>,
}

impl<Q: Question> Default for Text<Q> {
    fn default() -> Self {
        Self {
            holds: Q::holds(""),
            question: PhantomData,
        }
    }
}

impl<'de, Q: Question> Deserialize<'de> for Text<Q> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Answer<Q>(PhantomData<Q>);

        impl<Q: Question> Visitor<'_> for Answer<Q> {
            type Value = Text<Q>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<Q>, E> {
                Ok(Text {
                    holds: Q::holds(text),
                    question: PhantomData,
                })
            }
        }

        deserializer.deserialize_str(Answer(PhantomData))
    }
}

struct Anything;

impl Question for Anything {
    fn holds(_: &str) -> bool {
        true
    }
}

struct IsEntra;

impl Question for IsEntra {
    fn holds(auth_typ: &str) -> bool {
        auth_typ == "aad"
    }
}

struct IsScopeClaim;

impl Question for IsScopeClaim {
    fn holds(typ: &str) -> bool {
        SCOPE_CLAIMS.contains(&typ)
    }
}

struct HasScope;

impl Question for HasScope {
    fn holds(val: &str) -> bool {
        val.split(' ').any(|scope| scope == SCOPE)
    }
}
