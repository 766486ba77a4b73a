"""Call the frontend's own handlers with what Wix sends to an app.

An event or a plugin request reaches a handler by a POST of ours, on a path
that no client can ask for (see `sansio.delivery_paths`).
"""
