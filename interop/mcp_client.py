"""An MCP client by the official SDK for Python. Its sign-in is a redirect that it follows itself
(`up --auto-approve`). Prints what came of it as JSON."""

import asyncio
import json
import os
import urllib.parse

import httpx2
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata

URL = os.environ["MCP_URL"]
REDIRECT = "http://localhost:3000"


class Storage:
    """Entra registers no clients at run time: the client's id is known beforehand."""

    def __init__(self):
        self.tokens = None
        self.client = OAuthClientInformationFull(client_id=os.environ["MCP_CLIENT_ID"], redirect_uris=[REDIRECT])

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client


class Browser:
    """Opens the address that the SDK hands out, and reads where it leads to."""

    def __init__(self):
        self.asked, self.answered = {}, {}

    async def open(self, url: str):
        self.asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
        async with httpx2.AsyncClient() as http:
            answer = await http.get(url, follow_redirects=False)
        self.answered = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(answer.headers.get("location", "")).query))
        if "error" in self.answered:
            raise RuntimeError(f"{self.answered['error']}: {self.answered['error_description']}")

    async def callback(self) -> AuthorizationCodeResult:
        return AuthorizationCodeResult(code=self.answered["code"], state=self.answered["state"])


async def use(provider: OAuthClientProvider, storage: Storage) -> dict:
    async with (
        httpx2.AsyncClient(auth=provider, timeout=60) as http,
        Client(streamable_http_client(URL, http_client=http)) as client,
    ):
        first = storage.tokens.access_token
        said = (await client.call_tool("who", {})).content[0].text

        async def on_progress(progress, total, message):
            await client.call_tool("release", {})

        waited = await client.call_tool("wait", {}, progress_callback=on_progress)
        # As if it had expired: the SDK redeems the refresh token before its next request.
        provider.context.token_expiry_time = 1
        again = (await client.call_tool("who", {})).content[0].text
        return {
            "who": said,
            "streamed": waited.content[0].text,
            "again": again,
            "refreshed": storage.tokens.access_token != first,
        }


async def main():
    storage, browser = Storage(), Browser()
    metadata = OAuthClientMetadata(client_name="interop", redirect_uris=[REDIRECT])
    provider = OAuthClientProvider(URL, metadata, storage, browser.open, browser.callback)
    try:
        outcome = await use(provider, storage)
    except BaseExceptionGroup as group:
        error = group
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        outcome = {"error": str(error)}
    except Exception as error:
        outcome = {"error": str(error)}
    print(json.dumps({**outcome, "resource": browser.asked.get("resource"), "scope": browser.asked.get("scope")}))


asyncio.run(main())
