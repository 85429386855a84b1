package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// toStdout is what stands for standard output where a file is named.
const toStdout = "-"

// annotationParts says on a command which documents it is for, as far as others have to know.
const annotationParts = "parts"

// downloading are the flags of a download.
type downloading struct {
	file, contentType string
	force             bool
}

// downloadCommand writes documents of a kind to files.
func (a *app) downloadCommand(k *catalog.Kind) *cobra.Command {
	var d downloading
	names := partNames(k.Documents)
	cmd := &cobra.Command{
		Use:   "download " + argument(k) + " " + alternatives(names),
		Short: "Write a document of it to a file",
		Long: "Write a document of it to a file, which is called as the server says unless -o names it; -o - writes to standard output.\n" +
			"A file is there as a whole or not at all.\n\n" + partsHelp(k.Documents),
		Args:        partArgs(names),
		Annotations: map[string]string{annotationParts: strings.Join(names, " ")},
	}
	cmd.ValidArgsFunction = a.completePart(k, names)
	flags := cmd.Flags()
	// Here it is no format: what comes is written as it is.
	flags.StringVarP(&d.file, "output", "o", "", "file to write, - for standard output")
	flags.StringVar(&d.contentType, "type", "", "content type, of a document that there is in several")
	flags.BoolVar(&d.force, "force", false, "replace a file that is there already")
	complete(cmd, "type", fixed(contentTypes(k.Documents)...))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		part := partOf(k.Documents, args[1:])
		if d.contentType != "" && !slices.Contains(part.ContentTypes, d.contentType) {
			return &usageError{fmt.Errorf("there is %s in %s, not in %s", part.Name, strings.Join(part.ContentTypes, ", "), d.contentType)}
		}
		id, err := a.resolve(cmd.Context(), k, args[0])
		if err != nil {
			return err
		}
		return about(args[0], a.download(cmd.Context(), k, part, id, d))
	}
	return cmd
}

// alternatives are the names that an argument may have; of one alone nothing needs to be said.
func alternatives(names []string) string {
	if len(names) == 1 {
		return "[" + names[0] + "]"
	}
	return strings.Join(names, "|")
}

func partNames(parts []catalog.Part) []string {
	var out []string
	for _, p := range parts {
		out = append(out, dashed(p.Name))
	}
	return out
}

func partsHelp(parts []catalog.Part) string {
	var b strings.Builder
	for _, p := range parts {
		fmt.Fprintf(&b, "  %s: %s (%s)\n", dashed(p.Name), p.Summary, strings.Join(slices.Concat(p.ContentTypes, p.BodyTypes), ", "))
	}
	return strings.TrimRight(b.String(), "\n")
}

func contentTypes(parts []catalog.Part) []string {
	var out []string
	for _, p := range parts {
		out = append(out, slices.Concat(p.ContentTypes, p.BodyTypes)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// partArgs wants an object and the name of a part, which may be left out where there is one alone.
func partArgs(names []string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		least := 2
		if len(names) == 1 {
			least = 1
		}
		switch {
		case len(args) < least || len(args) > 2:
			return fmt.Errorf("name an object, and one of %s", strings.Join(names, ", "))
		case len(args) == 2 && !slices.Contains(names, dashed(args[1])):
			return fmt.Errorf("there is no %s; there is %s", args[1], strings.Join(names, ", "))
		}
		return nil
	}
}

// partOf is the part that an argument names, or the only one.
func partOf(parts []catalog.Part, args []string) *catalog.Part {
	for i := range parts {
		if len(args) == 0 || dashed(parts[i].Name) == dashed(args[0]) {
			return &parts[i]
		}
	}
	return nil
}

// completePart offers objects, and then the names of the parts.
func (a *app) completePart(k *catalog.Kind, names []string) completer {
	objects, parts := a.completeObjects(k, false), fixed(names...)
	return func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		switch len(args) {
		case 0:
			return objects(cmd, args, begun)
		case 1:
			return parts(cmd, args, begun)
		}
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
}

func (a *app) download(ctx context.Context, k *catalog.Kind, part *catalog.Part, id string, d downloading) error {
	objects, err := a.objects(k)
	if err != nil {
		return err
	}
	if d.file != "" && d.file != toStdout && !d.force {
		if err := vacant(d.file); err != nil { // before anything is asked for
			return err
		}
	}
	var accept []string
	if d.contentType != "" {
		accept = []string{d.contentType}
	}
	got, err := objects.Download(ctx, id, part.Name, accept...)
	if err != nil {
		return err
	}
	defer got.Body.Close()
	if d.file == toStdout {
		_, err := io.Copy(a.streams.Out, got.Body)
		return err
	}
	file := d.file
	if file == "" {
		if file = fileName(got.Name); file == "" {
			return &usageError{errors.New("the server does not say what it is called: name a file with -o")}
		}
		if !d.force {
			if err := vacant(file); err != nil { // before all of it comes
				return err
			}
		}
	}
	size, err := keep(file, got.Body, d.force)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.streams.Err, "%s: %d bytes\n", printable(file), size)
	return nil
}

// uploadCommand sends files for objects of a kind.
func (a *app) uploadCommand(k *catalog.Kind) *cobra.Command {
	var file, contentType string
	names := partNames(k.Uploads)
	cmd := &cobra.Command{
		Use:   "upload " + argument(k) + " " + alternatives(names) + " -f FILE",
		Short: "Send a file for it",
		Long: "Send a file for it; -f - reads standard input. It is sent while it is read, and once: where the connection breaks, see what has come of it.\n\n" +
			partsHelp(k.Uploads),
		Args:        partArgs(names),
		Annotations: map[string]string{annotationParts: strings.Join(names, " ")},
	}
	cmd.ValidArgsFunction = a.completePart(k, names)
	cmd.Flags().StringVarP(&file, "file", "f", "", "file to send, - for standard input")
	cmd.Flags().StringVar(&contentType, "type", "", "content type, of what can be sent in several")
	complete(cmd, "type", fixed(contentTypes(k.Uploads)...))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		part := partOf(k.Uploads, args[1:])
		if contentType == "" {
			contentType = part.BodyTypes[0]
		}
		switch {
		case file == "":
			return &usageError{errors.New("-f names the file to send")}
		case !slices.Contains(part.BodyTypes, contentType):
			return &usageError{fmt.Errorf("%s is taken in %s, not in %s", part.Name, strings.Join(part.BodyTypes, ", "), contentType)}
		}
		id, err := a.resolve(cmd.Context(), k, args[0])
		if err != nil {
			return err
		}
		return about(args[0], a.upload(cmd.Context(), k, part, id, file, contentType))
	}
	return cmd
}

