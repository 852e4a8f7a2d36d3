"""Server reflection under both of its names; grpcio-reflection knows v1alpha alone.

The two differ in the package's name only, so the v1 schema is the v1alpha one renamed, and one servicer
answers both: their messages are the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence

from google.protobuf import descriptor_pb2, descriptor_pool, text_format
from google.protobuf.descriptor import ServiceDescriptor
from grpc_reflection.v1alpha import reflection, reflection_pb2

V1ALPHA: ServiceDescriptor = reflection_pb2.DESCRIPTOR.services_by_name["ServerReflection"]
V1_NAME = "grpc.reflection.v1.ServerReflection"


def servicer(services: Sequence[str]) -> reflection.aio.ReflectionServicer:
    """Answers for `services` and for reflection itself; makes the v1 schema known to the process."""
    _register_v1()
    return reflection.aio.ReflectionServicer((*services, V1ALPHA.full_name, V1_NAME))


def _register_v1() -> None:
    schema = descriptor_pb2.FileDescriptorProto()
    V1ALPHA.file.CopyToProto(schema)
    text = text_format.MessageToString(schema).replace("grpc.reflection.v1alpha", "grpc.reflection.v1")
    renamed = text_format.Parse(text, descriptor_pb2.FileDescriptorProto())
    renamed.name = "grpc/reflection/v1/reflection.proto"
    descriptor_pool.Default().AddSerializedFile(renamed.SerializeToString())
