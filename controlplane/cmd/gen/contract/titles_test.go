package contract

import "testing"

func TestTitlesOfNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"id": "ID", "name": "Name", "display_name": "Display name", "customer_id": "Customer", "external_ids": "External IDs", "vcpus": "vCPUs", "ip_address": "IP address",
		"portal_url": "Portal URL", "network_cidr": "Network CIDR", "created_at": "Created", "last_used_at": "Last used", "at": "At", "iops_limit": "IOPS limit", "size_gib": "Size GiB",
	} {
		if got := titleOf(name, false); got != want {
			t.Errorf("%s is called %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]string{"boot_disk_size_gib": "Boot disk size", "memory_mib": "Memory", "percent": "Percent"} {
		if got := titleOf(name, true); got != want {
			t.Errorf("%s is called %q, want %q", name, got, want)
		}
	}
}
