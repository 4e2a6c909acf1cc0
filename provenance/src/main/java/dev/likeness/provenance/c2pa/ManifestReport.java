package dev.likeness.provenance.c2pa;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a file's content credentials say, and whether they hold.
 *
 * @param state what it comes to
 * @param activeManifest the label of the manifest that speaks for the file
 * @param generator the program that made the claim
 * @param actions what was done, in order
 * @param signer who signed
 * @param findings what was found about the file and its manifest
 * @param ingredients what was found about the images that went into it, beyond what is on record
 */
public record ManifestReport(
    State state,
    String activeManifest,
    String generator,
    List<Action> actions,
    Optional<Signer> signer,
    List<Finding> findings,
    List<Finding> ingredients) {
  /** What the findings come to. */
  public enum State {
    /**
     * Cannot be read, something does not match, or nothing tells that a certificate was valid when
     * it signed.
     */
    INVALID,
    /** Everything matches; whether to believe the signer is for the reader to decide. */
    VALID,
    /** Everything matches, and a trusted authority vouches for the signer. */
    TRUSTED
  }

  /**
   * Something that was done.
   *
   * @param name such as {@code c2pa.created}
   * @param sourceType IPTC's address of where the content came from; empty when it is not said
   */
  public record Action(String name, String sourceType) {}

  /**
   * Who signed.
   *
   * @param name the organisation in the certificate, or else its common name
   * @param algorithm such as {@code ES256}
   * @param validFrom when the certificate began to be valid
   * @param validUntil when it expires or did
   */
  public record Signer(String name, String algorithm, Instant validFrom, Instant validUntil) {}

  static final String EXPIRED = "signingCredential.expired";

  public ManifestReport {
    actions = List.copyOf(actions);
    findings = List.copyOf(findings);
    ingredients = List.copyOf(ingredients);
  }

  static ManifestReport unreadable(String code) {
    return new ManifestReport(
        State.INVALID,
        "",
        "",
        List.of(),
        Optional.empty(),
        List.of(new Finding(code, "", Finding.Kind.FAILURE)),
        List.of());
  }

  /** The codes of what does not match; an unknown signer is not among them. */
  public List<String> faults() {
    return Stream.concat(findings.stream(), ingredients.stream())
        .filter(ManifestReport::isFault)
        .map(Finding::code)
        .distinct()
        .toList();
  }

  /**
   * Whether something does not match or cannot be read. That a certificate has expired, of which
   * C2PA makes an invalid manifest, alters nothing.
   */
  public boolean isAltered() {
    return faults().stream().anyMatch(code -> !code.equals(EXPIRED));
  }

  /**
   * Whether the certificate of who signed, or of who signed an ingredient, is not valid now, and no
   * time stamp tells that it was when it signed.
   */
  public boolean isExpired() {
    return faults().contains(EXPIRED);
  }

  /** What it comes to, in words. */
  public String verdict() {
    return switch (state) {
      case TRUSTED -> "whole, from a trusted signer";
      case VALID -> "whole, from a signer that nobody here vouches for";
      case INVALID ->
        isAltered()
            ? "altered or broken: " + String.join(", ", faults())
            : "whole, but " + expiryText();
    };
  }

  private String expiryText() {
    boolean own = findings.stream().anyMatch(finding -> finding.code().equals(EXPIRED));
    String whose = signer
        .filter(any -> own)
        .map(ManifestReport::expiryText)
        .orElse("the certificate of who signed an image that went into it expired");
    return whose + ", and nothing vouches for when it signed";
  }

  private static String expiryText(Signer signer) {
    return "its signer's certificate "
        + (Instant.now().isBefore(signer.validFrom)
            ? "is not valid before " + signer.validFrom
            : "expired on " + signer.validUntil);
  }

  static boolean isFault(Finding finding) {
    return finding.kind() == Finding.Kind.FAILURE
        && !finding.code().equals("signingCredential.untrusted");
  }

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

  /** Findings as they are made. */
  static final class Findings {
    private final List<Finding> all = new ArrayList<>();

    void success(String code, String url) {
      all.add(new Finding(code, url, Finding.Kind.SUCCESS));
    }

    void informational(String code, String url) {
      all.add(new Finding(code, url, Finding.Kind.INFORMATIONAL));
    }

    void failure(String code, String url) {
      all.add(new Finding(code, url, Finding.Kind.FAILURE));
    }

    void add(Finding finding) {
      all.add(finding);
    }

    List<Finding> all() {
      return List.copyOf(all);
    }
  }
}
