package contract
import "testing"
func TestZ(t *testing.T){ _,err:=Make(tree(t,"lossy")); t.Log(err)}
