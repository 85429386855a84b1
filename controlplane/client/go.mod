module github.com/demarc/demarc/controlplane/client

go 1.26.0
