package PVE::Cluster;

# A stand-in for the cluster's log: what was written there, and under which name.
use strict;
use warnings;

use PVE::SafeSyslog;

our @log;

sub log_msg {
    my ($priority, $ident, $msg) = @_;
    push @log, { priority => $priority, ident => $ident, tag => PVE::SafeSyslog::tag(), msg => $msg };
}

1;
