"""Calls the interop service at the port given as argument; prints one JSON object per check."""
import json
import sys
import threading

import grpc

OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
channel = grpc.insecure_channel("127.0.0.1:" + sys.argv[1], options=OPTIONS)
same = {"request_serializer": None, "response_deserializer": None}
BIG = bytes((i * 31) & 255 for i in range(4_000_000))


def report(name, value):
    print(json.dumps([name, value]), flush=True)


def path(method):
    return "/interop.Test/" + method


echo = channel.unary_unary(path("Echo"), **same)
answer, call = echo.with_call(b"hello", metadata=(("x-echo", "text"), ("x-echo-bin", b"\x00\x01\xff")))
report("unary", answer.decode())
report("metadata", sorted([k, v.hex() if isinstance(v, bytes) else v] for k, v in call.initial_metadata() if k.startswith("x-")))
report("empty", len(echo(b"")))
report("big", echo(BIG) == BIG)
report("gzip", echo(BIG, compression=grpc.Compression.Gzip) == BIG)
report("many", [f.result().decode() for f in [echo.future(str(i).encode()) for i in range(300)]] == [str(i) for i in range(300)])

try:
    channel.unary_unary(path("Fail"), **same)(b"")
except grpc.RpcError as error:
    trailers = sorted([k, v.hex() if isinstance(v, bytes) else v] for k, v in error.trailing_metadata())
    report("error", [error.code().name, error.details(), trailers])

try:
    channel.unary_unary(path("Nope"), **same)(b"")
except grpc.RpcError as error:
    report("unknown", [error.code().name, error.details()])

try:
    channel.unary_unary(path("Hang"), **same)(b"", timeout=0.2)
except grpc.RpcError as error:
    report("deadline", error.code().name)

hang = channel.unary_unary(path("Hang"), **same).future(b"")
threading.Timer(0.1, hang.cancel).start()
try:
    hang.result()
except grpc.FutureCancelledError:
    report("cancel", True)

report("collect", int(channel.stream_unary(path("Collect"), **same)(iter([bytes(i * 100) for i in range(100)] + [BIG]))))
report("count", [m.decode() for m in channel.unary_stream(path("Count"), **same)(bytes(5000))] == [str(i) for i in range(5000)])
report("chat", [m.decode() for m in channel.stream_stream(path("Chat"), **same)(iter([b"a", b"b", b"c"]))])
channel.close()
