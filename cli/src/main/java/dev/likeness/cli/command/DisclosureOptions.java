package dev.likeness.cli.command;

import dev.likeness.provenance.Disclosure;
import dev.likeness.provenance.signing.SigningIdentity;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** How written images say that they were generated. */
final class DisclosureOptions {
  @Option(
      names = "--label",
      paramLabel = "TEXT",
      description = "words to see in the images, such as AI-generated")
  private String label;

  Disclosure disclosure(SigningOptions signing) {
    Disclosure standard = Disclosure.standard();
    Disclosure disclosure = signing.identity().map(standard::signer).orElse(standard);
    return label == null ? disclosure : disclosure.label(label);
  }

  /** Who signs the images that are written and the receipts of erasures. */
  static final class SigningOptions {
    @Option(
        names = "--sign-key",
        paramLabel = "PEM",
        description =
            "your private key, to sign images' content credentials and receipts "
                + "of erasures with (default: a development key, which everybody has: what it signs proves nothing about who drew or erased)")
    private Path key;

    @Option(
        names = "--sign-certificate",
        paramLabel = "PEM",
        description = "your certificate and those that vouch for it")
    private Path certificate;

    boolean isGiven() {
      if ((key == null) != (certificate == null)) {
        throw new IllegalArgumentException(
            "--sign-key and --sign-certificate go together; give both or neither");
      }
      return key != null;
    }

    /** The user's own; empty for the development certificate. */
    Optional<SigningIdentity> identity() {
      return isGiven() ? Optional.of(SigningIdentity.open(key, certificate)) : Optional.empty();
    }
  }
}
