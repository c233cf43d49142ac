"""HTTP API for tools of organisers, trustees and the registrar. Signatories' requests are answered in ``edge.intake``.

Views parse a request, call an action, and answer.
"""
