package dev.likeness.examples.command;

import dev.likeness.headshots.provenance.Disclosure;
import dev.likeness.headshots.provenance.signing.SigningIdentity;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** How written pictures say that they were generated. */
final class DisclosureOptions {
  @Option(names = "--sign-key", paramLabel = "PEM", description = "your private key, to sign the content credentials "
      + "with (default: a development certificate, which nobody trusts)")
  private Path key;

  @Option(names = "--sign-certificate", paramLabel = "PEM", description = "your certificate and those that vouch for it")
  private Path certificate;

  @Option(names = "--label", paramLabel = "TEXT", description = "words to see in the pictures, such as AI-generated")
  private String label;

  Disclosure disclosure() {
    if ((key == null) != (certificate == null)) {
      throw new IllegalArgumentException("--sign-key and --sign-certificate go together; give both or neither");
    }
    Disclosure disclosure = Disclosure.standard();
    if (key != null) {
      disclosure = disclosure.signedBy(SigningIdentity.open(key, certificate));
    }
    return label == null ? disclosure : disclosure.label(label);
  }
}
