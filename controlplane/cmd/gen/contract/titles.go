package contract

// Titles of fields, for people. They are made from the names, which are the field's words already; a tag x-title says what the rule would get wrong.

import (
	"slices"
	"strings"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

const extTitle = "x-title"

// spelled are the words that are not written as they are in names.
var spelled = map[string]string{
	"acme": "ACME", "addr": "address", "api": "API", "bic": "BIC", "ca": "CA", "cidr": "CIDR", "cidrs": "CIDRs", "cpu": "CPU", "cpus": "CPUs", "csv": "CSV", "dhcp": "DHCP",
	"dns": "DNS", "fqdn": "FQDN", "http": "HTTP", "https": "HTTPS", "iban": "IBAN", "id": "ID", "ids": "IDs", "iops": "IOPS", "ip": "IP", "ips": "IPs", "ipv4": "IPv4",
	"ipv6": "IPv6", "iso": "ISO", "json": "JSON", "mac": "MAC", "mtu": "MTU", "nat": "NAT", "oidc": "OIDC", "os": "OS", "pdf": "PDF", "pem": "PEM", "ram": "RAM",
	"s3": "S3", "sla": "SLA", "sms": "SMS", "ssh": "SSH", "ssl": "SSL", "tcp": "TCP", "tls": "TLS", "totp": "TOTP", "ttl": "TTL", "udp": "UDP", "uri": "URI", "url": "URL", "urls": "URLs",
	"vat": "VAT", "vcpu": "vCPU", "vcpus": "vCPUs", "vlan": "VLAN", "vm": "VM", "vms": "VMs", "vnc": "VNC", "vpn": "VPN",
}

// ends are the words for the ends of a range, after those for what it is of.
var ends = map[string]string{catalog.From: "from", catalog.Until: "until", catalog.Min: "at least", catalog.Max: "at most"}

// titleOf is what a field of that name is called. What refers to a thing is called as the thing is, what is measured says so beside it, and what is a
// moment is called as what happened then.
func titleOf(name string, measured bool) string {
	words := strings.Split(name, "_")
	last := words[len(words)-1]
	if len(words) > 1 && (measured || last == "id" || last == "at") {
		words = words[:len(words)-1]
	}
	for i, w := range words {
		if s := spelled[w]; s != "" {
			words[i] = s
		} else if i == 0 {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, " ")
}

// titled gives every field that has no title of its own one.
func titled(fields []catalog.Field) {
	for i := range fields {
		f := &fields[i]
		if f.Title == "" {
			f.Title = titleOf(f.Name, f.Unit != "")
		}
		titled(f.Fields)
		if f.Items != nil {
			items := []catalog.Field{*f.Items}
			titled(items)
			f.Items = &items[0]
		}
	}
}

// titledFilter is a filter with its title: that of the field that it is about, with the end that it is.
func titledFilter(f catalog.Filter, fields []catalog.Field) catalog.Filter {
	about := f.Name
	if f.Field != "" {
		about = f.Field
	}
	f.Title = titleOf(about, false)
	if i := slices.IndexFunc(fields, func(f catalog.Field) bool { return f.Name == about }); i >= 0 {
		f.Title = fields[i].Title
	}
	if f.Bound != "" {
		f.Title += " " + ends[f.Bound]
	}
	return f
}

// titles gives all that is in a catalog its titles.
func titles(c *catalog.Catalog) {
	for i := range c.Kinds {
		k := &c.Kinds[i]
		titled(k.Fields)
		for j := range k.Actions {
			titled(k.Actions[j].Fields)
		}
		for j := range k.Reveals {
			titled(k.Reveals[j].Fields)
		}
		for j := range k.Filters {
			k.Filters[j] = titledFilter(k.Filters[j], k.Fields)
		}
	}
	for i := range c.Operations {
		o := &c.Operations[i]
		titled(o.Fields)
		titled(o.Answer)
		for j := range o.Parameters {
			o.Parameters[j].Filter = titledFilter(o.Parameters[j].Filter, nil)
		}
	}
}
