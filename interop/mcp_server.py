"""An MCP server by the official SDK for Python: it trusts Easy Auth in front of it, and says who called."""

import asyncio
import socket
import sys

import uvicorn
from mcp.server.mcpserver import Context, MCPServer

server = MCPServer("greeting", log_level="WARNING")
released = asyncio.Event()


@server.tool()
async def who(context: Context) -> str:
    """Who calls, as Easy Auth has it."""
    return context.headers.get("x-ms-client-principal-name", "nobody")


@server.tool()
async def wait(context: Context) -> str:
    """Reports progress, and ends once `release` has been called: whoever does that on the
    progress alone has got it before the end, so nothing on the way has kept it."""
    await context.report_progress(1, 2)
    await released.wait()
    return "released"


@server.tool()
async def release() -> str:
    """Ends `wait`."""
    released.set()
    return "done"


async def main(port: str = "0"):
    listener = socket.create_server(("127.0.0.1", int(port)))
    print(listener.getsockname()[1], flush=True)
    config = uvicorn.Config(server.streamable_http_app(), log_level="warning")
    await uvicorn.Server(config).serve(sockets=[listener])


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
