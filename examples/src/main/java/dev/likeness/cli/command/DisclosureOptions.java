package dev.likeness.cli.command;

import dev.likeness.provenance.Disclosure;
import picocli.CommandLine.Option;

/** How written pictures say that they were generated. */
final class DisclosureOptions {
  @Option(
      names = "--label",
      paramLabel = "TEXT",
      description = "words to see in the pictures, such as AI-generated")
  private String label;

  Disclosure disclosure(SigningOptions signing) {
    Disclosure standard = Disclosure.standard();
    Disclosure disclosure = signing.identity().map(standard::signedBy).orElse(standard);
    return label == null ? disclosure : disclosure.label(label);
  }
}
