"""gRPC behind the gate: a server that speaks HTTP/2 only, and a client that brings a token."""

import concurrent.futures
import contextlib

import grpc
from checks import check, expect, up, wait

METHOD = "/greet.Greeter/Hello"


class Greeter(grpc.GenericRpcHandler):
    """Answers each message with who has sent it; messages are plain bytes."""

    def service(self, call):
        if call.method != METHOD:
            return None
        caller = dict(call.invocation_metadata).get("x-ms-client-principal-name", "nobody")

        def hello(messages, context):
            context.set_trailing_metadata((("x-seen-by", "greeter"),))
            for message in messages:
                yield b"%s from %s" % (message, caller.encode())

        return grpc.stream_stream_rpc_method_handler(hello)


@contextlib.contextmanager
def server():
    with concurrent.futures.ThreadPoolExecutor() as pool:
        served = grpc.server(pool, handlers=[Greeter()])
        port = served.add_insecure_port("127.0.0.1:0")
        served.start()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            served.stop(0).wait()


def hello(stack, token: str | None):
    """What comes back of two messages: them, the status, and what the server has said of itself."""
    target = stack.url.split("//")[1].rstrip("/")
    with grpc.insecure_channel(target) as channel:
        metadata = [("authorization", f"Bearer {token}")] if token else []
        call = channel.stream_stream(METHOD)(iter([b"one", b"two"]), metadata=metadata, timeout=60)
        try:
            messages = list(call)
        except grpc.RpcError:
            messages = []
        return messages, call.code(), dict(call.trailing_metadata() or ()).get("x-seen-by")


@check(
    "grpcio", "a gRPC server behind --upstream-http2, and without the switch", "grpcio",
    shows=("easy-auth/http2-apps",),
)
def grpcio():
    with server() as origin:
        with up("--upstream", origin, "--upstream-http2") as stack:
            greeted = [b"one from alice@greeting.test", b"two from alice@greeting.test"]
            expect(hello(stack, stack.mint()), (greeted, grpc.StatusCode.OK, "greeter"))
            expect(hello(stack, None)[1], grpc.StatusCode.UNAUTHENTICATED)
        with up("--upstream", origin) as stack:
            expect(hello(stack, stack.mint())[1], grpc.StatusCode.UNAVAILABLE)
            # The call is answered before its line is printed.
            wait(lambda: "add --upstream-http2" in stack.said())
