//! Settings: queries and changes.

use super::{AuditContext, Caller, Error};
use crate::model::{EventTarget, Role, Setting, Timestamp};
use crate::store::{self, Store, Writer};

const ADMINS_ONLY: &str = "only admins can change settings";

/// Returns the stored value of a setting, or else the default value.
pub(crate) fn load(store: &mut Store, setting: Setting) -> Result<String, Error> {
    let value = store.read(|tx| tx.find_setting(setting))?;
    Ok(value.unwrap_or_else(|| setting.default_value().to_owned()))
}

/// Returns all settings with their values, in the documented order.
pub(crate) fn list(store: &mut Store) -> Result<Vec<(Setting, String)>, Error> {
    Setting::ALL.iter().map(|setting| Ok((*setting, load(store, *setting)?))).collect()
}

/// Resets a setting to its default. Refuses a caller who is not an admin. Returns whether the value
/// changed.
pub(crate) fn unset(
    store: &mut Store,
    audit: &AuditContext,
    caller: &Caller,
    setting: Setting,
) -> Result<bool, Error> {
    caller.write_with_role(store, Role::Admin, ADMINS_ONLY, |tx| {
        let changed = change(tx, audit.now, setting, setting.default_value())?;
        let count = usize::from(changed);
        audit.record(tx, Some(caller.user.id), EventTarget::setting(setting), count)?;
        Ok(changed)
    })
}

/// Changes a setting. Refuses a caller who is not an admin. Returns whether the value changed.
pub(crate) fn set(
    store: &mut Store,
    audit: &AuditContext,
    caller: &Caller,
    setting: Setting,
    value: &str,
) -> Result<bool, Error> {
    caller.write_with_role(store, Role::Admin, ADMINS_ONLY, |tx| {
        let changed = change(tx, audit.now, setting, &setting.validate(value)?)?;
        let count = usize::from(changed);
        audit.record(tx, Some(caller.user.id), EventTarget::setting(setting), count)?;
        Ok(changed)
    })
}

/// Changes a setting to a validated value. A default value is not stored: the row of the setting is
/// removed. Returns whether the value changed.
pub(super) fn change(
    tx: &Writer<'_>,
    now: Timestamp,
    setting: Setting,
    value: &str,
) -> Result<bool, store::Error> {
    let (stored_value, default) = (tx.find_setting(setting)?, setting.default_value());
    if value == default {
        tx.remove_setting(setting)?;
    } else if stored_value.as_deref() != Some(value) {
        tx.set_setting(setting, value, now)?;
    }
    Ok(stored_value.as_deref().unwrap_or(default) != value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::test_store::{add_user, audit_at, new_store};

    #[test]
    fn default_value_is_not_stored() {
        let mut store = new_store();
        let ada = add_user(&mut store, "ada", Role::Admin);
        let mut set_ttl =
            |value| set(&mut store, &audit_at(0), &ada.caller, Setting::TokenTtl, value).unwrap();
        // The default is `7d`.
        assert!(!set_ttl("7d"));
        assert!(set_ttl("1d"));
        assert!(set_ttl("7d"));
        assert_eq!(store.read(|tx| tx.find_setting(Setting::TokenTtl)).unwrap(), None);
        assert!(!unset(&mut store, &audit_at(0), &ada.caller, Setting::TokenTtl).unwrap());
    }

    #[test]
    fn setting_change_requires_admin_and_valid_value() {
        let mut store = new_store();
        let ada = add_user(&mut store, "ada", Role::Admin);
        let mia = add_user(&mut store, "mia", Role::Minter);
        let mut set_quota =
            |caller, value| set(&mut store, &audit_at(0), caller, Setting::TokenQuota, value);
        let result = set_quota(&mia.caller, "9");
        assert!(matches!(
            result,
            Err(Error::InsufficientRole { refusal: "only admins can change settings", .. })
        ));
        assert!(matches!(set_quota(&ada.caller, "many"), Err(Error::InvalidValue(_))));
        set_quota(&ada.caller, "9").unwrap();
        set_quota(&ada.caller, "10").unwrap();
        assert_eq!(load(&mut store, Setting::TokenQuota).unwrap(), "10");
        assert_eq!(load(&mut store, Setting::TokenTtl).unwrap(), "7d");
    }
}
