# A template: the release workflow fills in the repository's address, the version and the checksums
# (release/fill.sh), and adds the result to the release. It goes into a tap: a repository named
# homebrew-greeting, in the folder Formula.
class Greeting < Formula
  desc "Local Entra ID, Easy Auth and Functions host, and a client that explains refusals"
  homepage "https://github.com/OWNER/greeting"
  version "0.0.0"
  license "MIT"

  on_macos do
    on_arm do
      url "https://github.com/OWNER/greeting/releases/download/v0.0.0/greeting-0.0.0-aarch64-apple-darwin.tar.gz"
      sha256 "SHA256-aarch64-apple-darwin"
    end
    on_intel do
      url "https://github.com/OWNER/greeting/releases/download/v0.0.0/greeting-0.0.0-x86_64-apple-darwin.tar.gz"
      sha256 "SHA256-x86_64-apple-darwin"
    end
  end

  on_linux do
    on_arm do
      url "https://github.com/OWNER/greeting/releases/download/v0.0.0/greeting-0.0.0-aarch64-unknown-linux-musl.tar.gz"
      sha256 "SHA256-aarch64-unknown-linux-musl"
    end
    on_intel do
      url "https://github.com/OWNER/greeting/releases/download/v0.0.0/greeting-0.0.0-x86_64-unknown-linux-musl.tar.gz"
      sha256 "SHA256-x86_64-unknown-linux-musl"
    end
  end

  def install
    bin.install "greeting-server", "greeting-cli", "greeting-local"
    man1.install Dir["man/*.1"]
    bash_completion.install Dir["completions/*.bash"]
    zsh_completion.install Dir["completions/_*"]
    fish_completion.install Dir["completions/*.fish"]
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/greeting-cli --version")
    system bin/"greeting-local", "demo"
  end
end
