package dev.likeness.cli.command;

import dev.likeness.photos.embed.UsePolicy;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The option that refuses models that may not be used commercially. */
@Command(optionListHeading = "Base model and device")
final class CommercialOption {
  /** The name of the option. */
  static final String NAME = "--commercial";

  @Option(
      names = NAME,
      description = "refuses bases and other models whose licence forbids commercial use")
  private boolean commercial;

  /** Returns the accepted licences. */
  UsePolicy policy() {
    return UsePolicy.of(commercial);
  }
}
