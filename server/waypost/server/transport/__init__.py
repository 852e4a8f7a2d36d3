"""The only code that knows gRPC and the generated messages: decode, call, encode."""
