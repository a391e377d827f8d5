package report

// Anonymized is what the report says of it.
type Anonymized struct {
	Addresses string `json:"addresses"` // "crypto-pan"
	Ports     bool   `json:"ports"`     // replaced
	Hashes    bool   `json:"hashes"`    // kept
}

// String says in words what is replaced.
func (a *Anonymized) String() string {
	if a.Ports {
		return "Addresses (Crypto-PAn) and ports are replaced"
	}
	return "Addresses are replaced (Crypto-PAn)"
}
