"""The faults, by name. Each is Azure's, not ours: where it is raised stands its source."""

import dataclasses

# As long as the mode is on.
ALWAYS = 1_000_000


@dataclasses.dataclass
class Mode:
    what: str
    times: int = ALWAYS


MODES = {
    # Microsoft Graph
    "slow-directory": Mode("what was just made is not found for 20 s"),
    "scope-race": Mode("a scope just stored can't be pre-authorized for 10 s"),
    "graph-throttled": Mode("429 with Retry-After, twice", 2),
    "graph-unavailable": Mode("503, twice", 2),
    "same-key": Mode("Request_MultipleObjectsWithSameKeyValue for a service principal, once", 1),
    "concurrency": Mode("Directory_ConcurrencyViolation at a PATCH, once", 1),
    "directory-quota": Mode("Directory_QuotaExceeded for what is new"),
    "forbidden": Mode("Authorization_RequestDenied: nobody may register applications"),
    "service-reference": Mode("each application needs a serviceManagementReference"),
    # Azure Resource Manager
    "fresh-subscription": Mode("no resource provider is registered; registering takes 30 s"),
    "arm-throttled": Mode("429 with Retry-After at a write, twice", 2),
    "arm-unavailable": Mode("503 at a write, twice", 2),
    "name-taken": Mode("the function app's name is somebody else's"),
    "plan-quota": Mode("no quota for a Flex Consumption plan: at validation"),
    "plan-quota-late": Mode("no quota for a Flex Consumption plan: at deployment only"),
    "no-role-rights": Mode("who deploys may not assign roles"),
    "deployment-fails": Mode("a deployment fails once at the site, and leaves what was made before", 1),
    # The app
    "role-delay": Mode("a role is in force 180 s after it was assigned"),
    "role-never": Mode("a role is never in force"),
    "cold-app": Mode("config-zip succeeds, and is answered as unhealthy, once", 1),
    "kudu-unavailable": Mode("503 by Kudu, twice", 2),
    "app-unavailable": Mode("the app answers 503 for 60 s after each deployment"),
    "auth-off": Mode("new Easy Auth settings are not in force until the app is restarted, whatever is deployed"),
}
