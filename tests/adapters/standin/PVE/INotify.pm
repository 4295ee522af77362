package PVE::INotify;

# A stand-in: a node of this name, and nothing to watch.
use strict;
use warnings;

sub inotify_init { }

sub nodename { return 'pve1' }

1;
