/**
 * Content credentials (C2PA technical specification 2.1): manifests as JUMBF boxes (ISO/IEC
 * 19566-5) of CBOR, signed by COSE (RFC 9052). {@link dev.likeness.provenance.c2pa.ManifestWriter}
 * puts one into a file, {@link dev.likeness.provenance.c2pa.ManifestReader} judges those it finds.
 */
package dev.likeness.provenance.c2pa;
