//! Error for tokens that a command issued, had to revoke, and could not revoke.

use super::{Code, Failure};
use crate::model::TokenId;
use serde_json::json;

/// Maximum number of token ids that a message lists.
const MAX_LISTED_IDS: usize = 10;

impl Failure {
    /// Returns the error for tokens that are still valid, because the revocation failed with the
    /// error `cause`. If the outcome of the revocation is unknown, the tokens may be revoked. The
    /// message starts with `reason`, the event that required the revocation. `ids` are the ids of
    /// all these tokens. The details contain all ids.
    pub(crate) fn unrevoked_tokens(reason: &str, ids: &[TokenId], cause: &Self) -> Self {
        let is_outcome_unknown = cause.code == Code::OutcomeUnknown;
        let code = if is_outcome_unknown { cause.code } else { Code::Internal };
        let noun = if ids.len() == 1 { "token" } else { "tokens" };
        let list = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let message =
            |tokens| format!("{reason}, and {tokens} could not be revoked: {}", cause.message);
        let mut failure = match ids {
            [first_id, .., last_id] if ids.len() > MAX_LISTED_IDS => {
                Self::new(code, message(format!("{} tokens, {first_id} to {last_id},", ids.len())))
            }
            _ => Self::new(code, message(format!("{noun} {list}")))
                .with_hint(format!("revoke the {noun}: jeton token revoke {list}")),
        };
        match ids {
            [id] => failure.details.insert("token_id".to_owned(), json!(id)),
            ids => failure.details.insert("token_ids".to_owned(), json!(ids)),
        };
        failure
    }
}
