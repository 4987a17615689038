//! One `function.json`: the function that it describes, or why it is none that runs here.
//!
//! azure-functions-host 89dc438d, src/WebJobs.Script/Host/HostFunctionMetadataProvider.cs:60-175.

use hyper::Method;
use serde_json::Value;

use crate::files::{kind, member};
use crate::left_out::Reason;
use crate::route::Route;

/// One HTTP-triggered function.
#[derive(Debug, Clone)]
pub struct Function {
    /// The name of its folder.
    pub name: String,
    /// Its route, without the prefix; the name where `function.json` has none.
    pub route: String,
    /// The same, parsed, below the prefix.
    pub matcher: Route,
    /// The methods it answers, as they are written; all of them where `function.json` lists none.
    pub methods: Option<Vec<String>>,
    /// Which key Azure asks its callers for.
    pub auth_level: AuthLevel,
}

/// `authLevel` of an `httpTrigger`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthLevel {
    /// No key.
    Anonymous,
    /// A function's key; the default.
    Function,
    /// The master key.
    Admin,
}

/// What a file says of a function: the HTTP route that it takes, whether it runs here or not.
pub(crate) struct Read {
    pub(crate) function: Function,
    /// Why it does not run here although its route is taken.
    pub(crate) why_not: Option<Reason>,
    /// `disabled`, which has no effect any more.
    pub(crate) says_disabled: bool,
}

impl Function {
    /// Whether it answers calls of this method (HTTP's methods are compared in any case, as
    /// ASP.NET Core's `HttpMethodRouteConstraint` does).
    pub(crate) fn answers(&self, method: &Method) -> bool {
        self.methods.as_ref().is_none_or(|methods| {
            methods
                .iter()
                .any(|own| own.eq_ignore_ascii_case(method.as_str()))
        })
    }

    /// Whether both would answer one call. Methods are compared with their letter case, as the
    /// host does (ScriptHost.cs:927-946).
    pub(crate) fn conflicts(&self, other: &Self) -> bool {
        let route = |function: &Self| function.route.trim_matches('/').to_lowercase();
        let all = |function: &Self| function.methods.as_ref().is_none_or(Vec::is_empty);
        route(self) == route(other)
            && (all(self)
                || all(other)
                || self
                    .methods
                    .iter()
                    .flatten()
                    .any(|own| other.methods.iter().flatten().any(|theirs| own == theirs)))
    }
}

/// Reads the file of the function `name`. `exists` says whether a script is there.
pub(crate) fn read(
    content: &Value,
    name: &str,
    prefix: &str,
    exists: impl Fn(&str) -> bool,
) -> Result<Read, Reason> {
    let bindings = bindings(content)?;
    let triggers: Vec<&Binding> = bindings.iter().filter(|own| own.is_trigger()).collect();
    let trigger = match triggers.as_slice() {
        [] => return Err(Reason::NoTrigger),
        [trigger] => *trigger,
        many => return Err(Reason::Triggers(many.len())),
    };
    match content.get("scriptFile").and_then(Value::as_str) {
        Some(script) if !script.is_empty() && !exists(script) => {
            return Err(Reason::NoScript(script.to_owned()));
        }
        _ => {}
    }
    if !trigger.is("httpTrigger") {
        return Err(Reason::Trigger(trigger.kind.clone()));
    }
    let function = function(trigger.json, name, prefix)?;
    let others: Vec<&str> = bindings
        .iter()
        .filter(|own| !(own.is("httpTrigger") || own.answers()))
        .map(|own| own.kind.as_str())
        .collect();
    let answers = bindings.iter().filter(|own| own.answers()).count();
    let why_not = match (others.as_slice(), answers) {
        ([], 1) => None,
        ([], 0) => Some(Reason::NoHttpOutput),
        ([], _) => Some(Reason::OtherBindings("http".to_owned())),
        (others, _) => Some(Reason::OtherBindings(others.join(", "))),
    };
    Ok(Read {
        function,
        why_not,
        says_disabled: content.get("disabled").is_some_and(is_true),
    })
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => *flag,
        Value::String(text) => text.eq_ignore_ascii_case("true"),
        _ => false,
    }
}

/// What an `httpTrigger` says.
fn function(trigger: &Value, name: &str, prefix: &str) -> Result<Function, Reason> {
    let bad = |what: String| Reason::BadBinding(what);
    let auth_level = match member(trigger, "authLevel") {
        None | Some(Value::Null) => AuthLevel::Function,
        Some(value) => {
            let text = value.as_str().unwrap_or_default();
            AuthLevel::parse(text).ok_or_else(|| bad(format!("its authLevel is {value}")))?
        }
    };
    let methods = match member(trigger, "methods") {
        None | Some(Value::Null) => None,
        Some(Value::Array(methods)) => Some(
            methods
                .iter()
                .map(|value| method(value).ok_or_else(|| bad(format!("its methods hold {value}"))))
                .collect::<Result<_, _>>()?,
        ),
        Some(other) => return Err(bad(format!("its methods are {}, not a list", kind(other)))),
    };
    let route = match member(trigger, "route") {
        None | Some(Value::Null) => "",
        Some(Value::String(route)) => route,
        Some(other) => return Err(bad(format!("its route is {}", kind(other)))),
    };
    at_route(name, route, prefix, methods, auth_level)
}

