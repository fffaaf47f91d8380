"""Where weights and texts come from: the model hub, installed packages, folders of this machine."""
