package dev.likeness.cli.command;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The option that lets a command replace existing files. */
@Command(optionListHeading = "Output")
final class OverwriteOption {
  @Option(
      names = "--overwrite",
      description = "replaces existing result files. Without this option, a command never replaces "
          + "a file. Files that the command reads are never replaced")
  private boolean isGiven;

  boolean isGiven() {
    return isGiven;
  }
}