func (a *app) upload(ctx context.Context, k *catalog.Kind, part *catalog.Part, id, file, contentType string) error {
	objects, err := a.objects(k)
	if err != nil {
		return err
	}
	from, size := a.streams.In, int64(-1)
	if file != toStdout {
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return err
		}
		from = f
		if info.Mode().IsRegular() {
			size = info.Size()
		}
		if size > part.MaxBytes {
			return &usageError{fmt.Errorf("%s has %d bytes, and at most %d are taken", file, size, part.MaxBytes)}
		}
	}
	answer, err := objects.Upload(ctx, id, part.Name, contentType, from, size)
	if err != nil || len(answer) == 0 {
		return err
	}
	return a.print(answer, func(w io.Writer) error { return a.printRaw(answer) })
}

// watchCommand shows what happens to objects of a kind.
func (a *app) watchCommand(k *catalog.Kind) *cobra.Command {
	names := partNames(k.Streams)
	var after string
	cmd := &cobra.Command{
		Use:         "watch " + argument(k) + " " + alternatives(names),
		Short:       "Show what happens to it, an event a line",
		Long:        "Show what happens to it, an event in JSON a line, until the server ends it.\n\n" + partsHelp(k.Streams),
		Args:        partArgs(names),
		Annotations: map[string]string{annotationParts: strings.Join(names, " ")},
	}
	cmd.ValidArgsFunction = a.completePart(k, names)
	cmd.Flags().StringVar(&after, "after", "", "id of the event after which to begin")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		part := partOf(k.Streams, args[1:])
		id, err := a.resolve(cmd.Context(), k, args[0])
		if err != nil {
			return err
		}
		objects, err := a.objects(k)
		if err != nil {
			return err
		}
		lines := json.NewEncoder(a.streams.Out)
		lines.SetEscapeHTML(false)
		for event, err := range objects.Watch(cmd.Context(), id, part.Name, after) {
			if err != nil {
				return about(args[0], err)
			}
			if err := lines.Encode(map[string]any{"id": event.ID, "type": event.Type, "data": event.Data}); err != nil {
				return err
			}
		}
		return nil
	}
	return cmd
}

// fileName makes the name of a file in this folder of what a server calls something; "" if nothing is left of it.
func fileName(name string) string {
	name = name[strings.LastIndexAny(name, `/\:`)+1:]
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || !unicode.IsGraphic(r) {
			return -1
		}
		return r
	}, name)
	return strings.TrimLeft(strings.TrimSpace(name), ".-~")
}

// vacant fails where there is a file of that name already.
func vacant(file string) error {
	_, err := os.Lstat(file)
	switch {
	case err == nil:
		return &usageError{fmt.Errorf("%s is there already: --force replaces it", file)}
	case errors.Is(err, fs.ErrNotExist):
		return nil
	}
	return err
}

// keep writes all of it to a file, or none.
func keep(file string, from io.Reader, replace bool) (size int64, err error) {
	part, err := os.CreateTemp(filepath.Dir(file), ".demarc-*")
	if err != nil {
		return 0, err
	}
	defer os.Remove(part.Name())
	size, err = io.Copy(part, from)
	if err == nil {
		err = part.Sync()
	}
	if err = errors.Join(err, part.Close()); err != nil {
		return size, err
	}
	if replace {
		return size, os.Rename(part.Name(), file)
	}
	if err := vacant(file); err != nil {
		return size, err
	}
	// Of two who come at once, a link lets one have the name.
	if err := os.Link(part.Name(), file); err == nil || errors.Is(err, fs.ErrExist) {
		return size, err
	}
	return size, os.Rename(part.Name(), file) // a file system without links
}
