//! What one run has: the voice, the time, the store on request, the caller.

mod child;
mod clock;
mod environment;
mod input;
mod known;
mod login;
mod output;
mod presets;
mod said;
mod session;
mod source;
mod upkeep;

pub(crate) use crate::terminal::{Cell, Form, Report, Table, Text, Tone, Voice};
pub(crate) use child::Watch;
pub(crate) use environment::Environment;
pub(crate) use input::PasswordFrom;
pub(crate) use known::Known;
pub(crate) use output::{Folder, PRIVATE, PUBLIC};
pub(crate) use said::SecretOutput;

use crate::authority::{self, About, Act, PublicKeys, Reason};
use crate::directory::{GROUP_CAN_WRITE, Writers};
use crate::failure::Failure;
use crate::model::{Algorithm, NewKey, Purpose, RsaBits, Timestamp, UserId};
use crate::store::{self, Opened, Readers, Store};
use crate::terminal::Confirmed;
use crate::{model, paths};
use clock::Clock;
use secrecy::SecretString;
use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What the global flags say.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// Where the store is, where that was said.
    pub(crate) store: Option<PathBuf>,
    /// A file with the caller's token.
    pub(crate) token_file: Option<PathBuf>,
    /// The form of results.
    pub(crate) form: Form,
    /// Whether to leave the talk out.
    pub(crate) quiet: bool,
    /// Whether questions are answered with yes.
    pub(crate) yes: bool,
    /// Whether nobody may be asked.
    pub(crate) no_input: bool,
    /// How long to wait for a lock.
    pub(crate) wait: Duration,
}

/// One run of the program.
pub(crate) struct App {
    options: Options,
    environment: Environment,
    voice: Voice,
    clock: Clock,
    action: String,
    changes: bool,
    /// What it is about, for the audit of a refusal.
    pub(crate) about: Option<About>,
    store: Option<Store>,
    user: Option<UserId>,
    exit: u8,
    given: OnceCell<Option<(SecretString, String)>>,
}

impl App {
    /// A run that carries out `action` (`token create`), which `changes` something or only reads.
    pub(crate) fn new(
        options: Options,
        environment: Environment,
        action: String,
        changes: bool,
    ) -> Self {
        let voice = Voice::new(options.form, options.quiet).with_last_words(Failure::interrupted);
        Self {
            options,
            environment,
            voice,
            clock: Clock::default(),
            action,
            changes,
            about: None,
            store: None,
            user: None,
            exit: 0,
            given: OnceCell::new(),
        }
    }

    /// The time of this run, read when it is first asked for: after the input was read, so that a
    /// token that another process makes meanwhile is not from the future.
    pub(crate) fn now(&self) -> Result<Timestamp, Failure> {
        self.clock.now()
    }

    /// What is being carried out, for the rules.
    pub(crate) fn act(&mut self) -> Result<Act, Failure> {
        Ok(Act {
            now: self.now()?,
            os_uid: rustix::process::getuid().as_raw(),
            action: self.action.clone(),
        })
    }

    /// The store, which must be there.
    pub(crate) fn store(&mut self) -> Result<&mut Store, Failure> {
        if self.store.is_none() {
            let path = self.store_path()?;
            let opened = Store::open(&path, self.options.wait)?;
            return Ok(self.take_over(opened));
        }
        self.store.as_mut().ok_or_else(lost)
    }

    /// Returns the public keys of the store, if there is one that can be read. A command that works
    /// without a store does not fail for the state of one.
    pub(crate) fn public_keys(&self) -> PublicKeys {
        let wait = self.options.wait.min(Duration::from_secs(1));
        let opened = self.store_path().ok().and_then(|path| Store::open(&path, wait).ok());
        let keys = opened.and_then(|mut opened| opened.store.read(|tx| tx.keys()).ok());
        keys.unwrap_or_default().iter().filter_map(|key| key.spec.public.as_ref()).collect()
    }

    /// Lets go of the store while another program runs, which may use it, too. What comes after
    /// that is later.
    pub(crate) fn pause(&mut self) {
        self.store = None;
        self.clock = Clock::default();
    }

