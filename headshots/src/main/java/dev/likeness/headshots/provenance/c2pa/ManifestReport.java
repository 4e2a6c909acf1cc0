package dev.likeness.headshots.provenance.c2pa;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a file's content credentials say, and whether they hold.
 *
 * @param state what it comes to
 * @param active the label of the manifest that speaks for the file
 * @param generator the program that made the claim
 * @param actions what was done, in order
 * @param signer who signed
 * @param findings what was found about the file and its manifest
 * @param ingredients what was found about the pictures that went into it, beyond what is on record
 */
public record ManifestReport(State state, String active, String generator, List<Action> actions,
    Optional<Signer> signer, List<Finding> findings, List<Finding> ingredients) {
  /** What the findings come to. */
  public enum State {
    /** Cannot be read, or something does not match: the file or its manifest was altered. */
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
  public record Action(String name, String sourceType) { }

  /**
   * Who signed.
   *
   * @param name the organisation in the certificate, or else its common name
   * @param algorithm such as {@code ES256}
   */
  public record Signer(String name, String algorithm) { }

  public ManifestReport {
    actions = List.copyOf(actions);
    findings = List.copyOf(findings);
    ingredients = List.copyOf(ingredients);
  }

  static ManifestReport unreadable(String code) {
    return new ManifestReport(State.INVALID, "", "", List.of(), Optional.empty(),
        List.of(new Finding(code, "", Finding.Kind.FAILURE)), List.of());
  }

  /** The codes of what does not match; an unknown signer is not among them. */
  public List<String> faults() {
    return Stream.concat(findings.stream(), ingredients.stream()).filter(ManifestReport::isFault)
        .map(Finding::code).distinct().toList();
  }

  static boolean isFault(Finding finding) {
    return finding.kind() == Finding.Kind.FAILURE && !finding.code().equals("signingCredential.untrusted");
  }
}
