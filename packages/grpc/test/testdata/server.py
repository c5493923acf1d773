"""A grpcio server with the interop service; prints its port and serves until its input ends."""
import sys
from concurrent import futures

import grpc

OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


def echo(request, context):
    if dict(context.invocation_metadata()).get("x-compress") == "gzip":
        context.set_compression(grpc.Compression.Gzip)
    context.send_initial_metadata([(k, v) for k, v in context.invocation_metadata() if k.startswith("x-echo")])
    return request


def fail(_request, context):
    context.set_trailing_metadata((("x-trailer", "tail"), ("x-trailer-bin", b"\x00\xff")))
    context.abort(grpc.StatusCode.NOT_FOUND, "nichts: 100 % ñ 鍵")


def hang(_request, context):
    done = __import__("threading").Event()
    context.add_callback(done.set)
    done.wait()
    return b""


handlers = {
    "Echo": grpc.unary_unary_rpc_method_handler(echo),
    "Fail": grpc.unary_unary_rpc_method_handler(fail),
    "Hang": grpc.unary_unary_rpc_method_handler(hang),
    "Collect": grpc.stream_unary_rpc_method_handler(lambda requests, _: str(sum(len(r) for r in requests)).encode()),
    "Count": grpc.unary_stream_rpc_method_handler(lambda r, _: (str(i).encode() for i in range(len(r)))),
    "Chat": grpc.stream_stream_rpc_method_handler(lambda requests, _: (r for r in requests)),
}
server = grpc.server(futures.ThreadPoolExecutor(max_workers=8), options=OPTIONS)
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("interop.Test", handlers),))
print(server.add_insecure_port("127.0.0.1:0"), flush=True)
server.start()
sys.stdin.read()
server.stop(0)
