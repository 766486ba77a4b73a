"""The wire: HTTP/1.1 to an upstream, bytes in and bytes out.

Nothing here decides what may be sent; it sends exactly what it is given and
hands back exactly what came, or an error that says what went wrong.
"""
