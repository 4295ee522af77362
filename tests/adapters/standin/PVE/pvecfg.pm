package PVE::pvecfg;

use strict;
use warnings;

sub version_text { return '9.1.1/0123456789abcdef' }

1;
