# SPDX-License-Identifier: GPL-3.0-or-later
# To be sourced in the guest: the engine that asks a language model, started by the bus, with a server that knows one
# program.
# shellcheck shell=bash

llm_settings=/etc/priorityd/priorityd.toml.d/vm-llm.toml

write_model_server() {
    cat >/usr/local/bin/vm-model <<'P'
#!/usr/bin/perl
use strict;
use IO::Socket::INET;
my $server = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 8080, Listen => 5, ReuseAddr => 1) or die $!;
while (my $client = $server->accept) {
    my ($length, $body) = (0, "");
    while (defined(my $line = <$client>)) {
        $length = $1 if $line =~ /^content-length:\s*(\d+)/i;
        last if $line =~ /^\r?\n$/;
    }
    read $client, $body, $length;
    my @rows;
    while ($body =~ /\\"(p\d+)\\":\{\\"name\\":\\"([^\\]*)\\"/g) {
        my $class = $2 eq "vm-frobnicate" ? "batch" : "no idea";
        push @rows, qq(\\"$1\\":{\\"class\\":\\"$class\\",\\"confidence\\":0.9,\\"reason\\":\\"by order\\"});
    }
    my $rows = join ",", @rows;
    my $answer = qq({"choices":[{"message":{"content":"{$rows}"},"finish_reason":"stop"}],"usage":{"total_tokens":50}});
    print $client "HTTP/1.1 200 OK\r\nContent-Length: " . length($answer) . "\r\nConnection: close\r\n\r\n$answer";
    close $client;
}
P
    chmod 0755 /usr/local/bin/vm-model
}

part_llm() {
    local pid llm exposure patience=120 # what is known of a program is looked up slowly on a slow machine
    write_model_server
    start_unit vm-model -- vm-model
    printf 'gather = "0s"\n' >>/etc/priorityd/llm.toml
    mkdir -p "${llm_settings%/*}"
    printf '[engine.llm]\nenabled = true\n[engine.profiles]\nenabled = false\n' >"$llm_settings"
    cp /bin/sleep /usr/bin/vm-frobnicate # where packages go: of other files engines are not told
    check "the engine is on" eventually eval 'priorityctl engines | grep -Eq "^llm +enabled"'
    start_unit vm-frobnicate -- vm-frobnicate 3600
    eventually pid_in vm-frobnicate vm-frobnicate.service
    pid=$(pid_in vm-frobnicate vm-frobnicate.service)
    check "a program that nobody knows gets the class that the model gives it" eventually same 10 nice_of "$pid"
    check "explain says so, with the model's reason" has "0.90 sure: by order" priorityctl explain "$pid"
    check "the bus has started the service" systemctl is-active --quiet priorityd-llm.service
    llm=$(systemctl show --property MainPID --value priorityd-llm.service)
    check "it runs as a user of its own" same priorityd-llm ps -o user:20= -p "$llm"
    check "it has no capability" grep -q '^CapBnd:.*0000000000000000$' "/proc/$llm/status"
    check "its system calls are filtered" grep -qx $'Seccomp:\t2' "/proc/$llm/status"
    check "its state is nobody else's" same 700 stat -L -c %a /var/lib/priorityd-llm
    exposure=$(systemd-analyze security --no-pager priorityd-llm.service | sed -n 's/.*exposure level[^:]*: \([0-9.]*\).*/\1/p')
    check "systemd-analyze security: the exposure, $exposure, is at most 1.5" test "${exposure/./}" -le 15
    check "the unit has no faults" same "" systemd-analyze verify --man=no priorityd-llm.service
    note "memory: $(systemctl show --property MemoryCurrent --value priorityd-llm.service) bytes"
    check "nobody but priorityd and root may ask it" has "Access denied" as_tester busctl call org.priorityd1.Llm /org/priorityd1/Engine \
        org.priorityd1.Engine Score 'aa{sv}' 0
    systemctl stop vm-model.service priorityd-llm.service vm-frobnicate.service
    systemctl restart priorityd.service
    start_unit vm-frobnicate -- vm-frobnicate 3600
    eventually pid_in vm-frobnicate vm-frobnicate.service
    pid=$(pid_in vm-frobnicate vm-frobnicate.service)
    check "with the server gone, and after a restart, it is known all the same" eventually same 10 nice_of "$pid"
    systemctl stop vm-frobnicate.service priorityd-llm.service
    rm "$llm_settings" /usr/bin/vm-frobnicate
}
