//! `jeton users list`

use crate::app::{App, Cell, Table};
use crate::authority::{self, UserFilter, UserOrder};
use crate::commands::paging::{List, PagingArgs};
use crate::commands::shapes::{UserShape, name, standing};
use crate::failure::Failure;
use crate::model::{Email, Invalid, Page, Role, Search, Uid, UserId, UserName};
use serde::Serialize;

/// List accounts in the order of their ids, unless said
///
/// Admins see role and status besides names.
///
///   jeton users list --page 2 --per-page 3
///   jeton users list --search example.com --sort email
///   jeton users list --status disabled --all -o json
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Those with this in their username, their e-mail address or, for admins, their display name;
    /// capital or small is the same
    #[arg(long, value_name = "TEXT", value_parser = Search::parse)]
    search: Option<Search>,

    /// Those of this role: user, minter or admin (admins only)
    #[arg(long, value_parser = Role::parse, add = crate::commands::complete::roles())]
    role: Option<Role>,

    /// active or disabled (admins only)
    #[arg(
        long,
        value_parser = is_disabled,
        add = crate::commands::complete::words(&["active", "disabled"])
    )]
    status: Option<bool>,

    /// id, username, email or created
    #[arg(
        long,
        value_name = "BY",
        default_value = "id",
        value_parser = order,
        add = crate::commands::complete::words(&["id", "username", "email", "created"])
    )]
    sort: UserOrder,

    /// The last one first
    #[arg(long)]
    desc: bool,

    #[command(flatten)]
    paging: PagingArgs,
}

#[derive(Debug, Serialize)]
struct Line {
    id: UserId,
    uid: Uid,
    username: Option<UserName>,
    email: Option<Email>,
    #[serde(flatten)]
    for_admins: Option<ForAdmins>,
}

#[derive(Debug, Serialize)]
struct ForAdmins {
    role: Role,
    status: &'static str,
}

fn table(users: &[Line]) -> Table {
    let for_admin = users.iter().any(|user| user.for_admins.is_some());
    let header: &[&str] = if for_admin {
        &["ID", "UID", "USERNAME", "EMAIL", "ROLE", "STATUS"]
    } else {
        &["ID", "UID", "USERNAME", "EMAIL"]
    };
    let mut table = Table::new(header);
    for user in users {
        let mut cells = vec![
            Cell::from(user.id.to_string()),
            Cell::from(user.uid.to_string()),
            name(user.username.as_ref().map(UserName::shown)),
            name(user.email.as_ref().map(Email::shown)),
        ];
        if let Some(more) = &user.for_admins {
            cells.extend([Cell::from(more.role.name()), standing(more.status)]);
        }
        table.row(cells);
    }
    table
}

pub(crate) fn run(app: &mut App, args: Args) -> Result<(), Failure> {
    let page = args.paging.page();
    if args.sort != UserOrder::Id && matches!(page, Page::After { .. }) {
        return Err(Failure::usage("`--after` follows the order of ids: leave `--sort` out"));
    }
    let caller = app.caller()?;
    let for_admin = caller.user.role == Role::Admin;
    let filter = UserFilter {
        search: args.search,
        role: args.role,
        disabled: args.status,
        order: args.sort,
        descending: args.desc,
        ..Default::default()
    };
    let list = List { noun: "users", table, is_by_id: filter.order == UserOrder::Id };
    list.report(app, page, |app, page| {
        let users = authority::users(app.store()?, &caller, &filter, page)?;
        Ok(users.map(|user| {
            let user = UserShape::from(user);
            Line {
                id: user.id,
                uid: user.uid,
                username: user.username,
                email: user.email,
                for_admins: for_admin.then_some(ForAdmins { role: user.role, status: user.status }),
            }
        }))
    })?;
    Ok(())
}

fn is_disabled(text: &str) -> Result<bool, Invalid> {
    match text {
        "disabled" => Ok(true),
        "active" => Ok(false),
        _ => Err(Invalid::new("status", "`active` or `disabled`")),
    }
}

fn order(text: &str) -> Result<UserOrder, Invalid> {
    Ok(match text {
        "id" => UserOrder::Id,
        "username" => UserOrder::Username,
        "email" => UserOrder::Email,
        "created" => UserOrder::Created,
        _ => return Err(Invalid::new("order", "`id`, `username`, `email` or `created`")),
    })
}