/// A function at a route; at its name where there is none (ScriptHost.cs:910-916).
pub(crate) fn at_route(
    name: &str,
    route: &str,
    prefix: &str,
    methods: Option<Vec<String>>,
    auth_level: AuthLevel,
) -> Result<Function, Reason> {
    let route = if route.trim().is_empty() { name } else { route };
    let start = route.trim_matches('/').to_lowercase();
    if start.starts_with("admin") || start.starts_with("runtime") {
        return Err(Reason::ReservedRoute(route.to_owned()));
    }
    Ok(Function {
        name: name.to_owned(),
        route: route.to_owned(),
        matcher: Route::parse(prefix, route).map_err(Reason::Route)?,
        methods,
        auth_level,
    })
}

fn method(value: &Value) -> Option<String> {
    let name = value.as_str()?;
    Method::from_bytes(name.as_bytes()).ok()?;
    Some(name.to_owned())
}

impl AuthLevel {
    /// The name of a level, in any letter case.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "anonymous" => Some(Self::Anonymous),
            "function" | "user" => Some(Self::Function),
            "admin" | "system" => Some(Self::Admin),
            _ => None,
        }
    }
}

struct Binding<'a> {
    json: &'a Value,
    kind: String,
    direction: Direction,
}

#[derive(PartialEq, Eq)]
enum Direction {
    In,
    Out,
    Both,
}

impl Binding<'_> {
    fn is(&self, kind: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind)
    }

    /// Whether the answer of an HTTP call is its.
    fn answers(&self) -> bool {
        self.is("http") && self.direction == Direction::Out
    }

    /// (BindingMetadata.cs: the type's name ends so.)
    fn is_trigger(&self) -> bool {
        self.kind.to_ascii_lowercase().ends_with("trigger")
    }
}

/// The bindings, their names and directions checked.
fn bindings(content: &Value) -> Result<Vec<Binding<'_>>, Reason> {
    let listed = match content.get("bindings") {
        Some(Value::Array(bindings)) if !bindings.is_empty() => bindings,
        Some(Value::Array(_) | Value::Null) => return Err(Reason::NoBindings),
        Some(other) => {
            return Err(Reason::BadBinding(format!(
                "its bindings are {}",
                kind(other)
            )));
        }
        None => {
            let names = content.as_object().into_iter().flat_map(|all| all.keys());
            let spelled = names
                .into_iter()
                .find(|name| name.eq_ignore_ascii_case("bindings"));
            return Err(spelled.map_or(Reason::NoBindings, |name| Reason::Spelling(name.clone())));
        }
    };
    let mut names: Vec<String> = Vec::new();
    let mut bindings = Vec::new();
    for json in listed {
        let binding = binding(json)?;
        let name = text(json, "name");
        let is_return = name == "$return";
        if is_return && binding.direction != Direction::Out {
            return Err(Reason::BadBinding(
                "its binding $return has another direction than out".to_owned(),
            ));
        }
        if !is_return && !is_binding_name(&name) {
            return Err(Reason::BindingName(name));
        }
        if names.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
            return Err(Reason::SameBindingName(name));
        }
        names.push(name);
        bindings.push(binding);
    }
    Ok(bindings)
}

fn binding(json: &Value) -> Result<Binding<'_>, Reason> {
    if !json.is_object() {
        return Err(Reason::BadBinding(format!("a binding is {}", kind(json))));
    }
    let direction = match text(json, "direction").to_ascii_lowercase().as_str() {
        "" | "in" => Direction::In,
        "out" => Direction::Out,
        "inout" => Direction::Both,
        other => {
            return Err(Reason::BadBinding(format!(
                "{other:?} is not the direction of a binding"
            )));
        }
    };
    let kind = text(json, "type");
    if kind.is_empty() {
        return Err(Reason::BadBinding("a binding has no type".to_owned()));
    }
    Ok(Binding {
        json,
        kind,
        direction,
    })
}

fn text(json: &Value, name: &str) -> String {
    let value = member(json, name).and_then(Value::as_str);
    value.unwrap_or_default().to_owned()
}

/// `^[a-zA-Z][a-zA-Z0-9]{0,127}$` (Utility.cs:590-602).
fn is_binding_name(name: &str) -> bool {
    name.len() <= 128
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// `^[a-z][a-z0-9_\-]{0,127}$` in any case, and not `host` (Utility.cs:59, 324-327, 603-609).
pub(crate) fn is_function_name(name: &str) -> bool {
    name.len() <= 128
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        && !name.eq_ignore_ascii_case("host")
}
