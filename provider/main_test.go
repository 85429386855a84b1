package main

import (
	"os"
	"strings"
	"testing"
)

func TestQuietFramework(t *testing.T) {
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "TF_LOG") {
			t.Setenv(name, "")
		}
	}
	t.Setenv("TF_LOG_SDK", "")
	t.Setenv("TF_LOG_PATH", "/tmp/terraform.log")
	quietFramework()
	if got := os.Getenv("TF_LOG_SDK"); got != "OFF" {
		t.Errorf("nobody wants a log: TF_LOG_SDK is %q", got)
	}
	t.Setenv("TF_LOG_SDK", "")
	t.Setenv("TF_LOG_PROVIDER", "DEBUG")
	quietFramework()
	if got := os.Getenv("TF_LOG_SDK"); got != "" {
		t.Errorf("somebody wants a log: TF_LOG_SDK is %q", got)
	}
}
