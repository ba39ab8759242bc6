"""The torch backend: plans become Python source that imports only torch."""
