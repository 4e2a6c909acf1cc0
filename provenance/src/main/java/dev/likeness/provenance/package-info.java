/**
 * Saying of a picture that it was generated. {@link dev.likeness.provenance.Disclosure} writes
 * pictures that say so in three ways (XMP, a signed C2PA manifest, an invisible watermark);
 * {@link dev.likeness.provenance.Provenance} says what a file carries and whether it was altered.
 */
package dev.likeness.provenance;
