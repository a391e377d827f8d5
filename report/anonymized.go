package report

// Anonymized is what the report says of it.
type Anonymized struct {
	Addresses string `json:"addresses"` // "crypto-pan"
	Ports     bool   `json:"ports"`     // replaced
	Hashes    bool   `json:"hashes"`    // kept
}
