//! Reading and changing settings.

use super::{Act, Caller, Error};
use crate::model::{Role, Setting};
use crate::store::Store;

const ADMINS_ONLY: &str = "only admins change settings";

/// The value of a setting as it was given, or its default.
pub(crate) fn get(store: &mut Store, setting: Setting) -> Result<String, Error> {
    let value = store.read(|tx| tx.find_setting(setting))?;
    Ok(value.unwrap_or_else(|| setting.default().to_owned()))
}

/// Every setting with its value, in the order of the documentation.
pub(crate) fn list(store: &mut Store) -> Result<Vec<(Setting, String)>, Error> {
    Setting::ALL.iter().map(|setting| Ok((*setting, get(store, *setting)?))).collect()
}

/// Gives a setting its default again; only admins do. Whether it had another value.
pub(crate) fn unset(
    store: &mut Store,
    act: &Act,
    caller: &Caller,
    setting: Setting,
) -> Result<bool, Error> {
    caller.change(store, Role::Admin, ADMINS_ONLY, |tx| {
        let changed = tx.remove_setting(setting)?;
        let count = usize::from(changed);
        act.done(tx, Some(caller.user.id), format!("setting {}", setting.name()), count)?;
        Ok(changed)
    })
}

/// Changes a setting; only admins do. Whether it had another value.
pub(crate) fn set(
    store: &mut Store,
    act: &Act,
    caller: &Caller,
    setting: Setting,
    value: &str,
) -> Result<bool, Error> {
    caller.change(store, Role::Admin, ADMINS_ONLY, |tx| {
        let value = setting.checked(value)?;
        let before = tx.find_setting(setting)?;
        let changed = before.as_deref().unwrap_or(setting.default()) != value;
        tx.set_setting(setting, &value, act.now)?;
        let count = usize::from(changed);
        act.done(tx, Some(caller.user.id), format!("setting {}", setting.name()), count)?;
        Ok(changed)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::fixture::{act, person, store};

    #[test]
    fn only_an_admin_changes_a_setting_and_only_to_what_it_can_be() {
        let mut store = store();
        let ada = person(&mut store, "ada", Role::Admin);
        let mia = person(&mut store, "mia", Role::Minter);
        let mut change =
            |caller, value| set(&mut store, &act(0), caller, Setting::TokenQuota, value);
        let result = change(&mia.caller, "9");
        assert!(matches!(result, Err(Error::Forbidden("only admins change settings"))));
        assert!(matches!(change(&ada.caller, "many"), Err(Error::Invalid(_))));
        change(&ada.caller, "9").unwrap();
        change(&ada.caller, "10").unwrap();
        assert_eq!(get(&mut store, Setting::TokenQuota).unwrap(), "10");
        assert_eq!(get(&mut store, Setting::TokenTtl).unwrap(), "7d");
    }
}
