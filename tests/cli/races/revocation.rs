//! Revocation of a token by its value, not by its id, while another process records the token in
//! the store.

use super::run_concurrently;
use crate::sandbox::Sandbox;

const ROUNDS: usize = 100;

#[test]
fn revoked_token_stays_revoked_if_recorded_concurrently() {
    let sandbox = Sandbox::with_admin();
    // Generates the test key.
    sandbox.run(&["token", "mint"]).ok();
    for round in 0..ROUNDS {
        let jti = format!("jti=0192abcd-0000-7000-8000-{round:012}");
        let expiry = "2100-01-01T00:00:00Z";
        let mint = [
            "token",
            "mint",
            "--sub",
            "a",
            "--claim",
            &jti,
            "--issued-at",
            "0",
            "--expires-at",
            expiry,
        ];
        let token = sandbox.stdout_of(&mint);
        let record = sandbox.command(&[&mint[..], &["--record"]].concat());
        let outputs = run_concurrently([sandbox.command(&["token", "revoke", &token]), record]);
        // `token mint --record` refuses to record a token that is already revoked (2).
        assert!([0, 2].contains(&outputs[1].code), "{outputs:?}");
        assert_eq!(outputs[0].code, 0, "{outputs:?}");
        let verify = ["token", "verify", "--type", "test", &token];
        assert_eq!(sandbox.run(&verify).code, 12, "round {round}: {outputs:?}");
    }
}
