//! Reading and changing settings.

use super::{Act, Caller, Error};
use crate::model::{Role, Setting};
use crate::store::Store;

/// The value of a setting as it was given, or its default.
pub(crate) fn get(store: &mut Store, setting: Setting) -> Result<String, Error> {
    let value = store.read(|tx| tx.find_setting(setting))?;
    Ok(value.unwrap_or_else(|| setting.default().to_owned()))
}

/// Changes a setting; only admins do.
pub(crate) fn set(
    store: &mut Store,
    act: &Act,
    caller: &Caller,
    setting: Setting,
    value: &str,
) -> Result<(), Error> {
    caller.needs(Role::Admin, "only admins change settings")?;
    let value = setting.checked(value)?;
    store.write(|tx| {
        tx.set_setting(setting, &value, act.now)?;
        act.done(tx, Some(caller.user.id), format!("setting {}", setting.name()), 1)?;
        Ok(())
    })
}
