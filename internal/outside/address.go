package outside

import "net/netip"

// inside are the networks that are not the public internet, out of IANA's registries
// of special-purpose addresses (RFC 6890). Of IPv6 only 2000::/3 was ever given out;
// the entries here are exceptions from it.
func inside() []netip.Prefix {
	var all []netip.Prefix
	for _, network := range []string{
		"0.0.0.0/8",        // this network
		"10.0.0.0/8",       // private
		"100.64.0.0/10",    // behind a carrier's translation (RFC 6598); clouds serve metadata there
		"127.0.0.0/8",      // this machine
		"168.63.129.16/32", // a cloud's own services, beside its metadata
		"169.254.0.0/16",   // this link; the metadata of clouds
		"172.16.0.0/12",    // private
		"192.0.0.0/24",     // protocol assignments
		"192.0.2.0/24",     // examples
		"192.88.99.0/24",   // relays from 6to4, given up
		"192.168.0.0/16",   // private
		"198.18.0.0/15",    // measurements
		"198.51.100.0/24",  // examples
		"203.0.113.0/24",   // examples
		"224.0.0.0/4",      // groups
		"240.0.0.0/4",      // reserved, and everybody on this link
		"2001::/23",        // protocol assignments; Teredo, which leads to an IPv4 address
		"2001:db8::/32",    // examples
		"2002::/16",        // 6to4, which leads to an IPv4 address
		"3fff::/20",        // examples
	} {
		all = append(all, netip.MustParsePrefix(network))
	}
	return all
}

// Public tells whether an address is one of the public internet. An address that
// stands for an IPv4 address (mapped, or translated by RFC 6052) is judged as that.
func Public(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsValid() || a.Zone() != "" {
		return false
	}
	if netip.MustParsePrefix("64:ff9b::/96").Contains(a) {
		b := a.As16()
		a = netip.AddrFrom4([4]byte(b[12:]))
	}
	if a.Is6() && !netip.MustParsePrefix("2000::/3").Contains(a) {
		return false
	}
	for _, network := range inside() {
		if network.Contains(a) {
			return false
		}
	}
	return true
}
