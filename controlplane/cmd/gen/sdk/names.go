package sdk

import (
	"strings"
	"unicode"
)

// initialisms are written as they are said, the others with a capital.
var initialisms = map[string]string{
	"api": "API", "cidr": "CIDR", "cpu": "CPU", "dns": "DNS", "fqdn": "FQDN", "gib": "GiB", "http": "HTTP", "https": "HTTPS", "iam": "IAM", "id": "ID", "ids": "IDs",
	"iops": "IOPS", "ip": "IP", "ips": "IPs", "json": "JSON", "kib": "KiB", "mac": "MAC", "mib": "MiB", "mtu": "MTU", "os": "OS", "pdf": "PDF", "pem": "PEM",
	"sql": "SQL", "ssh": "SSH", "tcp": "TCP", "tib": "TiB", "tls": "TLS", "ttl": "TTL", "udp": "UDP", "ui": "UI", "uri": "URI", "url": "URL", "urls": "URLs",
	"uuid": "UUID", "vat": "VAT", "vcpu": "VCPU", "vcpus": "VCPUs", "vlan": "VLAN", "vpn": "VPN", "vxlan": "VXLAN",
}

// goName is the name of a thing of the catalog, snake_case, in Go.
func goName(name string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(name, "_") {
		b.WriteString(goWord(part))
	}
	return b.String()
}

func goWord(word string) string {
	if written, ok := initialisms[word]; ok {
		return written
	}
	if word == "" {
		return ""
	}
	return strings.ToUpper(word[:1]) + word[1:]
}

// goValue is the name of a value of an enumeration, whatever is in it: x86_64 keeps the line between its numbers.
func goValue(value string) string {
	var b strings.Builder
	parts := strings.FieldsFunc(value, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i, part := range parts {
		if i > 0 && unicode.IsDigit(rune(part[0])) && unicode.IsDigit(rune(b.String()[b.Len()-1])) {
			b.WriteString("_")
		}
		b.WriteString(goWord(part))
	}
	return b.String()
}

// singular is the name of one of what a field holds: bindings, entries, addresses. What is no plural says that it is one.
func singular(name string) string {
	switch {
	case strings.HasSuffix(name, "ies"):
		return strings.TrimSuffix(name, "ies") + "y"
	case strings.HasSuffix(name, "sses"):
		return strings.TrimSuffix(name, "es")
	case strings.HasSuffix(name, "s") && !strings.HasSuffix(name, "ss"):
		return strings.TrimSuffix(name, "s")
	}
	return name + "_item"
}
