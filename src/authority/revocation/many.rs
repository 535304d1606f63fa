//! Taking back every recorded token of some kind: in one change, however many there are.

use super::super::principal::write_as;
use super::super::{Act, Caller, Error};
use super::may_revoke;
use crate::model::Timestamp;
use crate::store::{Store, TokenFilter};

/// How many tokens there are for the caller to take back.
pub(crate) fn count(
    store: &mut Store,
    now: Timestamp,
    caller: &Caller,
    filter: &TokenFilter,
) -> Result<usize, Error> {
    may_revoke(Some(&caller.user), filter.owner)?;
    let count = store.read(|tx| tx.count_tokens(filter, now))?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// Takes them back; how many.
pub(crate) fn revoke_many(
    store: &mut Store,
    act: &Act,
    caller: &Caller,
    filter: &TokenFilter,
) -> Result<usize, Error> {
    may_revoke(Some(&caller.user), filter.owner)?;
    let target = described(filter);
    write_as(store, caller, |tx, user| {
        may_revoke(Some(user), filter.owner)?;
        let revoked = tx.revoke_tokens(filter, act.now)?;
        act.done(tx, Some(caller.user.id), target.clone(), revoked)?;
        Ok(revoked)
    })
}

fn described(filter: &TokenFilter) -> String {
    let kind = filter.kind.map_or_else(String::new, |kind| kind.name().to_owned() + " ");
    let mut words = match filter.owner {
        Some(owner) => format!("{kind}tokens of user {owner}"),
        None => format!("{kind}tokens of all users"),
    };
    if let Some(app) = &filter.app {
        words = format!("{words} for {}", app.as_str());
    }
    if let Some(time) = filter.issued_before {
        words = format!("{words} made before {time}");
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::fixture::{Person, act, at, mint, mint_wish, person, set, store, token};
    use crate::authority::tokens;
    use crate::model::{AppName, Page, Role, Setting, Status, TokenKind, UserId};

    fn live(owner: Option<UserId>) -> TokenFilter {
        TokenFilter { owner, status: Some(Status::Live), ..TokenFilter::default() }
    }

    fn revoked(store: &mut Store, ada: &Person) -> Vec<(i64, i64)> {
        let filter = TokenFilter { status: Some(Status::Revoked), ..TokenFilter::default() };
        let list = tokens(store, at(0), &ada.caller, &filter, Page::All).unwrap();
        let times = list.items.iter().map(|listed| (listed.thing.id.0, listed.thing.revoked_at));
        times.map(|(id, time)| (id, time.unwrap().unix() - at(0).unix())).collect()
    }

    /// Ada has tokens 1 (a), 2 (b), 3 (b, a test token), 4 (b, expired at 50, made at 20) and 5 (b,
    /// revoked at 7); john has 6 (b).
    fn several() -> (Store, Person, Person) {
        let mut store = store();
        let ada = person(&mut store, "ada", Role::Admin);
        let john = person(&mut store, "john", Role::User);
        set(&mut store, Setting::TokenQuota, "unlimited");
        token(&mut store, &ada, "a");
        token(&mut store, &ada, "b");
        let mut wish = mint_wish();
        wish.record = true;
        wish.say("sub", &["b"]).unwrap();
        mint(&mut store, &ada, &wish).unwrap();
        token(&mut store, &ada, "b");
        token(&mut store, &ada, "b");
        token(&mut store, &john, "b");
        let (made, end, gone) = (at(20).unix(), at(50).unix(), at(7).unix());
        store.arrange(&format!(
            "UPDATE tokens SET issued_at = {made}, expires_at = {end} WHERE id = 4;
             UPDATE tokens SET revoked_at = {gone} WHERE id = 5;"
        ));
        (store, ada, john)
    }

    #[test]
    fn every_live_one_goes_and_what_was_over_stays_as_it_was() {
        let (mut store, ada, _) = several();
        let filter = live(Some(ada.user().id));
        assert_eq!(count(&mut store, at(60), &ada.caller, &filter).unwrap(), 3);
        assert_eq!(revoke_many(&mut store, &act(60), &ada.caller, &filter).unwrap(), 3);
        assert_eq!(revoked(&mut store, &ada), [(1, 60), (2, 60), (3, 60), (5, 7)]);
        assert_eq!(revoke_many(&mut store, &act(61), &ada.caller, &filter).unwrap(), 0);
        assert_eq!(revoked(&mut store, &ada), [(1, 60), (2, 60), (3, 60), (5, 7)]);
    }

    #[test]
    fn what_is_asked_for_narrows_it_down() {
        let app = || Some(AppName::parse("b").unwrap());
        let before = Some(at(20));
        for (kind, app, issued_before, ids) in [
            (None, app(), None, &[2, 3, 4, 6][..]),
            (Some(TokenKind::Test), None, None, &[3]),
            (Some(TokenKind::App), app(), before, &[2, 6]),
            (None, None, before, &[1, 2, 3, 6]),
            (None, None, Some(at(0)), &[]),
        ] {
            let (mut store, ada, _) = several();
            let filter = TokenFilter { kind, app, issued_before, ..live(None) };
            let count = revoke_many(&mut store, &act(30), &ada.caller, &filter).unwrap();
            let mut gone = revoked(&mut store, &ada);
            gone.retain(|(_, at)| *at == 30);
            assert_eq!(gone.iter().map(|(id, _)| *id).collect::<Vec<_>>(), ids);
            assert_eq!(count, ids.len());
        }
    }

    #[test]
    fn those_of_others_are_for_admins() {
        let (mut store, ada, john) = several();
        for owner in [None, Some(ada.user().id)] {
            let refused = "only admins act on the tokens of others";
            let result = count(&mut store, at(0), &john.caller, &live(owner));
            assert!(matches!(result, Err(Error::Forbidden(why)) if why == refused));
            let result = revoke_many(&mut store, &act(0), &john.caller, &live(owner));
            assert!(matches!(result, Err(Error::Forbidden(why)) if why == refused));
        }
        let own = live(Some(john.user().id));
        assert_eq!(revoke_many(&mut store, &act(0), &john.caller, &own).unwrap(), 1);
    }

    #[test]
    fn it_is_written_down_what_they_were() {
        let filter = TokenFilter {
            kind: Some(TokenKind::App),
            app: Some(AppName::parse("b").unwrap()),
            issued_before: Some(at(0)),
            ..live(Some(UserId(7)))
        };
        let words = "app tokens of user 7 for b made before 2027-01-15T08:00:00Z";
        assert_eq!(described(&filter), words);
        assert_eq!(described(&live(None)), "tokens of all users");
    }
}
