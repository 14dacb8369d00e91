"""Kinds of another sort: names at several servers, addresses one by one, pings, logs, this machine, files."""

from __future__ import annotations

from monitor.knowledge import load_catalogue
from monitor.model import Room
from tests.matrix.case import looks
from tests.matrix.files import checksum, files, log_at, logs, machine
from tests.matrix.replies import captcha, says
from tests.matrix.servers import NAME, Rewriting, at, compares, nodes, resolved, serves
from tests.net.peers import Zone, answers, then_hangs

DNS, PING = looks("dns"), looks("icmp")
LOG, HOST, FILE = looks("log"), looks("host"), looks("file")
CLIENT = looks("log", codes=tuple(one for one in load_catalogue().values() if one.table == "client"))
EACH, EACH_CAPTCHA = looks("http", every_address=True), looks("captcha", every_address=True)
HERE: Zone = {NAME: ["1.2.3.4"]}
OTHER: Zone = {NAME: ["1.2.3.9"]}
ELSEWHERE: Zone = {NAME: ["5.6.7.8"]}

# fmt: off
COMPARED = (
    ("two name servers agree", DNS, compares(HERE, HERE), "ok"),
    ("two name servers name different sites of the internet", DNS, compares(HERE, ELSEWHERE), "ok +answers_differ"),
    ("one leads to this machine, the other to the internet", DNS, compares({NAME: ["127.0.0.66"]}, HERE), "error dns_hijacked resolve"),
    ("one leads into a private network, the other to the internet", DNS, compares(HERE, {NAME: ["10.1.2.3"]}), "error dns_hijacked resolve"),
    ("both lead into the same private network", DNS, compares({NAME: ["10.1.2.3"]}, {NAME: ["10.1.2.3"]}), "ok"),
    ("an address outside the expected networks", DNS, compares(HERE, ELSEWHERE, expect_networks=("1.2.3.0/24",)), "error dns_hijacked resolve"),
    ("different addresses within the expected network", DNS, compares(HERE, OTHER, expect_networks=("1.2.3.0/24",)), "ok"),
    ("a random name resolves", DNS, compares(Rewriting(HERE)), "error dns_hijacked resolve"),
    ("a random name resolves at one of two", DNS, compares(HERE, Rewriting(HERE)), "error dns_hijacked resolve"),
    ("a random name resolves, and is not asked for", DNS, compares(Rewriting(HERE), random_name=False), "ok"),
    ("a name that does not exist leads to an advertisement", DNS, compares(Rewriting(), {}), "error dns_hijacked resolve"),
    ("all deny the name", DNS, compares({}, {}), "error dns_nxdomain resolve"),
    ("one of two denies the name", DNS, compares({}, HERE), "error dns_hijacked resolve"),
    ("both lead nowhere", DNS, compares({NAME: ["0.0.0.0"]}, {NAME: ["0.0.0.0"]}), "error dns_hijacked resolve"),
    ("two of three fail", DNS, compares({NAME: "SERVFAIL"}, {NAME: "REFUSED"}, HERE), "error dns_servfail resolve"),
    ("no address at any", DNS, compares({NAME: []}, {NAME: []}), "error dns_no_address resolve"),
    ("all are silent", DNS, compares({NAME: None}, {NAME: None}), "timeout resolve_timeout resolve"),
    ("one lies and one is silent", looks("dns", timeout=1.0), compares({NAME: ["5.6.7.8"]}, {NAME: None}, expect_networks=("1.2.3.0/24",)), "error dns_hijacked resolve"),
    ("an alias in a circle", DNS, compares({NAME: "alias b.example", "b.example": f"alias {NAME}"}), "error dns_servfail resolve"),
)

NODES = (
    ("both answer", EACH, nodes(says(), says()), "ok"),
    ("the second does not listen", EACH, nodes(says(), None), "ok +address_failed"),
    ("the first does not listen", EACH, nodes(None, says()), "ok +address_failed"),
    ("the second answers 502", EACH, nodes(says(), says("", 502)), "ok +address_failed"),
    ("the second hangs up", EACH, nodes(says(), answers()), "ok +address_failed"),
    ("the second hangs", looks("http", every_address=True, timeout=0.6), nodes(says(), then_hangs()), "ok +address_failed"),
    ("the second gives a broken captcha", EACH_CAPTCHA, nodes(says(captcha()), says(captcha(b"none" * 40))), "ok +address_failed"),
    ("one answers 502, the other 404", EACH, nodes(says("", 502), says("", 404)), "error http_status processing"),
    ("the first refuses, the second answers 500", EACH, nodes(None, says("", 500)), "error connection_refused connect"),
    ("both answer, the second that we are banned (020)", EACH_CAPTCHA, nodes(says(captcha()), says('{"key1": "020"}')), "error blocked processing =020"),
)

