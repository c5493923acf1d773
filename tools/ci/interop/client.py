"""Calls a server of etcd's API by gRPC's C core: one JSON object per check. Arguments: address, and the authority's file for TLS."""
import json
import sys

import grpc

OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
if len(sys.argv) > 2:
    with open(sys.argv[2], "rb") as file:
        channel = grpc.secure_channel(sys.argv[1], grpc.ssl_channel_credentials(file.read()), options=OPTIONS)
else:
    channel = grpc.insecure_channel(sys.argv[1], options=OPTIONS)
same = {"request_serializer": None, "response_deserializer": None}


def report(name, value):
    print(json.dumps([name, value]), flush=True)


def varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(tag, data):
    return bytes([tag]) + varint(len(data)) + data


BIG = bytes((i * 31) & 255 for i in range(1_400_000))
put = channel.unary_unary("/etcdserverpb.KV/Put", **same)
range_ = channel.unary_unary("/etcdserverpb.KV/Range", **same)

put(field(0x0A, b"python") + field(0x12, b"value"))
report("small", b"value" in range_(field(0x0A, b"python")))
put(field(0x0A, b"big") + field(0x12, BIG))
report("big", BIG in range_(field(0x0A, b"big")))
answers = [range_.future(field(0x0A, b"big")) for _ in range(20)]
report("big, twenty at once", all(BIG in answer.result() for answer in answers))
writes = [put.future(field(0x0A, b"many%d" % i) + field(0x12, BIG)) for i in range(10)]
report("big writes, ten at once", len([write.result() for write in writes]))

try:
    put(field(0x0A, b"big") + field(0x12, BIG + BIG))
except grpc.RpcError as error:
    report("too big", [error.code().name, error.details()])
try:
    put(field(0x12, b"no key"))
except grpc.RpcError as error:
    report("no key", [error.code().name, error.details()])
try:
    channel.unary_unary("/etcdserverpb.KV/Nope", **same)(b"")
except grpc.RpcError as error:
    report("no method", error.code().name)

create = field(0x0A, field(0x0A, b"watched"))
watch = channel.stream_stream("/etcdserverpb.Watch/Watch", **same)(iter([create]))
next(watch)
for i in range(3):
    put(field(0x0A, b"watched") + field(0x12, b"%d" % i + BIG))
report("watched", [BIG in next(watch) for _ in range(3)])
watch.cancel()
channel.close()
