//! `jeton whoami`, and tokens given instead of the session.

use super::NOBODY;
use crate::mask::{json_says, refuses, says};
use crate::world::World;

const JOHN: &str = "{\"user\":{\"id\":2,\"uid\":\"<uuid>\",\"username\":\"john\",\
                    \"email\":\"john@example.com\",\"name\":null,\"role\":\"user\",\
                    \"status\":\"active\",\"quota\":null,\"created_at\":\"<time>\"},\
                    \"session\":{\"sid\":\"<uuid>\",\"expires_at\":\"<time>\",\
                    \"access_expires_at\":\"<time>\"},\"credential\":{\"source\":";

/// Ada is logged in here; john's access token, from elsewhere, is in `john.txt`.
fn guest() -> (World, String) {
    let world = World::with_john();
    let john = world.session("access");
    std::fs::remove_file(world.session_file()).unwrap();
    std::fs::write(world.home().join("john.txt"), format!("  Bearer {john}\n\n")).unwrap();
    world.log_in("ada", "lovelace");
    (world, john)
}

fn who(world: &World, arguments: &[&str]) -> (String, String) {
    let answer = world.json(&[&["whoami"], arguments].concat());
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    (text(&answer["user"]["username"]), text(&answer["credential"]["source"]))
}

#[test]
fn it_says_who_and_until_when_and_by_which_credential() {
    let world = World::with_john();
    let out = "id            2\nuid           <uuid>\nusername      john\n\
               email         john@example.com\nname          -\nrole          user\n\
               status        active\nquota         default\ncreated       <time>\n\
               session       <uuid>\nsession ends  <time>\n\
               credential    ~/.config/jeton/sessions/<uuid>.json\n";
    says(&world, &world.run(&["whoami"]), out, "");
    let out = format!("{JOHN}\"~/.config/jeton/sessions/<uuid>.json\"}}}}");
    json_says(&world, &["whoami"], &out);
}

#[test]
fn nobody_is_told_so() {
    let world = World::with_admin();
    world.run(&["logout"]).ok();
    refuses(&world, &world.run(&["whoami"]), 4, NOBODY);
    let ran = world.run(&["whoami", "-o", "json"]).fails(4);
    assert_eq!(
        ran.err,
        "{\"error\":{\"kind\":\"TokenMissing\",\"code\":\"authorization_header\",\
         \"exit_code\":4,\"message\":\"nobody is logged in\",\"hint\":\"log in: jeton login\",\
         \"details\":{}}}\n"
    );
}

#[test]
fn a_given_token_comes_before_the_session() {
    let (mut world, john) = guest();
    assert_eq!(who(&world, &[]).0, "ada");
    let told = |name: &str, source: &str| (name.to_owned(), source.to_owned());
    assert_eq!(who(&world, &["--token-file", "john.txt"]), told("john", "file john.txt"));
    let ran = world.run_with_input(&["whoami", "--token-file", "-", "-o", "json"], &john);
    says(&world, &ran, &format!("{JOHN}\"file -\"}}}}\n"), "");
    world.set("JETON_TOKEN_FILE", "john.txt");
    assert_eq!(who(&world, &[]), told("john", "JETON_TOKEN_FILE"));
    world.set("JETON_TOKEN", &format!(" bearer {john} "));
    assert_eq!(who(&world, &[]), told("john", "JETON_TOKEN"));
    assert_eq!(who(&world, &["--token-file", "john.txt"]), told("john", "file john.txt"));
    world.set("JETON_TOKEN", "");
    assert_eq!(who(&world, &[]), told("john", "JETON_TOKEN_FILE"));
    world.set("JETON_TOKEN_FILE", "");
    assert_eq!(who(&world, &[]).0, "ada", "empty is absent");
}

#[test]
fn a_given_token_acts_as_its_user() {
    let (mut world, john) = guest();
    world.set("JETON_TOKEN", &john);
    let ran = world.run(&["settings", "set", "token.quota", "9"]);
    refuses(&world, &ran, 7, "error: only admins change settings\n");
    let ran = world.run(&["token", "create", "app"]);
    says(&world, &ran, "<token>\n", "token 1 for app, expires <time>, 1 of 3 in use\n");
    assert_eq!(world.sql("SELECT owner_id FROM grants"), ["2"]);
}

#[test]
fn a_given_token_must_be_a_good_access_token() {
    let (mut world, john) = guest();
    let app = world.get(&["token", "create", "app"]);
    let refresh = world.session("refresh");
    let other_type = "error: the token is of another type\n\
                      hint: an access token of a session is needed in JETON_TOKEN\n";
    for (token, code, talk) in [
        (app, 10, other_type),
        (refresh, 10, other_type),
        (
            "nonsense".to_owned(),
            10,
            "error: the token is malformed: the token does not have three parts\n\
             hint: it is the token in JETON_TOKEN that is refused\n",
        ),
        (
            crate::world::tampered(&john, 2),
            10,
            "error: the token's signature is wrong\n\
             hint: it is the token in JETON_TOKEN that is refused\n",
        ),
    ] {
        world.set("JETON_TOKEN", &token);
        refuses(&world, &world.run(&["whoami"]), code, talk);
    }
    let ran = world.run(&["whoami", "--token-file", "nowhere"]);
    let talk =
        "error: the file with the token cannot be read: No such file or directory (os error 2)\n";
    refuses(&world, &ran, 2, talk);
}

#[test]
fn a_given_token_is_never_refreshed() {
    let mut world = World::with_admin();
    world.run(&["settings", "set", "session.access_ttl", "1s"]).ok();
    world.log_in("ada", "lovelace");
    let file = std::fs::read(world.session_file()).unwrap();
    world.set("JETON_TOKEN", &world.session("access"));
    std::thread::sleep(std::time::Duration::from_secs(2));
    let talk = "error: the token has expired\n\
                hint: it is the token in JETON_TOKEN that is refused\n";
    refuses(&world, &world.run(&["whoami"]), 11, talk);
    assert_eq!(std::fs::read(world.session_file()).unwrap(), file);
}

#[test]
fn a_login_beside_a_given_token_warns() {
    let (mut world, john) = guest();
    world.set("JETON_TOKEN", &john);
    let ran = world.run_with_input(&["login", "ada", "--password-stdin"], "lovelace");
    let talk = "warning: commands will use the token that is given, not this session\n\
                the session that was open here is ended\nlogged in as ada\n";
    says(&world, &ran, "", talk);
    assert_eq!(who(&world, &[]).0, "john");
}
