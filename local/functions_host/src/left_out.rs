//! A function that does not run here, and why. It never takes the others down, here as on Azure
//! (azure-functions-host 89dc438d, src/WebJobs.Script/Host/ScriptHost.cs:826-856).

use thiserror::Error;

/// A function that does not run here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The name of its folder, or of its route.
    pub name: String,
    /// Why.
    pub why: Reason,
}

/// Why a function does not run here. Sources are lines of azure-functions-host 89dc438d, below
/// `src/WebJobs.Script/`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Reason {
    /// Its trigger is none that happens here.
    #[error("a {0} starts it, and only HTTP calls start functions here")]
    Trigger(String),
    /// An HTTP function with another output (Extensions/FunctionMetadataExtensions.cs:25-41).
    #[error(
        "it has the bindings {0} beside its HTTP ones, so Azure sends it a JSON envelope instead of the request, which greeting-local does not"
    )]
    OtherBindings(String),
    /// An HTTP function without an HTTP output (the same lines).
    #[error(
        "it has no binding of type http and direction out, so Azure sends it a JSON envelope instead of the request, which greeting-local does not"
    )]
    NoHttpOutput,
    /// An app setting disables it.
    #[error("the app setting {0} disables it")]
    Disabled(String),
    /// `host.json` names the functions that run (Host/FunctionMetadataManager.cs:100-109).
    #[error("\"functions\" of host.json does not name it")]
    NotListed,
    /// Its file is not JSON.
    #[error("its function.json can't be read: {0}")]
    BadJson(String),
    /// A name that Azure refuses (Utility.cs:59, 603-609).
    #[error(
        "Azure refuses its name: write a letter, then letters, digits, _ or -, 128 at most, and not \"host\""
    )]
    Name,
    /// No bindings (Host/HostFunctionMetadataProvider.cs:136-140).
    #[error("its function.json has no bindings, which Azure refuses")]
    NoBindings,
    /// `Bindings`: the name is read in lower case only (the same lines).
    #[error("its function.json has {0:?}, and Azure reads \"bindings\" only")]
    Spelling(String),
    /// A binding that is no object, or a member that is not what it should be.
    #[error("{0}, which Azure refuses")]
    BadBinding(String),
    /// No trigger (Description/FunctionDescriptorProvider.cs:200-212).
    #[error("it has no trigger, which Azure refuses")]
    NoTrigger,
    /// More than one (the same lines).
    #[error("it has {0} triggers, and Azure allows one")]
    Triggers(usize),
    /// A name that Azure refuses (Utility.cs:590-602).
    #[error(
        "Azure refuses the binding name {0:?}: write letters and digits, or $return for an output"
    )]
    BindingName(String),
    /// Two bindings of one name (Description/FunctionDescriptorProvider.cs:182-198).
    #[error("two of its bindings are called {0:?}, which Azure refuses")]
    SameBindingName(String),
    /// A script that is not there (Host/HostFunctionMetadataProvider.cs:177-200).
    #[error("its scriptFile {0:?} does not exist, which Azure refuses")]
    NoScript(String),
    /// A route of Azure's own (Host/ScriptHost.cs:918-924).
    #[error("Azure refuses its route {0:?}: none may begin with \"admin\" or \"runtime\"")]
    ReservedRoute(String),
    /// The same route and a method in common (Host/ScriptHost.cs:885-946).
    #[error(
        "its route {route:?} is that of {other} too, with a method in common; Azure keeps {other} only"
    )]
    SameRoute {
        /// The route.
        route: String,
        /// The function that has it.
        other: String,
    },
    /// A route that is not matched here as it is there.
    #[error("its route can't be matched: {0}")]
    Route(String),
    /// A blank route among the routes of `host.json` (Workers/Http/HttpWorkerFunctionProvider.cs).
    #[error("its route in host.json is blank, which Azure refuses")]
    BlankRoute,
}
