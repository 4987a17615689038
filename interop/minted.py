"""Minted tokens, right and wrong, and what a resource server should make of each."""

import dataclasses

ANOTHER_TENANT = "11111111-2222-3333-4444-555555555555"
GRAPH = "https://graph.microsoft.com"


@dataclasses.dataclass
class Token:
    name: str
    options: tuple
    # The token's `scp`, where it is to be accepted; None: it is to be refused.
    scopes: str | None


TOKENS = [
    Token("as issued", (), "Greeting.Read"),
    Token("two scopes", ("--scope", "Greeting.Read", "--scope", "Other"), "Greeting.Read Other"),
    Token("another scope", ("--scope", "Other"), "Other"),
    Token("no scope", ("--no-scope",), ""),
    Token("a daemon's", ("--app-only", "--role", "Greeting.Read.All"), ""),
    Token("no key id", ("--no-key-id",), "Greeting.Read"),
    Token("five minutes left", ("--expires-in", "300"), "Greeting.Read"),
    Token("Graph's audience", ("--audience", GRAPH), None),
    Token("the client's audience", ("--kind", "id"), None),
    Token("v1: another issuer and audience", ("--version", "1"), None),
    Token("another tenant", ("--tenant", ANOTHER_TENANT), None),
    Token("another issuer", ("--issuer", "https://sts.example/"), None),
    Token("expired", ("--expired",), None),
    Token("expired two minutes ago", ("--expires-in", "-120"), None),
    Token("not yet valid", ("--not-yet-valid",), None),
    Token("not signed", ("--alg", "none"), None),
    Token("signed by the public key (HS256)", ("--alg", "hs256"), None),
    Token("a forged signature", ("--bad-signature",), None),
    Token("changed claims", ("--tampered",), None),
    Token("an unknown key", ("--unknown-key",), None),
    Token("opaque", ("--kind", "opaque"), None),
    Token("encrypted", ("--kind", "encrypted"), None),
    Token("truncated", ("--kind", "truncated"), None),
]
# As `mint` prints them for an API whose tokens are v1, at the issuer of v1.
V1 = [
    Token("v1", ("--version", "1"), "Greeting.Read"),
    Token("v2: another issuer and audience", ("--version", "2"), None),
    Token("v1, expired", ("--version", "1", "--expired"), None),
]


def mint(stack, tokens: list) -> dict:
    return {token.name: stack.mint(*token.options) for token in tokens}
