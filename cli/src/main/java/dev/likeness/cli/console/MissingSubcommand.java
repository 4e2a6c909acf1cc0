package dev.likeness.cli.console;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** The error of a command line that names no subcommand of a command that only has subcommands. */
public final class MissingSubcommand {
  private MissingSubcommand() {}

  /** Returns the error, which lists the subcommands. */
  public static ParameterException of(CommandSpec command) {
    return new ParameterException(
        command.commandLine(),
        "no subcommand given; give one of "
            + String.join(", ", command.subcommands().keySet()));
  }
}
