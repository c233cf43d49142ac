// Go's own transparency log code, asked from Python: one JSON question a line on standard input, one answer a line.
// Byte strings are base64, as encoding/json writes them.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type question struct {
	Ask      string
	Note     []byte
	Verifier string
	Entries  [][]byte
	Size     int64
	Old      int64
	Index    int64
	Path     [][]byte
	Root     []byte
	OldRoot  []byte
	Leaf     []byte
}

type answer struct {
	Text     string   `json:",omitempty"`
	Verified int      `json:",omitempty"`
	Unknown  int      `json:",omitempty"`
	Roots    [][]byte `json:",omitempty"`
	Path     [][]byte `json:",omitempty"`
	Error    string   `json:",omitempty"`
}

type hashes map[int64]tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		found[i] = h[index]
	}
	return found, nil
}

var stored hashes

func hash(b []byte) (h tlog.Hash) { copy(h[:], b); return }

func path(bytes [][]byte) (found []tlog.Hash) {
	for _, b := range bytes {
		found = append(found, hash(b))
	}
	return
}

func plain(found []tlog.Hash) (bytes [][]byte) {
	for i := range found {
		bytes = append(bytes, found[i][:])
	}
	return
}

func reply(q question) (a answer) {
	var err error
	switch q.Ask {
	case "open":
		verifier, bad := note.NewVerifier(q.Verifier)
		if bad != nil {
			return answer{Error: bad.Error()}
		}
		opened, bad := note.Open(q.Note, note.VerifierList(verifier))
		if err = bad; err == nil {
			a = answer{Text: opened.Text, Verified: len(opened.Sigs), Unknown: len(opened.UnverifiedSigs)}
		}
	case "grow":
		stored = hashes{}
		for i, entry := range q.Entries {
			new, bad := tlog.StoredHashes(int64(i), entry, stored)
			if bad != nil {
				return answer{Error: bad.Error()}
			}
			at := tlog.StoredHashIndex(0, int64(i))
			for j, h := range new {
				stored[at+int64(j)] = h
			}
			root, _ := tlog.TreeHash(int64(i+1), stored)
			a.Roots = append(a.Roots, root[:])
		}
	case "prove":
		found, bad := tlog.ProveRecord(q.Size, q.Index, stored)
		a.Path, err = plain(found), bad
	case "proveTree":
		found, bad := tlog.ProveTree(q.Size, q.Old, stored)
		a.Path, err = plain(found), bad
	case "check":
		err = tlog.CheckRecord(path(q.Path), q.Size, hash(q.Root), q.Index, hash(q.Leaf))
	case "checkTree":
		err = tlog.CheckTree(path(q.Path), q.Size, hash(q.Root), q.Old, hash(q.OldRoot))
	}
	if err != nil {
		return answer{Error: err.Error()}
	}
	return a
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var q question
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			fmt.Println(`{"Error":"` + err.Error() + `"}`)
			continue
		}
		said, _ := json.Marshal(reply(q))
		fmt.Println(string(said))
	}
}
