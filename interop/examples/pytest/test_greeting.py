"""Who is let in, and who is not."""

import urllib.error
import urllib.request

import pytest


def status(greeting, token: str | None) -> int:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(greeting.function_url, headers=headers)
    try:
        return urllib.request.urlopen(request, timeout=60).status
    except urllib.error.HTTPError as refused:
        return refused.code


def test_a_token_with_the_scope_is_let_in(greeting):
    assert status(greeting, greeting.mint()) == 200


def test_nobody_else_is(greeting):
    assert status(greeting, None) == 401


@pytest.mark.parametrize("defect, expected", [("--expired", 401), ("--bad-signature", 401), ("--no-scope", 403)])
def test_a_defect_is_refused(greeting, defect, expected):
    assert status(greeting, greeting.mint(defect)) == expected
