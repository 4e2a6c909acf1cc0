package dev.likeness.provenance.c2pa;

/**
 * One thing that a check of a manifest brought to light.
 *
 * @param code C2PA's word for it (specification 2.1, 15.2), such as
 *     {@code assertion.dataHash.mismatch}
 * @param url what it is about, as a JUMBF address
 * @param kind how much it matters
 */
public record Finding(String code, String url, Kind kind) {
  /** How much a finding matters. */
  public enum Kind {
    SUCCESS,
    INFORMATIONAL,
    FAILURE
  }
}
