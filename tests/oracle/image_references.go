package main

import (
	"bufio"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/json"
	"fmt"
	"os"

	"github.com/docker/distribution/reference"
)

func main() {
	scanner := bufio.NewScanner(os.Stdin)
	for scanner.Scan() {
		var text string
		json.Unmarshal(scanner.Bytes(), &text)
		named, err := reference.ParseNormalizedNamed(text)
		answer := []string(nil)
		if err == nil {
			answer = []string{reference.Domain(named), reference.Path(named), "", ""}
			if tagged, ok := named.(reference.Tagged); ok {
				answer[2] = tagged.Tag()
			}
			if digested, ok := named.(reference.Digested); ok {
				answer[3] = digested.Digest().String()
			}
		}
		line, _ := json.Marshal([]interface{}{text, answer})
		fmt.Println(string(line))
	}
}
