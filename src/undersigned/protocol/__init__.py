"""The protocol: bytes and values in; values, bytes or ProtocolError out (docs/spec/protocol.md)."""
