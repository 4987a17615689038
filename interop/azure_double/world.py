"""What the double keeps: its clock, its faults, what was asked of it, and the state of each service."""

import collections
import dataclasses
import datetime
import json
import threading
import time
import uuid

from .modes import MODES

TENANT = "11111111-0000-4000-8000-000000000001"
SUBSCRIPTION = "11111111-0000-4000-8000-000000000002"
# A second one, to be signed in to by mistake.
OTHER_TENANT = "22222222-0000-4000-8000-000000000001"
OTHER_SUBSCRIPTION = "22222222-0000-4000-8000-000000000002"
# Who signs in.
CLIENT = "33333333-0000-4000-8000-000000000001"
PRINCIPAL = "33333333-0000-4000-8000-000000000002"


class Refused(Exception):
    """An answer other than success."""

    def __init__(self, status: int, body: dict, headers: dict | None = None):
        super().__init__(f"{status} {json.dumps(body)}")
        self.status, self.body, self.headers = status, body, headers or {}


@dataclasses.dataclass
class Answer:
    status: int
    body: object = None
    headers: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Asked:
    """One request, and what came of it."""

    method: str
    host: str
    path: str
    body: object
    status: int
    error: str = ""

    def is_write(self) -> bool:
        return self.method not in ("GET", "HEAD", "OPTIONS")

    def __str__(self) -> str:
        return f"{self.status} {self.method} https://{self.host}{self.path} {self.error}".rstrip()


@dataclasses.dataclass
class Directory:
    """A tenant's: applications and service principals by object id, those deleted included."""

    applications: dict = dataclasses.field(default_factory=dict)
    principals: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Subscription:
    """What ARM keeps. Resources are by their id in lower case: ids are compared without case."""

    tenant: str
    groups: dict = dataclasses.field(default_factory=dict)
    resources: dict = dataclasses.field(default_factory=dict)
    deployments: dict = dataclasses.field(default_factory=dict)
    providers: dict = dataclasses.field(default_factory=dict)


class World:
    def __init__(self):
        self.lock = threading.RLock()
        self.reset()

    def reset(self):
        with self.lock:
            self.offset = 0.0
            self.modes = collections.Counter()
            self.requests: list[Asked] = []
            self.unknown_hosts: list[str] = []
            self.directories = {TENANT: Directory(), OTHER_TENANT: Directory()}
            self.subscriptions = {
                SUBSCRIPTION: Subscription(TENANT),
                OTHER_SUBSCRIPTION: Subscription(OTHER_TENANT),
            }
            # A function app's running side, by its name; names are everybody's.
            self.apps: dict = {}

    # The clock: real seconds, and those that a script would have slept.
    def now(self) -> float:
        return time.time() + self.offset

    def advance(self, seconds: float):
        with self.lock:
            self.offset += seconds

    def timestamp(self) -> str:
        return datetime.datetime.fromtimestamp(self.now(), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

    # Faults.
    def set_modes(self, names: list[str]):
        with self.lock:
            unknown = [name for name in names if name not in MODES]
            if unknown:
                raise ValueError(f"no such mode: {', '.join(unknown)}; there are: {', '.join(MODES)}")
            self.modes = collections.Counter({name: MODES[name].times for name in names})

    def has(self, name: str) -> bool:
        """Whether this fault is on. One that happens a number of times is taken by `take`."""
        assert name in MODES, name
        return self.modes[name] > 0

    def take(self, name: str) -> bool:
        """Whether this fault happens now; it then happens once less."""
        with self.lock:
            if not self.has(name):
                return False
            self.modes[name] -= 1
            return True

    def state(self) -> dict:
        """All that is kept and is not history: equal before and after means that nothing was changed."""
        with self.lock:
            kept = {
                "directories": {name: dataclasses.asdict(of) for name, of in self.directories.items()},
                "subscriptions": {name: dataclasses.asdict(of) for name, of in self.subscriptions.items()},
                "apps": {name: app.state() for name, app in self.apps.items()},
            }
            for subscription in kept["subscriptions"].values():
                del subscription["deployments"]
            return json.loads(json.dumps(kept))

    def writes(self, host: str = "") -> list[Asked]:
        return [asked for asked in self.requests if asked.is_write() and asked.host.endswith(host)]


def new_id() -> str:
    return str(uuid.uuid4())
