//! `jeton users list`

use crate::app::{App, Cell, OutputFormat, Table};
use crate::authority::accounts::{UserFilter, UserList, UserOrder};
use crate::commands::command::{Command, Effect, LIST_FORMATS};
use crate::commands::paging::{ListReport, PageArgs};
use crate::commands::views::{UserView, name_cell, status_cell};
use crate::failure::Failure;
use crate::model::{Email, InvalidValue, NameFilter, Role, UserId, UserName, UserUuid};
use serde::Serialize;

/// List accounts, by default sorted by id
///
/// Role and status are shown only to admins.
///
///   jeton users list --page 2 --per-page 3
///   jeton users list --search example.com --sort email
///   jeton users list --status disabled -o json
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Filter by text in the username, e-mail address or (admins only) display name, case-insensitive
    #[arg(long, value_name = "TEXT", value_parser = NameFilter::parse)]
    search: Option<NameFilter>,

    /// Filter by role: user, minter or admin (admins only)
    #[arg(long, value_parser = Role::parse, add = crate::commands::completers::roles())]
    role: Option<Role>,

    /// Filter by status: active or disabled (admins only)
    #[arg(
        long = "status",
        value_name = "STATUS",
        value_parser = parse_is_disabled,
        add = crate::commands::completers::fixed_values(&["active", "disabled"])
    )]
    is_disabled: Option<bool>,

    /// Sort key: id, username, email or created
    #[arg(
        long,
        value_name = "KEY",
        default_value = "id",
        value_parser = parse_order,
        add = crate::commands::completers::fixed_values(&["id", "username", "email", "created"])
    )]
    sort: UserOrder,

    /// Sort in descending order
    #[arg(long)]
    desc: bool,

    #[command(flatten)]
    paging: PageArgs,
}

/// CSV columns of the list for admins: the names of the members of [`UserRow`] in JSON.
const ADMIN_COLUMNS: &[&str] = &["id", "uid", "username", "email", "role", "status"];

/// CSV columns of the list for users who are not admins: the columns before `role` in
/// [`ADMIN_COLUMNS`].
const NON_ADMIN_COLUMNS: &[&str] = ADMIN_COLUMNS.split_at(4).0;

/// Account in the list.
#[derive(Debug, Serialize)]
struct UserRow {
    id: UserId,
    uid: UserUuid,
    username: Option<UserName>,
    email: Option<Email>,
    /// `None` if the caller is not an admin.
    #[serde(flatten)]
    admin_fields: Option<AdminFields>,
}

/// Fields that only admins can see.
#[derive(Debug, Serialize)]
struct AdminFields {
    role: Role,
    status: &'static str,
}

fn build_table(users: &[UserRow]) -> Table {
    let is_admin_view = users.iter().any(|user| user.admin_fields.is_some());
    let header: &[&str] = if is_admin_view {
        &["ID", "UID", "USERNAME", "EMAIL", "ROLE", "STATUS"]
    } else {
        &["ID", "UID", "USERNAME", "EMAIL"]
    };
    let mut table = Table::new(header);
    for user in users {
        let mut cells = vec![
            Cell::from(user.id.to_string()),
            Cell::from(user.uid.to_string()),
            name_cell(user.username.as_ref().map(UserName::to_display)),
            name_cell(user.email.as_ref().map(Email::to_display)),
        ];
        if let Some(fields) = &user.admin_fields {
            cells.extend([Cell::from(fields.role.name()), status_cell(fields.status)]);
        }
        table.add_row(cells);
    }
    table
}

impl Command for Args {
    const ACTION: &'static str = "users list";
    const EFFECT: Effect = Effect::Reads;
    const FORMATS: &'static [OutputFormat] = LIST_FORMATS;

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let page = self.paging.page_request(app.console.output_format());
        if self.sort != UserOrder::Id && self.paging.has_after() {
            return Err(Failure::usage("`--after` requires `--sort id`"));
        }
        let caller = app.caller()?;
        let is_admin = caller.user.role == Role::Admin;
        let filter = UserFilter {
            search: self.search,
            role: self.role,
            disabled: self.is_disabled,
            order: self.sort,
            descending: self.desc,
            ..Default::default()
        };
        let mut users = UserList::new(&caller, filter)?;
        let list = ListReport {
            noun: "users",
            columns: if is_admin { ADMIN_COLUMNS } else { NON_ADMIN_COLUMNS },
            id_of: |user: &UserRow| user.id.to_string(),
            build_table,
            wide_columns: &["UID"],
        };
        list.report(app, page, |app, page| {
            Ok(users.load(app.store.get()?, page)?.map(|user| {
                let user = UserView::from(user);
                UserRow {
                    id: user.id,
                    uid: user.uid,
                    username: user.username,
                    email: user.email,
                    admin_fields: is_admin
                        .then_some(AdminFields { role: user.role, status: user.status }),
                }
            }))
        })?;
        Ok(())
    }
}

/// Parses the value of `--status`. Returns `true` for `disabled`.
fn parse_is_disabled(text: &str) -> Result<bool, InvalidValue> {
    match text {
        "disabled" => Ok(true),
        "active" => Ok(false),
        _ => Err(InvalidValue::new("status", "expected `active` or `disabled`")),
    }
}

fn parse_order(text: &str) -> Result<UserOrder, InvalidValue> {
    Ok(match text {
        "id" => UserOrder::Id,
        "username" => UserOrder::Username,
        "email" => UserOrder::Email,
        "created" => UserOrder::Created,
        _ => {
            return Err(InvalidValue::new(
                "sort key",
                "expected `id`, `username`, `email` or `created`",
            ));
        }
    })
}
