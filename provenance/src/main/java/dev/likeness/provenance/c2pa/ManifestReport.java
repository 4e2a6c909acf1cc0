package dev.likeness.provenance.c2pa;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The content credentials of a file and their validation.
 *
 * @param state the result of the validation
 * @param activeManifest the label of the active (last) manifest; empty if it cannot be read
 * @param generator name of the program that made the claim; empty if the claim names no program
 * @param actions the recorded actions, in order
 * @param signer the signer; empty if the manifest has no readable signature
 * @param findings the findings about the file and its manifest
 * @param ingredients findings about the ingredients: the images from which this image was made.
 *     Failures that this image's manifest already records are left out
 */
public record ManifestReport(
    State state,
    String activeManifest,
    String generator,
    List<Action> actions,
    Optional<Signer> signer,
    List<Finding> findings,
    List<Finding> ingredients) {
  /** The result of a validation. */
  public enum State {
    /**
     * A check failed, other than the check whether the signer is trusted. For example, the manifest
     * cannot be read, a hash does not match, or the certificate is not valid.
     */
    INVALID,
    /** Hashes and signatures match, but no trust anchor confirms the signer. */
    VALID,
    /** Hashes and signatures match, and a trust anchor confirms the signer. */
    TRUSTED
  }

  /**
   * A recorded action.
   *
   * @param name the C2PA name, such as {@code c2pa.created}
   * @param sourceType the IPTC URL of the digital source type; empty if the action has none
   */
  public record Action(String name, String sourceType) {}

  /**
   * The signer of a manifest.
   *
   * @param name the organisation in the certificate. If the certificate has no organisation, the
   *     common name; without a common name, the whole subject
   * @param algorithm name of the signature algorithm, such as {@code ES256}, or {@code unknown}
   * @param validFrom start of the certificate's validity
   * @param validUntil end of the certificate's validity
   */
  public record Signer(String name, String algorithm, Instant validFrom, Instant validUntil) {}

  static final String EXPIRED = "signingCredential.expired";
  static final String WEAK = "signingCredential.invalid";
  static final String EXCLUSIONS = "assertion.dataHash.additionalExclusionsPresent";

  /** Copies the lists. */
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

  /**
   * Returns the codes of failed checks, without the code of an untrusted signer.
   *
   * @return C2PA status codes without repetition
   */
  public List<String> faults() {
    return Stream.concat(findings.stream(), ingredients.stream())
        .filter(ManifestReport::isFault)
        .map(Finding::code)
        .distinct()
        .toList();
  }

  /**
   * Reports whether the file or its manifest may have been altered. In C2PA an expired certificate
   * makes a manifest invalid, but expiry is no alteration. A weak key or digest counts as an
   * alteration, because it would allow unnoticed changes.
   *
   * @return true if a check failed for a reason other than an expired certificate or an untrusted
   *     signer
   */
  public boolean isAltered() {
    return faults().stream().anyMatch(code -> !code.equals(EXPIRED));
  }

  /**
   * Reports whether the certificate of a signer has expired. A certificate counts as expired if it
   * is not valid now, and no time stamp proves that it was valid at signing. For a trusted signer,
   * only the time stamp of a trusted authority counts.
   *
   * @return true if the certificate of the signer or of an ingredient's signer has expired
   */
  public boolean isExpired() {
    return faults().contains(EXPIRED);
  }

  /**
   * Reports whether the only fault, apart from expired certificates, is a weak key or digest, such
   * as an RSA key of 1024 bits or SHA-1.
   *
   * @return true if a key or digest is too weak, and every other failed check concerns an expired
   *     certificate or an untrusted signer
   */
  public boolean isWeak() {
    return faults().contains(WEAK)
        && faults().stream().allMatch(code -> code.equals(WEAK) || code.equals(EXPIRED));
  }

  /** {@return the result of the validation as one line of text} */
  public String verdict() {
    return switch (state) {
      case TRUSTED -> wholeText() + ", from a trusted signer";
      case VALID -> wholeText() + ", from a signer that no trust anchor confirms";
      case INVALID ->
        isWeak()
            ? "signed with a key or digest too weak to trust"
            : isAltered()
                ? "altered or broken: " + String.join(", ", faults())
                : wholeText() + ", but " + expiryText();
    };
  }

  private String wholeText() {
    return findings.stream().anyMatch(finding -> finding.code().equals(EXCLUSIONS))
        ? "unchanged, except for metadata that the signature does not cover"
        : "unchanged";
  }

  private String expiryText() {
    boolean own = findings.stream().anyMatch(finding -> finding.code().equals(EXPIRED));
    String whose = signer
        .filter(any -> own)
        .map(ManifestReport::expiryText)
        .orElse("the certificate of an ingredient's signer expired");
    return whose + ", and no trusted time stamp shows when the signature was made";
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
   * A finding of a validation.
   *
   * @param code the C2PA status code (specification 2.1, section 15.2), such as
   *     {@code assertion.dataHash.mismatch}
   * @param url the JUMBF URL of the checked object; may be empty
   * @param kind success, information or failure
   */
  public record Finding(String code, String url, Kind kind) {
    /** The severity of a finding. */
    public enum Kind {
      /** A check passed. */
      SUCCESS,
      /** A remark that does not make the manifest invalid. */
      INFORMATIONAL,
      /** A check failed. */
      FAILURE
    }
  }

  /** Collects findings during a validation. */
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