PINGS = (
    ("this machine", PING, serves(says()), "ok"),
    ("the name does not exist", PING, resolved("NXDOMAIN"), "error dns_nxdomain resolve"),
    ("the name server says nothing", PING, resolved(None), "timeout resolve_timeout resolve"),
    ("no way there", PING, at("255.255.255.255"), "error unreachable connect|processing"),
)

LOGS = (
    ("nothing new", LOG, logs(b""), "ok"),
    ("a line that is looked for", LOG, logs(b"connect: timeout\n"), "error api_error processing =timeouts"),
    ("two such lines where three are too many", LOG, logs(b"timeout\n" * 2, at_least=3), "ok"),
    ("three such lines", LOG, logs(b"timeout\n" * 3, at_least=3), "error api_error processing =timeouts"),
    ("only other lines", LOG, logs(b"all is well\n" * 99), "ok"),
    ("a line that is not whole yet", LOG, logs(b"connect: timeout"), "ok"),
    ("a line in GBK", LOG, logs("开票失败：网络连接超时\n".encode("gbk"), regex="连接超时"), "error api_error processing =timeouts"),
    ("a code within a longer one", CLIENT, logs(b"E0012 and XE001\n", table="client"), "ok"),
    ("a code that is in the table of the operator's software", CLIENT, logs(b"upload failed: E004\n", table="client"), "error credential processing =E004"),
    ("the log is not there", LOG, log_at("/nowhere/client.log"), "error probe_misconfigured processing"),
    ("the log is a folder", LOG, log_at("/tmp"), "error probe_misconfigured processing"),
)

MACHINE = (
    ("all is well", HOST, machine(memory=Room(share=0.0), load=1e9, files=1.0), "ok"),
    ("the disk is fuller than allowed", HOST, machine(least=1.0), "error content_mismatch processing =disk_free:/"),
    ("less memory than asked for", HOST, machine(memory=Room(size=1 << 60)), "error content_mismatch processing =memory_free"),
    ("more load than allowed", HOST, machine(load=-1.0), "error content_mismatch processing =load_per_cpu"),
    ("more open files than allowed", HOST, machine(files=0.0), "error content_mismatch processing =files_used:monitor"),
    ("a disk that is not there", HOST, machine("/nowhere"), "error probe_misconfigured processing"),
)

FILES = (
    ("a backup of an hour ago", FILE, files(("a.bak", 1, b"x" * 99), max_age=86400.0, min_size=50), "ok"),
    ("no backup", FILE, files(("a.txt", 1, b"x"), max_age=86400.0), "error record_missing processing"),
    ("a backup of two days ago", FILE, files(("a.bak", 48, b"x"), max_age=86400.0), "error content_mismatch processing =age"),
    ("a new one beside an old one", FILE, files(("a.bak", 48, b"x"), ("b.bak", 1, b"x"), max_age=86400.0), "ok"),
    ("a backup of tomorrow", FILE, files(("a.bak", -24, b"x"), max_age=86400.0), "error content_mismatch processing =age"),
    ("an empty backup", FILE, files(("a.bak", 1, b""), min_size=1), "error content_mismatch processing =size"),
    ("the checksum is right", FILE, files(("a.bak", 1, b"x"), ("a.sum", 1, checksum(b"x")), sha256_from="a.sum"), "ok"),
    ("the checksum is another", FILE, files(("a.bak", 1, b"x"), ("a.sum", 1, checksum(b"y")), sha256_from="a.sum"), "error content_mismatch processing =checksum"),
    ("the checksum is missing", FILE, files(("a.bak", 1, b"x"), sha256_from="a.sum"), "error content_mismatch processing =checksum"),
)
# fmt: on

SECTIONS = {
    "compared": COMPARED,
    "nodes": NODES,
    "ping": PINGS,
    "log": LOGS,
    "machine": MACHINE,
    "file": FILES,
}
"""What a section is about → its lines."""
