//! The pending states of a login and of a refresh, and the format of the file.

use super::*;

const OLD_SID: &str = "018f4f5e-7a3b-7c1d-8e2f-000000000001";
const NEW_SID: &str = "018f4f5e-7a3b-7c1d-8e2f-000000000002";
const FIRST_JTI: &str = "018f4f5e-7a3b-7c1d-8e2f-000000000003";
const SECOND_JTI: &str = "018f4f5e-7a3b-7c1d-8e2f-000000000004";

fn test_login(sid: &str) -> Login {
    Login {
        store_path: PathBuf::from("/jeton.db"),
        sid: Sid::parse(sid).unwrap(),
        access_token: SecretString::from("a"),
        refresh_token: SecretString::from("r"),
        access_expires_at: Timestamp::from_unix(9).unwrap(),
        refresh_expires_at: Timestamp::from_unix(90).unwrap(),
        pending_refresh: None,
        pending_login: None,
    }
}

fn pending_refresh_with_jti(jti: &str) -> PendingRefresh {
    let jti = Jti::parse(jti).unwrap();
    PendingRefresh { access_jti: jti, refresh_jti: jti }
}

fn lock_session_file(directory: &Path, store_path: &str) -> LockedSessionFile {
    let store_id = StoreId::new(uuid::Uuid::nil());
    let directory = Some(directory.join("sessions"));
    let file = SessionFile::new(directory, store_id, Path::new(store_path)).unwrap();
    file.lock(Duration::ZERO).unwrap()
}

fn sid_in(file: &LockedSessionFile) -> Option<String> {
    file.read().unwrap().login.map(|login| login.sid.to_string())
}

#[test]
fn pending_login_is_kept_only_if_its_session_exists() {
    for (previous, is_committed, expected) in [
        (Some(OLD_SID), true, Some(NEW_SID)),
        (Some(OLD_SID), false, Some(OLD_SID)),
        (None, true, Some(NEW_SID)),
        (None, false, None),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let file = lock_session_file(directory.path(), "/jeton.db");
        file.begin_login(test_login(NEW_SID), previous.map(test_login)).unwrap();
        assert!(file.read().unwrap().login.unwrap().pending_login.is_some());
        let returned = file.settle_login(|sid| {
            assert_eq!(sid.to_string(), NEW_SID);
            Ok::<_, Error>(is_committed)
        });
        assert_eq!(returned.unwrap().map(|login| login.sid.to_string()).as_deref(), expected);
        assert_eq!(sid_in(&file).as_deref(), expected);
        let is_pending =
            |content: Content| content.login.is_some_and(|login| login.pending_login.is_some());
        assert!(!is_pending(file.read().unwrap()));
    }
}

#[test]
fn failed_session_lookup_leaves_pending_login_unchanged() {
    let directory = tempfile::tempdir().unwrap();
    let file = lock_session_file(directory.path(), "/jeton.db");
    file.begin_login(test_login(NEW_SID), Some(test_login(OLD_SID))).unwrap();
    let result = file.settle_login(|_| Err(Error::Busy));
    assert!(matches!(result, Err(Error::Busy)));
    assert!(file.read().unwrap().login.unwrap().pending_login.is_some());
}

#[test]
fn repeated_refresh_uses_the_ids_of_the_interrupted_refresh() {
    let directory = tempfile::tempdir().unwrap();
    let file = lock_session_file(directory.path(), "/jeton.db");
    file.replace(&test_login(OLD_SID)).unwrap();
    let first =
        file.begin_refresh(&test_login(OLD_SID), || pending_refresh_with_jti(FIRST_JTI)).unwrap();
    let interrupted = file.read().unwrap().login.unwrap();
    assert_eq!(interrupted.pending_refresh, Some(first));
    let second = file.begin_refresh(&interrupted, || pending_refresh_with_jti(SECOND_JTI)).unwrap();
    assert_eq!(second, first);
}

#[test]
fn copied_store_does_not_use_the_login_of_the_original() {
    let directory = tempfile::tempdir().unwrap();
    lock_session_file(directory.path(), "/jeton.db").replace(&test_login(OLD_SID)).unwrap();
    let content = lock_session_file(directory.path(), "/copy.db").read().unwrap();
    assert!(content.login.is_none());
    assert_eq!(content.other_copy, Some(PathBuf::from("/jeton.db")));
}

#[test]
fn file_format_is_stable() {
    // The member `pending` is a pending refresh, and `beginning` is a pending login. `before` is
    // the login that the pending login replaces.
    let members_up_to_pending = format!(
        r#""store":"/jeton.db","sid":"{OLD_SID}","access":"a","refresh":"r","access_expires_at":9,"refresh_expires_at":90,"pending""#
    );
    let pending_refresh = format!(r#"{{"access":"{FIRST_JTI}","refresh":"{FIRST_JTI}"}}"#);
    let login_during_refresh =
        Login { pending_refresh: Some(pending_refresh_with_jti(FIRST_JTI)), ..test_login(OLD_SID) };
    for (login, json) in [
        (test_login(OLD_SID), format!("{{{members_up_to_pending}:null}}")),
        (login_during_refresh, format!("{{{members_up_to_pending}:{pending_refresh}}}")),
        (
            test_login(OLD_SID).into_pending(None),
            format!(r#"{{{members_up_to_pending}:null,"beginning":{{"before":null}}}}"#),
        ),
        (
            test_login(OLD_SID).into_pending(Some(test_login(OLD_SID))),
            format!(
                r#"{{{members_up_to_pending}:null,"beginning":{{"before":{{{members_up_to_pending}:null}}}}}}"#
            ),
        ),
    ] {
        assert_eq!(serde_json::to_string(&login).unwrap(), json);
        let parsed: Login = serde_json::from_str(&json).unwrap();
        assert_eq!(serde_json::to_string(&parsed).unwrap(), json);
    }
}
