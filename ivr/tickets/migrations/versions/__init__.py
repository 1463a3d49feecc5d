"""One file a revision, named rNNNN_<what>."""
