"""The wire: HTTP/1.1 to an upstream, bytes in and bytes out.

A request goes out exactly as it is given, or is refused where its head and
body disagree; an answer comes back exactly as it came, or as an error that
says what went wrong. Only `forward` drops what belongs to one connection.
"""
