"""What a container engine makes of a Dockerfile or a service of compose.yaml, as processes of this
machine: a root folder of its own, the names of /etc/hosts, volumes, environment, user. Linux only.

A container's address is a loopback address of the network that the caller is in; what they do not have
is a loopback of their own.
"""

import dataclasses
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess

from checks import PATIENCE, wait
from namespaces import entered

# Everything of this machine's root that a container does not bring; files of its own go before.
SYSTEM = """
set -eu
root=$1 hosts=$2; shift 2
while [ "$1" != -- ]; do mkdir -p "$root$2"; mount --bind "$1" "$root$2"; shift 2; done
shift
for entry in $SYSTEM_FOLDERS; do
  if [ -L "$entry" ]; then ln -sfn "$(readlink "$entry")" "$root$entry"
  elif [ -d "$entry" ]; then mkdir -p "$root$entry"; mount --rbind "$entry" "$root$entry"
  fi
done
if [ -e "$root/etc/hosts" ]; then mount --bind "$hosts" "$root/etc/hosts"
else mkdir -p "$root/etc"; cp "$hosts" "$root/etc/hosts"
fi
# What an engine gives every container.
for entry in /proc /dev; do
  [ -n "$SYSTEM_FOLDERS" ] || { mkdir -p "$root$entry"; mount --rbind "$entry" "$root$entry"; }
done
# Without PATH: the container's environment is its own.
exec "$@"
"""
FOLDERS = "/bin /dev /proc /etc /home /lib /lib64 /opt /root /run /sbin /sys /tmp /usr /var"


@dataclasses.dataclass
class Image:
    """The last stage of a Dockerfile."""

    copied: list[tuple[str, str, str]]
    """Of each COPY: the stage, the path there, the path here."""
    environment: dict
    user: str
    entrypoint: list[str]
    health: list[str]

    @staticmethod
    def of(dockerfile: pathlib.Path) -> "Image":
        text = dockerfile.read_text().replace("\\\n", " ")
        stage = text[text.rindex("\nFROM ") :]
        assert stage.startswith("\nFROM scratch\n"), stage
        environment = dict(re.findall(r"(\w+)=(\S+)", " ".join(re.findall(r"^ENV (.*)$", stage, re.M))))
        [user] = re.findall(r"^USER (\S+)$", stage, re.M)
        [entrypoint] = re.findall(r"^ENTRYPOINT (.*)$", stage, re.M)
        [health] = re.findall(r"^HEALTHCHECK .*CMD (\[.*\])$", stage, re.M)
        copied = re.findall(r"^COPY --from=(\w+) (?:--chown=\S+ )?(\S+) (\S+)$", stage, re.M)
        assert len(copied) == len(re.findall(r"^COPY ", stage, re.M)), stage
        return Image(copied, environment, user, json.loads(entrypoint), json.loads(health))

    def unpack(self, root: pathlib.Path, programs: pathlib.Path):
        """Its files: `programs` is what the first stage has made."""
        uid, gid = map(int, self.user.split(":"))
        for stage, path, here in self.copied:
            into = root / here.strip("/")
            into.mkdir(parents=True, exist_ok=True)
            if stage == "programs":
                for program in ("greeting-server", "greeting-cli", "greeting-local"):
                    shutil.copy2(programs / program, into)
            else:
                expected = {"/state", "/certificates"}
                assert path in expected and path == here, path
                if os.geteuid() == 0:
                    os.chown(into, uid, gid)


def libraries(root: pathlib.Path, program: pathlib.Path):
    """The shared libraries of a program that is not static, where it looks for them."""
    done = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
    for library in re.findall(r"(/\S+)", done.stdout):
        into = root / library.strip("/")
        into.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(library, into)
    if done.returncode == 0:
        (root / "etc").mkdir(exist_ok=True)
        (root / "etc" / "nsswitch.conf").write_text("hosts: files\n")


@dataclasses.dataclass
class Container:
    folder: pathlib.Path
    root: pathlib.Path
    hosts: dict
    environment: dict
    volumes: dict
    user: str | None = None
    system: bool = False
    working: str = "/"
    process: subprocess.Popen | None = None

    def command(self, arguments: list[str]) -> list:
        (self.folder / "hosts").write_text("".join(f"{address} {name}\n" for name, address in self.hosts.items()))
        mounts = [word for path, host in self.volumes.items() for word in (host, path)]
        # In a user's own namespace there is no other user.
        who = [f"--userspec={self.user}"] if self.user and os.geteuid() == 0 and not in_users_namespace() else []
        inside = ["chroot", *who, self.root, "env", "-i", "-C", self.working, *variables(self.environment), *arguments]
        if not self.system:
            # An empty root has no env: chroot takes this one's.
            inside = ["env", "-i", *variables(self.environment), shutil.which("chroot"), *who, self.root, *arguments]
        return ["unshare", "--mount", "bash", "-c", SYSTEM, "bash", self.root, self.folder / "hosts", *mounts, "--", *inside]

    def start(self, arguments: list[str]):
        with open(self.folder / "said", "w") as said:
            self.process = subprocess.Popen(
                self.command(arguments), stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=self.outside()
            )

    def run(self, arguments: list[str]) -> subprocess.CompletedProcess:
        """`docker exec`, in a root that is already mounted: the same files, volumes and names."""
        return subprocess.run(
            self.command(arguments), capture_output=True, text=True, timeout=PATIENCE, check=False, env=self.outside()
        )

    def outside(self) -> dict:
        return {"PATH": os.environ["PATH"], "SYSTEM_FOLDERS": FOLDERS if self.system else ""}

    def said(self) -> str:
        return (self.folder / "said").read_text()

    def until_healthy(self, check: list[str]):
        def healthy():
            assert self.process.poll() is None, self.said()
            return self.run(check).returncode == 0

        wait(healthy)

    def stop(self) -> int:
        """`docker stop`."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE) if self.process else 0


def variables(environment: dict) -> list[str]:
    return [f"{name}={value}" for name, value in environment.items()]


def in_users_namespace() -> bool:
    return pathlib.Path("/proc/self/uid_map").read_text().split() != ["0", "0", "4294967295"]


def own_world() -> list[str]:
    """What starts a command in a network, mounts and processes of its own, which end with it; nothing
    where that can't be."""
    own = 'ip link set lo up && exec unshare --mount --pid --fork --kill-child --mount-proc "$@"'
    up = ["sh", "-c", own, "sh"]
    start = entered("--net", *up, "true")
    return start and [*start, *up]
