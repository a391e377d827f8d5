// Package nicmodel is the NIC's half of the model: which bytes of a packet are
// hashed, which entry of the indirection table the hash picks, and so which
// queue and CPU. It does so in this order:
//
//  1. a layout (package layout) or an imported table (package nictext) gives the
//     IndirectionTable (table.go);
//  2. Steering.Decide (steering.go) takes the most specific enabled hash type that fits the
//     packet, hashes its input, and looks the hash up in the table;
//  3. the Decision records all of that, and nothing downstream computes any of
//     it again.
package nicmodel
