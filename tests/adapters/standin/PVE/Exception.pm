package PVE::Exception;

# A stand-in with the calls that bridge.pl and its modules use.
use strict;
use warnings;

use overload '""' => sub { $_[0]->{msg} }, fallback => 1;

sub new {
    my ($class, $msg, %param) = @_;
    return bless { msg => $msg, %param }, $class;
}

sub raise { die PVE::Exception->new(@_) }

sub raise_param_exc {
    my ($errors) = @_;
    raise("Parameter verification failed.\n", code => '400', errors => $errors);
}

1;
