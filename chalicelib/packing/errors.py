"""What goes wrong with objects of the exports bucket."""

from chalicelib.errors import Internal


class ObjectMissing(Internal):
    """There is no such object in the exports bucket."""

    code = "object_missing"


class UploadUnfinished(Internal):
    """Somebody asked for the result of an upload that did not end well."""

    code = "upload_unfinished"
