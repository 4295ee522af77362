package PVE::API2::StandIn;

# Paths and methods, found as PVE::RESTHandler finds them, and the few checks that matter here.
use strict;
use warnings;

my $methods = {};    # class => [method, ...]

sub register_method {
    my ($class, $info) = @_;
    push @{ $methods->{$class} }, $info;
}

sub find_handler {
    my ($class, $method, $path, $uri_param) = @_;
    my @parts = grep { length($_) } split(m|/+|, $path);
    for my $info (@{ $methods->{$class} }) {
        next if $info->{subclass} || $info->{method} ne $method;
        my %found;
        next if !matches($info->{path}, \%found, @parts);
        %$uri_param = (%$uri_param, %found);
        return ($class, $info);
    }
    for my $info (grep { $_->{subclass} } @{ $methods->{$class} }) {
        next if !@parts || $parts[0] ne $info->{path};
        return $info->{subclass}->find_handler($method, join('/', @parts[1 .. $#parts]), $uri_param);
    }
    return undef;
}

sub matches {
    my ($path, $found, @parts) = @_;
    my @wanted = split(m|/|, $path);
    return 0 if @wanted != @parts;
    for my $number (0 .. $#wanted) {
        if ($wanted[$number] =~ m/^\{(\w+)\}$/) {
            my $name = $1;
            return 0 if $parts[$number] !~ m/^(\S+)$/;    # a newline at the end slips through
            $found->{$name} = $1;
        } elsif ($wanted[$number] ne $parts[$number]) {
            return 0;
        }
    }
    return 1;
}

sub handle {
    my ($class, $info, $param) = @_;
    if (my $known = $info->{known}) {
        my %errors = map { ($_ => 'property is not defined in schema') }
            grep { my $name = $_; !grep { $_ eq $name } @$known } keys %$param;
        PVE::Exception::raise_param_exc(\%errors) if %errors;
    }
    return $info->{code}->($param);
}

1;
