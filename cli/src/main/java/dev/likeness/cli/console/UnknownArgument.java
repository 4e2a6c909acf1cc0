package dev.likeness.cli.console;

import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.schedulers.internal.ClosestNames;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Explains an argument that a command does not know: an option, a subcommand or a further word. */
public final class UnknownArgument {
  private static final int SUGGESTED = 3;

  private UnknownArgument() {}

  /** Returns the explanation of an error; empty if it has another cause. */
  public static Optional<String> explain(ParameterException wrong) {
    if (!(wrong instanceof UnmatchedArgumentException unmatched)
        || unmatched.getUnmatched().isEmpty()) {
      return Optional.empty();
    }
    CommandSpec command = wrong.getCommandLine().getCommandSpec();
    String given = unmatched.getUnmatched().get(0);
    if (unmatched.isUnknownOption()) {
      return Optional.of(option(command, given));
    }
    return Optional.of(
        command.subcommands().isEmpty()
            ? "unexpected argument " + Quoted.of(given)
                + "; quote a value that has spaces, and give each value behind its option"
            : "unknown command " + Quoted.of(given)
                + closest(given, command.subcommands().keySet().stream())
                    .orElseGet(() ->
                        "; known: " + String.join(", ", command.subcommands().keySet())));
  }

  /** Returns the explanation of an unknown option, with the options of the command like it. */
  public static String option(CommandSpec command, String given) {
    int value = given.indexOf('=');
    String name = value < 0 ? given : given.substring(0, value);
    return "unknown option " + Quoted.of(name)
        + closest(
                name,
                command.options().stream()
                    .filter(option -> !option.hidden())
                    .flatMap(option -> Stream.of(option.names()))
                    .filter(each -> each.startsWith("--")))
            .orElse("");
  }

  private static Optional<String> closest(String given, Stream<String> names) {
    List<String> similar = ClosestNames.similar(given, names, SUGGESTED);
    return similar.isEmpty()
        ? Optional.empty()
        : Optional.of("; closest: " + String.join(", ", similar));
  }
}
