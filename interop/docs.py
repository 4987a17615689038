"""Every command block of the README and the pages: run as it stands, or marked as needing Azure.

A block that begins with ```sh, also one in a list, is run in the order of its page, in one shell a
page: in bash, in zsh and in fish. A comment on the line above changes that:

    <!-- needs Azure -->    not run; its az lines are still read by the real az's parser
    <!-- needs Docker -->, <!-- needs a release -->    not run
    <!-- run by NAME -->    not run here: NAME is a test or a script that exists, and runs it
    <!-- exits N -->        its last command ends with N
"""

import contextlib
import dataclasses
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time

import az_command_line
from checks import CODE, ENVIRONMENT, PATIENCE, ROOT, Skipped, check, expect
from namespaces import entered

PAGES = [ROOT / "README.md", ROOT / "AGENTS.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "deploy" / "README.md"]
BLOCK = re.compile(
    r"(?:^[ >]*<!-- (?P<mark>[^>]*) -->\n)?^(?P<indent>[ >]*)```(?P<kind>\w*)\n(?P<text>.*?)^(?P=indent)```$",
    re.M | re.S,
)
PROGRAM = re.compile(r"(?:\$ )?(?:target/\w+/)?(?:greeting-\w+|cargo|az|azd|func|curl|eval|npm|pip)(?=\s|$)")


@dataclasses.dataclass
class Block:
    page: pathlib.Path
    line: int
    mark: str
    text: str

    def commands(self) -> list[str]:
        """Its lines, continued ones joined, without comments."""
        joined = self.text.replace("\\\n", " ")
        lines = [re.sub(r"(?:^|\s+)#\s.*$", "", line).strip() for line in joined.splitlines()]
        return [line for line in lines if line]

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: pathlib.Path) -> list[Block]:
    text, found = page.read_text(), []
    # A fence that the pattern misses would hide what follows it.
    expect(len(re.findall(r"^[ >]*(?:```|~~~)", text, re.M)), 2 * len(BLOCK.findall(text)))
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        inner = re.sub(f"^{match['indent']}", "", match["text"], flags=re.M)
        if match["kind"] == "sh":
            found.append(Block(page, line, match["mark"] or "", inner))
        elif match["kind"] in ("", "text"):
            commands = [line for line in inner.splitlines() if PROGRAM.match(line)]
            # Output and pictures; a command is marked as one, so that it is run.
            looks = [line for line in commands if not re.search(r"──|^greeting-(cli|local|server)$", line)]
            assert not looks, f"{page.name}:{line}: say ```sh, so that it is run: {looks}"
        else:
            assert match["kind"] not in ("bash", "shell", "console", "zsh"), f"{page.name}:{line}: say ```sh"
    return found


# Each without the settings of whoever runs this.
SHELLS = {
    "bash": ["--norc"],
    "zsh": ["--no-rcs"],
    "fish": ["--no-config"],
}
# Of each shell's own, and not of what a block exports.
NOT_CARRIED = {"_", "SHLVL", "OLDPWD", "PWD"}


