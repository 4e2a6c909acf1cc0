package dev.likeness.cli.command;

import dev.likeness.cli.paths.PathUse;
import dev.likeness.cli.paths.PathUse.Use;
import dev.likeness.provenance.Disclosure;
import dev.likeness.provenance.signing.SigningIdentity;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options that mark written images as generated. */
@Command(optionListHeading = "Output")
final class DisclosureOptions {
  @Option(
      names = "--label",
      paramLabel = "TEXT",
      description = "visible text in the images, such as AI-generated")
  private String label;

  Disclosure disclosure(SigningOptions signing) {
    Disclosure standard = Disclosure.standard();
    Disclosure disclosure = signing.identity().map(standard::signer).orElse(standard);
    return label == null ? disclosure : disclosure.label(label);
  }

  /** The options for the signer of written images and of erasure receipts. */
  @Command(optionListHeading = "Output")
  static final class SigningOptions {
    @PathUse(Use.READ)
    @Option(
        names = "--sign-key",
        paramLabel = "PEM",
        description = "your private key: signs the content credentials of images, and with --store "
            + "erasure receipts (default: a public development key, which proves nothing about "
            + "the signer)")
    private Path key;

    @PathUse(Use.READ)
    @Option(
        names = "--sign-certificate",
        paramLabel = "PEM",
        description = "your certificate, followed by the certificates of its issuers")
    private Path certificate;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    private final PrivateKeyFile keyFile = new PrivateKeyFile();

    boolean isGiven() {
      if ((key == null) != (certificate == null)) {
        throw new IllegalArgumentException(
            "--sign-key and --sign-certificate belong together; give both or neither");
      }
      return key != null;
    }

    /**
     * Returns the user's signing identity; empty for the development certificate. Warns of a key
     * that other users can read.
     */
    Optional<SigningIdentity> identity() {
      if (!isGiven()) {
        return Optional.empty();
      }
      keyFile.warnIfShared(key, spec.commandLine().getErr());
      return Optional.of(SigningIdentity.open(key, certificate));
    }
  }
}
