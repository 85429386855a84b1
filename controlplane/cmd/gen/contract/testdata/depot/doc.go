// Package depot is a small server for the generator's tests: three kinds that use every trait.
//
//	@title		Depot
//	@version	2.5
//	@BasePath	/api/v1
package depot
