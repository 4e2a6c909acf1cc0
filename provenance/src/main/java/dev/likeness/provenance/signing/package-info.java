/**
 * Who signs: certificates and keys, the application's own or the library's development certificate.
 */
package dev.likeness.provenance.signing;
