"""Where shell commands stand: scripts, Dockerfiles, CI files, Makefiles and justfiles."""
