"""A function app's running side: what is deployed on it, and whether Easy Auth stands before it."""

import dataclasses
import zipfile

from .world import Subscription, World, new_id

BLOB_DATA_OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
# Those that let a blob be written: "Azure built-in roles for Storage".
WRITES_BLOBS = (BLOB_DATA_OWNER, "ba92f5b4-2d11-453d-a403-e96b0029c9fe")


@dataclasses.dataclass
class App:
    identity: str
    subscription: Subscription
    settings: dict = dataclasses.field(default_factory=dict)
    # As stored, and as the running app has it: they differ until it is started again.
    auth: dict | None = None
    auth_in_force: dict | None = None
    files: list = dataclasses.field(default_factory=list)
    package: bytes = b""
    deployments: list = dataclasses.field(default_factory=list)
    deployed_at: float = 0
    restarts: int = 0
    master_key: str = dataclasses.field(default_factory=new_id)

    def state(self) -> dict:
        """Without its history."""
        return {
            "identity": self.identity,
            "settings": self.settings,
            "auth": self.auth,
            "auth_in_force": self.auth_in_force,
            "files": self.files,
        }

    def configure(self, settings: dict, world: World):
        first = self.auth is None
        self.auth = settings
        # pnp/Microsoft365-Analytics-Insights#264: a change is in force after a restart.
        if first and not world.has("auth-off"):
            self.auth_in_force = settings

    def restart(self):
        self.auth_in_force = self.auth
        self.restarts += 1

    def resource(self) -> dict:
        return self.subscription.resources[self.identity.lower()]

    def storage_trouble(self, world: World) -> str:
        """Why the deployment engine can't write the package to the app's storage, or nothing."""
        properties = self.resource()["properties"]
        storage = properties["functionAppConfig"]["deployment"]["storage"]
        account, _, container = storage["value"].removeprefix("https://").partition("/")
        account = account.split(".")[0]
        containers = [
            resource
            for key, resource in self.subscription.resources.items()
            if key.endswith(f"/storageaccounts/{account}/blobservices/default/containers/{container}".lower())
        ]
        if not containers:
            return (
                "BlobUploadFailedException: Failed to upload blob to storage account: Response status code does not "
                "indicate success: 404 (The specified container does not exist.)."
            )
        chosen = storage["authentication"].get("userAssignedIdentityResourceId", "").lower()
        if chosen not in self.subscription.resources:
            return f"ManagedIdentityException: the identity {chosen} was not found."
        principal = self.subscription.resources[chosen]["properties"]["principalId"]
        scope = containers[0]["id"].split("/blobServices")[0].lower()
        for resource in self.subscription.resources.values():
            if resource["type"] != "Microsoft.Authorization/roleAssignments":
                continue
            assigned = resource["properties"]
            if (
                assigned["principalId"] == principal
                and assigned["roleDefinitionId"].split("/")[-1] in WRITES_BLOBS
                and scope.startswith(assigned["scope"].lower())
                and in_force(world, resource)
            ):
                return ""
        # azure-dev#8026
        return (
            "BlobUploadFailedException: Failed to upload blob to storage account: Response status code does not "
            "indicate success: 403 (This request is not authorized to perform this operation using this permission.)."
        )


def in_force(world: World, assignment: dict) -> bool:
    if world.has("role-never"):
        return False
    # "Troubleshoot Azure RBAC": up to ten minutes.
    return not world.has("role-delay") or world.now() >= assignment["_since"] + 180


def package_trouble(content) -> tuple[str, list]:
    """What is wrong with the zip for a custom handler, or nothing; and what is in it."""
    try:
        with zipfile.ZipFile(content) as opened:
            entries = {entry.filename: entry.external_attr >> 16 for entry in opened.infolist()}
    except zipfile.BadZipFile as why:
        return f"InvalidPackageContentException: Package content validation failed: {why}", []
    if "host.json" not in entries:
        # "Flex Consumption: deployment": host.json is at the zip's root.
        return (
            "InvalidPackageContentException: Package content validation failed: Cannot find required host.json file "
            "at the root of the zip package."
        ), []
    return "", sorted(entries)
