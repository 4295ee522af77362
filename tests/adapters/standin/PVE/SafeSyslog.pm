package PVE::SafeSyslog;

use strict;
use warnings;

my $tag = 'unknown';

sub initlog { $tag = "$_[0]/$_[1]" }

sub tag { return $tag }

1;
