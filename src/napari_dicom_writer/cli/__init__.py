"""The commands of the command line, one file each: ``add_to`` declares its arguments, ``run`` does it."""