class Shell:
    """One person's terminals on one page: what one exports, the next command has. Each command is read
    by the shell in question; bash has them all, since fish reads the whole of a pipe before it begins."""

    def __init__(self, folder: pathlib.Path, name: str = "bash"):
        self.folder, self.number, self.background = folder, 0, {}
        self.command = [name, *SHELLS[name]]
        environment = {
            **ENVIRONMENT,
            "PATH": f"{ROOT / 'target' / 'debug'}{os.pathsep}{ENVIRONMENT['PATH']}",
            "GREETING_LOCAL_STATE": str(folder / "state"),
            "XDG_STATE_HOME": str(folder / "home"),
            "CARGO_NET_OFFLINE": "true",
            # By which `env` knows whose lines to print.
            "SHELL": shutil.which(name),
        }
        self.exported = environment
        command = [*own_network(), "bash", "--norc"]
        self.shell = subprocess.Popen(command, stdin=subprocess.PIPE, text=True, cwd=ROOT, env=environment)

    def say(self, text: str):
        self.shell.stdin.write(text + "\n")
        self.shell.stdin.flush()

    def path(self, kind: str, number: int) -> pathlib.Path:
        return self.folder / f"{kind}.{number}"

    def read(self, kind: str, number: int) -> str:
        path = self.path(kind, number)
        return path.read_text() if path.exists() else ""

    def begin(self, command: str) -> int:
        self.number += 1
        out, err, end, pid = (shlex.quote(str(self.path(kind, self.number))) for kind in ("out", "err", "end", "pid"))
        ended = f"echo $? >{end}.new; mv {end}.new {end}"
        if re.match(r"(eval|export|unset)\b", command):
            kept = shlex.quote(str(self.path("env", self.number)))
            status = "set s $status" if self.command[0] == "fish" else "s=$?"
            words = [*self.command, "-c", f"{command}\n{status}\nenv -0 >{kept}\nexit $s"]
            self.say(f"{shlex.join(words)} </dev/null >{out} 2>{err}; {ended}")
        else:
            words = shlex.join([*self.command, "-c", command])
            self.say(f"{{ {words} </dev/null >{out} 2>{err} & echo $! >{pid}; wait $!; {ended}; }} &")
        return self.number

    def carry_over(self, number: int):
        """What the command has exported, and what it has unset."""
        if not self.path("env", number).exists():
            return
        now = dict(line.split("=", 1) for line in self.read("env", number).split("\0") if line)
        for name in (now.keys() | self.exported.keys()) - NOT_CARRIED:
            if name not in now:
                self.say(f"unset {name}")
            elif self.exported.get(name) != now[name]:
                self.say(f"export {name}={shlex.quote(now[name])}")
        self.exported = now

    def printed(self, number: int) -> str:
        return self.read("out", number) + self.read("err", number)

    def until(self, number: int, condition) -> bool:
        """Waits until a condition holds or the command has ended; whether it has not ended."""
        deadline = time.monotonic() + PATIENCE
        while not self.path("end", number).exists():
            if condition():
                return True
            assert time.monotonic() < deadline, f"waited in vain: {self.printed(number)}"
            time.sleep(0.05)
        return False

    def run(self, command: str) -> int | None:
        """Its exit status; none where it goes on: a server, or one that waits for a person."""
        if re.search(r"greeting-local up\b", command):
            self.stop_servers()
            ready = self.path("ready", self.number + 1)
            number = self.begin(f"{command} --ready-file {shlex.quote(str(ready))}")
            goes_on = self.until(number, ready.exists)
        elif re.search(r"\blog --follow\b", command):
            number = self.begin(command)
            goes_on = self.until(number, lambda: self.path("out", number).exists())
        else:
            code = next((c for n in self.background for c in CODE.findall(self.printed(n))), None)
            number = self.begin(re.sub(r"\bCODE\b", code, command) if code else command)
            goes_on = self.until(number, lambda: " call" in command and CODE.search(self.printed(number)))
        if goes_on:
            self.background[number] = command
            return None
        self.carry_over(number)
        return int(self.read("end", number))

    def wait_for_callers(self) -> list[tuple[str, int, str]]:
        """What waited for a person ends once the person has done it."""
        ended = []
        for number, command in list(self.background.items()):
            if " call" in command:
                self.until(number, lambda: False)
                ended.append((command, int(self.read("end", number)), self.printed(number)))
                del self.background[number]
        return ended

    def stop_servers(self):
        """Ctrl-C: what runs ends, and ends well."""
        for number, command in reversed(list(self.background.items())):
            assert " call" not in command, f"nobody approves it: {command}"
            # The pid is that of the shell around it, whose one child is the program; or it has become
            # the program, as shells do with a last command.
            shell_ = self.read("pid", number).strip()
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                is_shell = pathlib.Path(f"/proc/{shell_}/comm").read_text().strip() in SHELLS
                children = pathlib.Path(f"/proc/{shell_}/task/{shell_}/children").read_text()
                for pid in children.split() if is_shell else [shell_]:
                    os.kill(int(pid), signal.SIGTERM)
            self.until(number, lambda: False)
            # One that was ended before it had begun to listen for that has the signal's own status.
            wanted = ("0", "143") if "--follow" in command else ("0",)
            assert self.read("end", number).strip() in wanted, f"{command}: {self.printed(number)}"
            del self.background[number]

    def close(self):
        self.stop_servers()
        self.shell.stdin.close()
        self.shell.wait(PATIENCE)


def own_network() -> list[str]:
    """The pages' ports are fixed; in a network of its own nobody else has them."""
    up = ["sh", "-c", "ip link set lo up && exec \"$@\"", "sh"]
    start = entered("--net", *up, "true")
    return start and [*start, *up]


@contextlib.contextmanager
def shell(of: str = "bash"):
    with tempfile.TemporaryDirectory() as name:
        opened = Shell(pathlib.Path(name), of)
        try:
            yield opened
        finally:
            opened.close()


