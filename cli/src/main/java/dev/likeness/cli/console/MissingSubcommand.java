package dev.likeness.cli.console;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** The error of a command line that names no subcommand of a command that only has subcommands. */
public final class MissingSubcommand extends ParameterException {
  private static final long serialVersionUID = 1L;

  private MissingSubcommand(CommandSpec command) {
    super(
        command.commandLine(),
        "no subcommand given; give one of "
            + String.join(", ", command.subcommands().keySet()));
  }

  /** Returns the error, which lists the subcommands. */
  public static MissingSubcommand of(CommandSpec command) {
    return new MissingSubcommand(command);
  }
}
