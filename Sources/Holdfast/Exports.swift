// Values, documents and Extended JSON are part of this module's own interface.
@_exported public import BSON
