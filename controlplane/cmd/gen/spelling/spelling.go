// Package spelling spells the words of names, for titles and for Go alike.
package spelling

import "strings"

// spelled are the words that are not written as they are in names.
var spelled = map[string]string{
	"acme": "ACME", "api": "API", "bic": "BIC", "ca": "CA", "cidr": "CIDR", "cidrs": "CIDRs", "cpu": "CPU", "cpus": "CPUs", "csv": "CSV", "dhcp": "DHCP",
	"dns": "DNS", "fqdn": "FQDN", "gib": "GiB", "http": "HTTP", "https": "HTTPS", "iam": "IAM", "iban": "IBAN", "id": "ID", "ids": "IDs", "iops": "IOPS", "ip": "IP",
	"ips": "IPs", "ipv4": "IPv4", "ipv6": "IPv6", "iso": "ISO", "json": "JSON", "kib": "KiB", "mac": "MAC", "mib": "MiB", "mtu": "MTU", "nat": "NAT", "oidc": "OIDC",
	"os": "OS", "pdf": "PDF", "pem": "PEM", "ram": "RAM", "s3": "S3", "sla": "SLA", "sms": "SMS", "sql": "SQL", "ssh": "SSH", "ssl": "SSL", "tcp": "TCP", "tib": "TiB",
	"tls": "TLS", "totp": "TOTP", "ttl": "TTL", "udp": "UDP", "ui": "UI", "uri": "URI", "url": "URL", "urls": "URLs", "uuid": "UUID", "vat": "VAT", "vcpu": "vCPU",
	"vcpus": "vCPUs", "vlan": "VLAN", "vm": "VM", "vms": "VMs", "vnc": "VNC", "vpn": "VPN", "vxlan": "VXLAN",
}

// Of is a word as people write it: an abbreviation in its own way, any other as it is.
func Of(word string) string {
	if s, ok := spelled[word]; ok {
		return s
	}
	return word
}

// Capital is a word as it stands in the name of something public in Go: vCPU begins with a capital there.
func Capital(word string) string {
	s := Of(word)
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