    /// Makes the store with that key if it is not there; whether it was made.
    pub(crate) fn make_store(
        &mut self,
        first: impl FnOnce() -> Result<NewKey, Failure>,
    ) -> Result<bool, Failure> {
        if self.has_store()? {
            return Ok(false);
        }
        let path = self.store_path()?;
        let beginning = authority::beginning(first()?, self.now()?);
        let opened = Store::open_or_create(&path, self.options.wait, || beginning)?;
        let created = opened.created;
        self.take_over(opened);
        Ok(created)
    }

    /// Makes the store with a key for `algorithm` if it is not there.
    pub(crate) fn make_store_for(&mut self, algorithm: Algorithm) -> Result<bool, Failure> {
        let draft = || Ok(authority::draft_key(algorithm, Purpose::App, RsaBits::default())?);
        self.make_store(draft)
    }

    fn take_over(&mut self, opened: Opened) -> &mut Store {
        let shown = model::escaped(&opened.store.path().to_string_lossy());
        if opened.created {
            self.voice.status(&format!("made the store `{shown}`"));
        }
        match opened.readers {
            Readers::None => {}
            Readers::Ended => {
                self.voice.warning(&format!("others could read `{shown}`; now they cannot"));
            }
            Readers::Left => {
                self.voice
                    .warning(&format!("others can read `{shown}`, and that cannot be changed"));
            }
        }
        self.warn_of_group(opened.writers, opened.store.path().parent().unwrap_or(Path::new("/")));
        self.store.insert(opened.store)
    }

    /// Warns where the user's private group can write a directory.
    pub(crate) fn warn_of_group(&self, writers: Writers, directory: &Path) {
        if writers == Writers::PrivateGroup {
            let shown = model::escaped(&directory.to_string_lossy());
            self.voice.warning(&format!("{GROUP_CAN_WRITE} `{shown}`"));
        }
    }

    fn store_path(&self) -> Result<PathBuf, Failure> {
        self.options.store.clone().or_else(paths::default_store).ok_or_else(|| {
            Failure::usage("there is no home directory to keep a store in")
                .with_hint("say where with `--store` or `JETON_STORE`")
        })
    }

    /// Whether there is a store.
    pub(crate) fn has_store(&mut self) -> Result<bool, Failure> {
        match self.store() {
            Ok(_) => Ok(true),
            Err(failure) if failure.code == "store_not_found" => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// Asks before something is destroyed.
    pub(crate) fn confirm(&self, question: &str) -> Result<(), Failure> {
        if self.options.yes {
            return Ok(());
        }
        if !self.may_ask() {
            return Err(Failure::usage("nobody is there to confirm it").with_hint("add `--yes`"));
        }
        match self.voice.confirm(question)? {
            Confirmed::Yes => Ok(()),
            Confirmed::No => Err(Failure::usage("cancelled, nothing was changed")),
        }
    }

    /// Returns whether `--yes` was given.
    pub(crate) fn is_confirmed(&self) -> bool {
        self.options.yes
    }

    /// From here on it is more than reading: if it is refused, that is written down.
    pub(crate) fn is_change(&mut self) {
        self.changes = true;
    }

    /// Tells the failure, and writes down that a change was refused. The exit code is the failure's,
    /// whatever becomes of the writing.
    pub(crate) fn fail(mut self, failure: &Failure) -> u8 {
        // A reused refresh token ended its session: that change has its row already.
        let written = failure.is_for(Reason::Reused);
        if self.changes && failure.is_refusal() && !written && self.store.is_some() {
            let (user, about) = (self.user, self.about.take());
            if let (Ok(act), Some(store)) = (self.act(), self.store.as_mut()) {
                let _ = authority::record_refusal(store, &act, user, about.as_ref(), failure.code);
            }
        }
        self.voice.failure(&failure.message, failure.hint.as_deref(), &failure.json());
        self.leave();
        failure.kind.exit_code()
    }

    /// Ends with the exit code of the command that was run.
    pub(crate) fn exit_with(&mut self, code: u8) {
        self.exit = code;
    }

    /// The end of a run that did what it was called for; its exit code.
    pub(crate) fn leave(self) -> u8 {
        if let Some(store) = self.store {
            store.leave();
        }
        self.exit
    }
}

fn lost() -> Failure {
    Failure::from(store::Error::Failed("it was closed".to_owned()))
}