def run(shell_: Shell, block: Block):
    expected = int(block.mark.removeprefix("exits ")) if block.mark else 0
    commands = block.commands()
    for number, command in enumerate(commands, 1):
        status = shell_.run(command)
        wanted = expected if number == len(commands) else 0
        assert status in (None, wanted), (
            f"{block}: {command}\n  ended with {status}, and not {wanted}:\n{shell_.printed(shell_.number)}"
        )
    # A call waits in its terminal until a later block approves its code in another.
    approves = any("greeting-local approve" in command for command in commands)
    for command, status, printed in shell_.wait_for_callers() if approves else []:
        assert status == 0, f"{block}: {command}\n  ended with {status}:\n{printed}"


def az_lines(block: Block) -> list[list[str]]:
    """The az command lines of a block, also those inside $( ), as argv."""
    found = []
    for command in block.commands():
        # What stands in single quotes is one argument, whatever is in it.
        quoted = re.findall(r"'[^']*'", command)
        bare = re.sub(r"'[^']*'", "\0", command)
        for part in re.split(r"\|\||\||&&|;|\$\(|\)", bare):
            whole = re.sub("\0", lambda _: quoted.pop(0), part)
            if re.match(r"\s*az\s", whole):
                found.append(shlex.split(whole)[1:])
    return found


@check("README, docs/, deploy/README.md", "each block is run, or marked", lambda: f"{len(PAGES)} pages")
def each_block_is_run_or_marked():
    each_block_in("bash")


@check("README, docs/, deploy/README.md", "each block is run in zsh", lambda: f"{len(PAGES)} pages")
def each_block_is_run_in_zsh():
    each_block_in("zsh")


@check("README, docs/, deploy/README.md", "each block is run in fish", lambda: f"{len(PAGES)} pages")
def each_block_is_run_in_fish():
    each_block_in("fish")


def each_block_in(program: str):
    if not shutil.which(program):
        raise Skipped(f"{program} is not here")
    sources = "".join(path.read_text() for path in [
        *ROOT.glob("*/tests/**/*.rs"), *ROOT.glob("*/src/**/*.rs"), *(ROOT / "interop").glob("*.py")
    ])
    ran = 0
    for page in PAGES:
        with shell(program) as opened:
            for block in blocks(page):
                if block.mark in ("needs Azure", "needs Docker", "needs a release"):
                    continue
                if block.mark.startswith("run by "):
                    name = block.mark.removeprefix("run by ")
                    script = ROOT / name
                    if script.is_file():
                        for command in block.commands():
                            assert command in script.read_text(), f"{block}: {name} does not run: {command}"
                    else:
                        assert f" {name}()" in sources, f"{block}: there is no {name}"
                    continue
                assert re.fullmatch(r"(exits \d+)?", block.mark), f"{block}: unknown mark: {block.mark}"
                print(f"  {block}", flush=True)
                run(opened, block)
                ran += 1
    assert ran, "no block was run"


@check("Azure CLI", "each az line of the pages", "azure-cli")
def az_lines_of_the_pages():
    lines = [(block, line) for page in PAGES for block in blocks(page) for line in az_lines(block)]
    assert lines
    for block, line in lines:
        refusal = az_command_line.refusal(line)
        assert refusal is None, f"{block}: {refusal}"
    assert az_command_line.refusal(["functionapp", "deployment", "source", "config-zip", "--src", "a", "--nome", "b"])


@check("README, docs/, deploy/README.md", "a block that is neither is found", lambda: f"{len(PAGES)} pages")
def a_wrong_block_is_found():
    with tempfile.TemporaryDirectory(dir=ROOT / "target") as name:
        page = pathlib.Path(name) / "page.md"
        for text in [
            "```\ngreeting-local up\n```\n",
            "```bash\ntrue\n```\n",
            "```sh\ntrue\n",
            "1. a\n\n   ```bash\n   true\n   ```\n",
            "1. a\n\n   ```sh\n   true\n",
            "~~~sh\ntrue\n~~~\n",
        ]:
            page.write_text(text)
            try:
                blocks(page)
            except AssertionError:
                continue
            raise AssertionError(f"not found: {text}")
        page.write_text("1. a\n\n   <!-- exits 1 -->\n   ```sh\n   if true; then\n     false\n   fi\n   ```\n")
        [listed] = blocks(page)
        expect([listed.mark, listed.text], ["exits 1", "if true; then\n  false\nfi\n"])
        for program in filter(shutil.which, SHELLS):
            page.write_text("```sh\nfalse\n```\n")
            with shell(program) as opened:
                try:
                    run(opened, blocks(page)[0])
                except AssertionError as error:
                    assert "false\n  ended with 1" in str(error), error
                else:
                    raise AssertionError(f"a command that fails was not found in {program}")
            # What one exports, the next command has.
            page.write_text("```sh\nexport A='b c'\ntest \"$A\" = 'b c'\n```\n")
            with shell(program) as opened:
                run(opened, blocks(page)[0])
